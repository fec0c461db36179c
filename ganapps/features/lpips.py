"""Shift-tolerant LPIPS: how different two images look, as a trained network sees it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import UsageError
from .frozen import Frozen
from .trunks import AlexNet, Net, Vgg16, fill, read_weights, unit_features

_LEAST_PX = 32


class ShiftTolerantLpips(Frozen):
    """Perceptual distance of two batches of images; 0 for equal ones, about 0.1 to 0.4 for visible damage.

    Features of both images at five depths are scaled to length one at each position; squared differences are
    weighed by learned non-negative weights and averaged over positions (LPIPS, arXiv 1801.03924, equation 1;
    trunk and weights arXiv 2207.13686). Gradients flow to both images.

    Args:
        net: trunk: "vgg", or "alex", which takes a quarter of the time.
        job: what needs it, for the message when the weights are missing.

    Shape: two `[N, 3, H, W]` in [0, 1], sides at least 32, to `[N]`.

    Raises:
        DependencyError: the package `stlpips-pytorch` is not installed.
        UsageError: images under 32 px.
    """

    def __init__(self, net: Net = "vgg", job: str = "the perceptual distance") -> None:
        super().__init__()
        self.trunk: Vgg16 | AlexNet = Vgg16() if net == "vgg" else AlexNet()
        self.weights = nn.ParameterList(torch.empty(1, c, 1, 1) for c in self.trunk.channels)
        tensors = read_weights(net, job=job, extra="metrics")
        fill(self.trunk, tensors)
        with torch.no_grad():
            for depth, weight in enumerate(self.weights):
                weight.copy_(tensors[f"lin{depth}.model.1.weight"])
        self.freeze().to(memory_format=torch.channels_last)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.between(self.features(a), self.features(b))

    def features(self, images: Tensor) -> list[Tensor]:
        """Features of `[N, 3, H, W]` in [0, 1] at five depths, each of length one at every position."""
        if min(images.shape[2:]) < _LEAST_PX:
            size = " x ".join(map(str, images.shape[2:]))
            raise UsageError(
                f"the perceptual distance needs images of {_LEAST_PX} px on each side, got {size}"
            )
        return unit_features(self.trunk, images)

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Distances `[N]` of two results of `features`; the truth's need computing only once."""
        terms = [
            (weight * (one - other).square()).sum(1).mean((1, 2))
            for weight, one, other in zip(self.weights, a, b, strict=True)
        ]
        return torch.stack(terms).sum(0)
