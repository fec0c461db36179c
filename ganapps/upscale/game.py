"""The upscaling game: a generator that enlarges, and a discriminator that tells it from the truth."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ..adversarial import RELATIVISTIC_PAIRING, Game, Losses, Match
from .artifacts import artifact_error
from .detail import only_detail
from .grid import grid_error
from .networks import PatchDiscriminator, UpscalingGenerator
from .recipes import Recipe


class Pair(NamedTuple):
    """A batch of crops at both resolutions, uint8."""

    low: Tensor
    """`[N, 3, h, w]`"""
    high: Tensor
    """`[N, 3, scale * h, scale * w]`"""


class UpscalingGame(Game):
    """Pixel loss, and where the recipe asks a perceptual loss and an adversary (SRGAN, arXiv 1609.04802).

    The adversary plays relativistic pairing: each enlarged crop is judged against its own original, so what
    is rewarded is detail that is missing, not detail as such.

    Args:
        recipe: widths and weights.
        perceptual: distance `(fake, real) -> scalar` of images in [0, 1]; needed where the recipe weighs one.
    """

    def __init__(self, recipe: Recipe, perceptual: nn.Module | None = None) -> None:
        adversary = PatchDiscriminator(recipe.discriminator_width) if recipe.adversarial else None
        super().__init__(UpscalingGenerator(recipe.width, recipe.blocks, recipe.scale), adversary)
        self.recipe = recipe
        self.match = Match(objective=RELATIVISTIC_PAIRING)
        # In a tuple, so that frozen features are no part of the game's own state.
        self._perceptual = (perceptual,)

    def generator_losses(self, batch: Pair) -> Losses:
        real, fake = _unit(batch.high), self.generator(_unit(batch.low))
        losses = {"pixel": self.recipe.pixel * l1_loss(fake, real)}
        if self.recipe.grid:
            losses["grid"] = self.recipe.grid * grid_error(fake, real, self.recipe.scale)
        if self.recipe.artifacts:
            with torch.no_grad():
                steady = self.average(_unit(batch.low))
            losses["artifacts"] = self.recipe.artifacts * artifact_error(fake, steady, real)
        (perceptual,) = self._perceptual
        if perceptual is None and self.discriminator is None:
            return losses
        real, fake = _judged(real, fake)
        if perceptual is not None:
            losses["perceptual"] = self.recipe.perceptual * perceptual(fake, real)
        if self.discriminator is not None:
            adversarial = self.match.generator_losses(self.discriminator, real, fake)["adversarial"]
            losses["adversarial"] = self.recipe.adversarial * adversarial
        return losses

    def discriminator_losses(self, batch: Pair) -> Losses:
        assert self.discriminator is not None  # the trainer asks only where there is one
        real, fake = _judged(_unit(batch.high), self.generator(_unit(batch.low)))
        return self.match.discriminator_losses(self.discriminator, real, fake)


def _unit(pixels: Tensor) -> Tensor:
    """uint8 to float32 in [0, 1]."""
    return pixels.to(torch.float32) / 255


_LARGEST_SHIFT_PX = 7
"""Strides of the judging networks multiply to 8 and more, so every phase of their grids is met."""


def _judged(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Both pictures as networks judge them: what has detail, without a random few rows and columns.

    Strided networks judge some pixels more than others, always the same ones; a generator whose output is
    laid out in blocks learns to please just those, and a grid shows. Here there is no fixed grid to please.
    """
    top, left = torch.randint(0, _LARGEST_SHIFT_PX + 1, (2,)).tolist()
    bottom, right = top - _LARGEST_SHIFT_PX - 1, left - _LARGEST_SHIFT_PX - 1
    fake = only_detail(fake, real)
    return real[..., top:bottom, left:right], fake[..., top:bottom, left:right]
