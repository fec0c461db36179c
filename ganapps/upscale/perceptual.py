"""How different two pictures look to a network trained to recognise things."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..features.efficientnet import EfficientNetLite0Features

_STAGES = 4
"""Strides 2 to 16; what lies deeper says what a picture shows, and that is known already."""


class PerceptualDistance(nn.Module):
    """Mean squared distance of unit-length features, summed over resolutions.

    Feature vectors are scaled to length 1 at every position before they are compared, as LPIPS does
    (Zhang et al. 2018, arXiv 1801.03924, eq. 1, with all channels weighted alike). EfficientNet-Lite0 is used
    for training only, so that the metrics that judge the result, on other networks, stay honest.

    Shape: two image batches `[N, 3, H, W]` in [0, 1] to a scalar in [0, 4 * stages]. Gradients reach the
    first only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = EfficientNetLite0Features("an adversarial upscaling recipe", depth=_STAGES)

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self._unit_features(real)
        return torch.stack(
            [
                (ours - theirs).square().sum(1).mean()
                for ours, theirs in zip(self._unit_features(fake), wanted, strict=True)
            ]
        ).sum()

    def _unit_features(self, images: Tensor) -> list[Tensor]:
        features = self.features(images)
        return [f / (f.square().sum(1, keepdim=True) + 1e-8).sqrt() for f in features]
