"""How each shipped upscaler is trained: everything but the photographs and the budget."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..adversarial.options import ADAM, MUON
from ..errors import UsageError
from .degradations import CLEAN, MILD, STRONG, Profile


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One model's training. Weights of losses are neutral at 0."""

    name: str
    scale: int
    """Enlargement."""
    width: int
    """Channels of the generator."""
    blocks: int
    """Residual blocks of the generator."""
    low_px: int
    """Side of a training crop at low resolution."""
    batch_size: int
    learning_rate: float
    final_rate: float
    """Factor that the learning rate has fallen to at the end of the budget."""
    profile: Profile
    """How low-resolution crops come about."""
    pixel: float = 1.0
    """Weight of the mean absolute error, on the [0, 1] range."""
    perceptual: float = 0.0
    """Weight of the distance between pretrained features, see `PerceptualDistance`."""
    perceptual_shrink: int = 1
    """How many times smaller the pictures are that it compares: what is finer is not asked for."""
    grid: float = 0.0
    """Weight of the grid error, which keeps textures free of the tail's period."""
    artifacts: float = 0.0
    """Weight of the artifact error, which keeps an adversary's texture free of dots."""
    adversarial: float = 0.0
    """Weight of the generator's adversarial loss; 0 means there is no discriminator."""
    discriminator_width: int = 32
    """Channels of the discriminator's first layer."""
    discriminator_learning_rate: float = 1e-4
    optimizer: str = ADAM
    """Of the generator, see `TrainingOptions`."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Adam's decay rates, of both players."""
    ema_half_life_images: float = 10_000.0

    @property
    def high_px(self) -> int:
        """Side of a training crop at high resolution."""
        return self.low_px * self.scale


FIDELITY_X4 = Recipe(
    name="fidelity-x4",
    scale=4,
    width=48,
    blocks=6,
    low_px=40,
    batch_size=6,
    learning_rate=2e-3,
    final_rate=0.002,
    profile=CLEAN,
    optimizer=MUON,
)

# The perceptual loss does most of it, the adversary gives grain, the other two keep both clean. At four times
# the rate, what lies between it and fidelity-x4 has hatchings (weights/EXPERIMENTS.md).
PHOTO_X4 = Recipe(
    name="photo-x4",
    scale=4,
    width=48,
    blocks=6,
    low_px=32,
    batch_size=8,
    learning_rate=5e-5,
    final_rate=0.05,
    profile=MILD,
    optimizer=MUON,
    perceptual=0.1,
    grid=8.0,
    artifacts=50.0,
    adversarial=0.0015,
    discriminator_width=24,
    discriminator_learning_rate=4e-4,
    betas=(0.5, 0.99),
)

FIDELITY_X2 = replace(FIDELITY_X4, name="fidelity-x2", scale=2)
# A larger crop for the same work: at half the enlargement, an object covers twice as many pixels.
PHOTO_X2 = replace(PHOTO_X4, name="photo-x2", scale=2, low_px=48, batch_size=6)

# What restore-x4 starts from, and is blended with.
RESTORE_FIDELITY_X4 = replace(FIDELITY_X4, name="restore-fidelity-x4", profile=STRONG, learning_rate=5e-4)

# Under strong damage, nothing tells where texture is and of what kind: features of full resolution and an
# adversary ask for some everywhere, and a hatching is what comes. For a quarter of an hour: what is trained
# longer draws brush strokes (weights/EXPERIMENTS.md).
RESTORE_X4 = replace(
    PHOTO_X4,
    name="restore-x4",
    profile=STRONG,
    perceptual_shrink=2,
    grid=20.0,
    artifacts=0.0,
    adversarial=0.0,
)

# A quarter of the work: 3 blocks of width 32.
FAST_X4 = replace(FIDELITY_X4, name="fast-x4", width=32, blocks=3, low_px=32, batch_size=8)

RECIPES = (FIDELITY_X4, FIDELITY_X2, PHOTO_X4, PHOTO_X2, RESTORE_FIDELITY_X4, RESTORE_X4, FAST_X4)


def recipe_named(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none.

    Example:
        >>> recipe_named("fidelity-x4").scale
        4
    """
    for recipe in RECIPES:
        if recipe.name == name:
            return recipe
    raise UsageError(f"there is no recipe {name!r}; recipes: {', '.join(r.name for r in RECIPES)}")
