"""Where an enlarged picture is wrong in the way that adversaries make it wrong."""

from __future__ import annotations

import torch
from torch import Tensor

from .detail import WINDOW_PX, local_variance


def artifact_error(fake: Tensor, steady: Tensor, real: Tensor) -> Tensor:
    """The absolute error where it is erratic and larger than that of a steadier generator.

    "Details or Artifacts" (LDL, Liang et al. 2022, arXiv 2203.09195, section 3): texture that an adversary
    asks for differs from the truth everywhere alike, dots and wiggles differ here much and there little. The
    weight of a pixel is therefore the variance of the error around it, times the fifth root of that over the
    picture. A pixel that the averaged generator draws worse is one that training is improving, and weighs
    nothing.

    Args:
        fake: `[N, C, H, W]` in [0, 1], sides of at least 4.
        steady: the same by the averaged generator; no gradient reaches it.
        real: the truth.

    Returns:
        A scalar.
    """
    error = (fake - real).abs()
    with torch.no_grad():
        own, other = (e.sum(1, keepdim=True) for e in (error, (steady - real).abs()))
        weights = _erratic(own) * (own >= other)
    return (weights * error).mean()


def _erratic(error: Tensor) -> Tensor:
    """Local variances of `[N, 1, H, W]`, each times the fifth root of that of its picture."""
    num = WINDOW_PX**2
    local = local_variance(error) * (num / (num - 1))
    return local * error.var((1, 2, 3), keepdim=True) ** 0.2
