"""The conditional game: a generator that draws what a label names, a discriminator that knows the label."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ...adversarial import R1, R2, RELATIVISTIC_PAIRING, Critic, DiffAugment, Game, Losses, Match, transition
from ...errors import UsageError
from .networks import Architecture, Discriminator, Generator
from .projected import ProjectedDiscriminator

GAMMA = 1.0
"""Weight of both gradient penalties."""
CONDITIONAL_AT = 0.3
"""Share of the budget from which on labels count in full. After 24,000 images of clothes, 25 a class, 84 %
of what was made showed what was asked for, to a classifier that knows 600 a class, and 77 % where they
counted at once."""
PLAIN, PROJECTED = "plain", "projected"
DISCRIMINATORS = (PLAIN, PROJECTED)
"""Names of what may judge."""


class Labelled(NamedTuple):
    """A batch of real images."""

    images: Tensor
    """uint8 `[N, C, H, W]`"""
    labels: Tensor
    """int64 `[N]`"""


class LabelledGame(Game):
    """Relativistic pairing with R1 and R2 (Huang et al. 2025, arXiv 2501.05441, eq. 2 to 4) under
    DiffAugment.

    Each generated image is judged against a real one of the same label. Pairing keeps modes that a plain
    objective drops, which matters most where images are few. At first both players pay no heed to labels and
    then more and more: what classes have in common is learnt from the images of all (Shahbazi et al. 2022,
    arXiv 2201.06578, section 4).
    """

    generator: Generator
    discriminator: Discriminator | ProjectedDiscriminator

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(Generator(architecture), Discriminator(architecture))
        self.match = _match(DiffAugment())

    def discriminator_losses(self, batch: Labelled) -> Losses:
        return self.match.discriminator_losses(self._critic(batch), self._real(batch), self._fake(batch))

    def generator_losses(self, batch: Labelled) -> Losses:
        return self.match.generator_losses(self._critic(batch), self._real(batch), self._fake(batch))

    def _real(self, batch: Labelled) -> Tensor:
        return self._seen(signed(batch.images))

    def _fake(self, batch: Labelled) -> Tensor:
        latent = torch.randn(
            len(batch.labels), self.generator.architecture.latent, device=batch.labels.device
        )
        return self._seen(self.generator(latent, batch.labels, self._share))

    def _seen(self, images: Tensor) -> Tensor:
        """What of images `[N, C, H, W]` in [-1, 1] the match is played on."""
        return images

    def _critic(self, batch: Labelled) -> Critic:
        return partial(self.discriminator, label=batch.labels, share=self._share)

    @property
    def _share(self) -> float:
        """How much labels count by now, 0 to 1."""
        return transition(self.progress, start=0.0, end=CONDITIONAL_AT)


class ProjectedGame(LabelledGame):
    """The same game played on frozen pretrained features (Projected GAN, arXiv 2111.01007).

    Images are augmented and then projected; objective and penalties are those of the plain game, and both
    penalties are on the slope by projected images.
    """

    discriminator: ProjectedDiscriminator

    def __init__(self, architecture: Architecture) -> None:
        Game.__init__(self, Generator(architecture), ProjectedDiscriminator(architecture))
        self.match, self._augment = _match(None), DiffAugment()

    def _seen(self, images: Tensor) -> Tensor:
        projected: Tensor = self.discriminator.project(self._augment(images))
        return projected


def game_with(discriminator: str, architecture: Architecture) -> LabelledGame:
    """The game with a discriminator of that name.

    Raises:
        UsageError: there is none.
        DependencyError: the projected one's weights are not installed.
    """
    require_discriminator(discriminator)
    return ProjectedGame(architecture) if discriminator == PROJECTED else LabelledGame(architecture)


def require_discriminator(name: str) -> None:
    """Check that there is a discriminator of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in DISCRIMINATORS:
        raise UsageError(f"there is no discriminator {name!r}; discriminators: {', '.join(DISCRIMINATORS)}")


def _match(augment: DiffAugment | None) -> Match:
    return Match(objective=RELATIVISTIC_PAIRING, regularisers=[R1(GAMMA), R2(GAMMA)], augment=augment)


def signed(images: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return images.to(torch.float32) / 127.5 - 1
