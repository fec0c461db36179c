"""How a game is played."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import UsageError
from .budget import Budget

ADAM, MUON = "adam", "muon"
OPTIMIZERS = (ADAM, MUON)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How the game is played. Budget, cadence and precision may change on resume, everything else may not."""

    budget: Budget
    batch_size: int
    """Images a batch that the source makes."""
    accumulate: int = 1
    """Batches a turn, whose gradients are averaged before the player moves; each device has as many."""
    learning_rate: float
    """Step size of the generator, at its peak."""
    discriminator_learning_rate: float | None = None
    """The same for the discriminator; None means as the generator's."""
    optimizer: str = ADAM
    """What moves the generator: "adam" or "muon", see `Muon`. A discriminator is moved by Adam."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Adam's decay rates."""
    warmup: float = 0.0
    """Share of the budget over which the rates rise from 0."""
    final_rate: float = 1.0
    """Factor that the rates have fallen to at the end; 1 means constant."""
    discriminator_steps: int = 1
    """Steps k of the discriminator for one of the generator."""
    clip: float | None = None
    """Largest norm of a player's gradient; None means off."""
    ema_half_life_images: float = 5_000.0
    """Half-life of the generator's average."""
    bf16: bool = False
    """Whether to run networks under bfloat16 autocast, see `prefers_bf16`."""
    channels_last: bool = False
    """Whether to keep weights in NHWC order, which suits convolutions on most devices; transposed ones were
    seen to be eight times slower with it on a CPU."""
    compile: bool = False
    """Whether the generator is compiled (torch.compile). The discriminator is not: a gradient penalty
    differentiates twice, which compiled code cannot."""
    guard: bool = True
    """Whether training acts on what it sees go wrong: rolls back, regularises more strongly, stops. A
    discriminator that wins, or a collapse, must last 10,000 images; with toy batches that is soon."""
    seed: int = 0
    report_every_sec: float = 5.0
    """0 reports before the first round and after every one."""
    checkpoint_every_sec: float = 120.0

    def __post_init__(self) -> None:
        above_0 = ("batch_size", "accumulate", "learning_rate", "discriminator_steps", "ema_half_life_images")
        for name in above_0:
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be above 0, got {getattr(self, name)}")
        if self.optimizer not in OPTIMIZERS:
            raise UsageError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {self.optimizer!r}")
        for name in ("discriminator_learning_rate", "clip"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be above 0 or None, got {value}")

    def fixed(self) -> dict[str, Any]:
        """The options that a resumed run must share with the run it continues, as JSON would keep them."""
        free = {"budget", "report_every_sec", "checkpoint_every_sec", "compile", "bf16"}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name not in free
        }

    @classmethod
    def neutral(cls, name: str) -> Any:
        """The default of an option: what a run had that was started when there was no such option."""
        return next(field.default for field in fields(cls) if field.name == name)
