"""Exponential moving average of a player's weights, which is what gets shipped.

Karras et al. 2018 (arXiv 1710.10196, section 6.1) average the generator; StyleGAN2-ADA states the decay
as a half-life in images and ramps it up, so that the average follows quickly at the start.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


class Ema:
    """The average of a network's parameters; buffers are copied as they are.

    The statistics of batch normalisation are therefore those of other weights. Whoever uses it lets the
    averaged network see some batches in training mode before it is used.

    A head that averages a network of its own keeps `network` as a submodule of its game, so that it is in the
    checkpoint, and calls `eval()` on it before use: the trainer puts the whole game in training mode.

    Args:
        network: the network to follow; `Ema.network` starts as its copy.
        half_life_images: after that many images a weight's part in the average has halved.
        ramp: the half-life is at most this share of the images seen so far.
    """

    def __init__(self, network: nn.Module, half_life_images: float, ramp: float = 0.05) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.half_life_images = half_life_images
        self.ramp = ramp

    def decay(self, batch_size: int, images_seen: int) -> float:
        """The share of the old average that is kept.

        Example:
            >>> ema = Ema(nn.Linear(1, 1), half_life_images=1000)
            >>> round(ema.decay(1000, images_seen=10**9), 3)
            0.5
            >>> ema.decay(10, images_seen=0)
            0.0
        """
        half_life = min(self.half_life_images, self.ramp * images_seen)
        return 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0

    @torch.no_grad()
    def update(self, network: nn.Module, batch_size: int, images_seen: int) -> None:
        """Take one step towards `network`."""
        weight = 1 - self.decay(batch_size, images_seen)
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), weight)
        for average, value in zip(self.network.buffers(), network.buffers(), strict=True):
            average.copy_(value)
