"""How different two pictures look to a network trained to recognise things."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..features.frozen import Frozen
from ..features.trunks import Vgg16, fill, read_weights, unit_features

_STAGES = 4
"""Strides 1 to 8; what lies deeper says what a picture shows, and that is known already."""
WINDOW_PX = 48
"""Side of the windows that are compared: on a whole crop of 128 px the features would take three times as
long as all the rest, and another window every time says as much in the end."""


class PerceptualDistance(Frozen):
    """Mean squared distance of unit-length features, summed over resolutions, in one random window.

    Feature vectors are scaled to length 1 at every position before they are compared, as LPIPS does
    (Zhang et al. 2018, arXiv 1801.03924, eq. 1, with all channels weighted alike). The features are VGG16's,
    on which the perceptual losses of published upscalers stand (SRGAN, arXiv 1609.04802, section 2.2.1),
    without aliasing: a network that subsamples sees some pixels more than others, and dots come up where it
    does. A metric on VGG16 is partial to what was trained with it; one on another network is not.

    Args:
        shrink: how many times smaller the pictures are that are compared.

    Shape: two image batches `[N, 3, H, W]` in [0, 1] to a scalar in [0, 4 * stages]. Gradients reach the
    first only.

    Raises:
        DependencyError: the package with the pretrained weights is not installed.
    """

    def __init__(self, shrink: int = 1) -> None:
        super().__init__()
        self.shrink = shrink
        self.trunk = Vgg16(depth=_STAGES)
        fill(self.trunk, read_weights("vgg", job="an adversarial upscaling recipe", extra="train"))
        self.freeze()

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        fake, real = (avg_pool2d(images, self.shrink) for images in (fake, real))
        height, width = fake.shape[2:]
        top, left = (int(torch.randint(0, max(0, side - WINDOW_PX) + 1, ())) for side in (height, width))
        rows, columns = slice(top, top + WINDOW_PX), slice(left, left + WINDOW_PX)
        with torch.no_grad():
            wanted = unit_features(self.trunk, real[..., rows, columns])
        ours = unit_features(self.trunk, fake[..., rows, columns])
        return torch.stack(
            [(one - other).square().sum(1).mean() for one, other in zip(ours, wanted, strict=True)]
        ).sum()
