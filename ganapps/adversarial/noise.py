"""Noise on everything that the discriminator sees."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class InstanceNoise:
    """Adds Gaussian noise to real and generated images alike, so that their distributions overlap.

    Sonderby et al. 2017, arXiv 1610.04490, section 3; Arjovsky and Bottou 2017, arXiv 1701.04862, section 3.
    Use it as the `augment` of a match.

    Args:
        sigma: standard deviation on the images' scale, or a function that gives it, so that it can fade:
            `InstanceNoise(lambda: 0.2 * (1 - game.progress))`.
    """

    def __init__(self, sigma: float | Callable[[], float]) -> None:
        self.sigma = sigma

    def __call__(self, images: Tensor) -> Tensor:
        sigma = self.sigma() if callable(self.sigma) else self.sigma
        return images + sigma * torch.randn_like(images) if sigma > 0 else images
