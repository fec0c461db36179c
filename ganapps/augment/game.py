"""The conditional game: a generator that draws what a label names, a discriminator that knows the label."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ..adversarial import R1, R2, RELATIVISTIC_PAIRING, Critic, DiffAugment, Game, Losses, Match
from .networks import Architecture, Discriminator, Generator

GAMMA = 1.0
"""Weight of both gradient penalties."""


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
    objective drops, which matters most where images are few.
    """

    generator: Generator
    discriminator: Discriminator

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(Generator(architecture), Discriminator(architecture))
        self.match = Match(
            objective=RELATIVISTIC_PAIRING, regularisers=[R1(GAMMA), R2(GAMMA)], augment=DiffAugment()
        )

    def discriminator_losses(self, batch: Labelled) -> Losses:
        return self.match.discriminator_losses(self._critic(batch), signed(batch.images), self._fake(batch))

    def generator_losses(self, batch: Labelled) -> Losses:
        return self.match.generator_losses(self._critic(batch), signed(batch.images), self._fake(batch))

    def _fake(self, batch: Labelled) -> Tensor:
        latent = torch.randn(
            len(batch.labels), self.generator.architecture.latent, device=batch.labels.device
        )
        fake: Tensor = self.generator(latent, batch.labels)
        return fake

    def _critic(self, batch: Labelled) -> Critic:
        return partial(self.discriminator, label=batch.labels)


def signed(images: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return images.to(torch.float32) / 127.5 - 1
