"""Features for a linear classifier of small pictures: what a pretrained network sees, coarse and fine."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from .efficientnet import EfficientNetLite0Features

_SHORTER_PX = 96
"""Shorter side that images are enlarged to, for a network that was trained on 224. Measured with 25 images a
class: .80 of hands at 64 px, .86 at 96, at a third of the time of 128."""
_AT_ONCE = 64


class PooledFeatures(nn.Module):
    """Images `[N, C, H, W]` in [-1, 1], grey or RGB, to features `[N, 2224]` of EfficientNet-Lite0: means and
    maxima of the maps at its three coarsest resolutions, and what its own classifier sees.

    Args:
        job: what needs it, for the message when the weights are missing.

    Raises:
        DependencyError: the package with the weights is not installed.
    """

    length = 2 * sum(EfficientNetLite0Features.channels[2:]) + 1280

    def __init__(self, job: str) -> None:
        super().__init__()
        self.extractor = EfficientNetLite0Features(job)

    def forward(self, images: Tensor) -> Tensor:
        images = (images + 1) / 2
        if images.shape[1] == 1:
            images = torch.cat([images, images, images], dim=1)
        height, width = images.shape[2:]
        scale = _SHORTER_PX / min(height, width)
        if scale > 1:
            size = [round(height * scale), round(width * scale)]
            images = interpolate(images, size=size, mode="bilinear", align_corners=False)
        maps = self.extractor(images)
        last = torch.relu(self.extractor.head(maps[-1])).clamp_max(6).mean((2, 3))
        pooled = [summary for part in maps[2:] for summary in (part.mean((2, 3)), part.amax((2, 3)))]
        return torch.cat([*pooled, last], dim=1)

    @torch.no_grad()
    def of(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Features `[N, 2224]` of images as they are kept, uint8 `[N, H, W, C]`."""
        found = []
        for start in range(0, len(pixels), _AT_ONCE):
            part = torch.from_numpy(pixels[start : start + _AT_ONCE]).permute(0, 3, 1, 2)
            images = part.to(torch.float32) / 127.5 - 1
            found.append(self(images.contiguous(memory_format=torch.channels_last)))
        return torch.cat(found)
