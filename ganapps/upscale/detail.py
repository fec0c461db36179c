"""Where a picture has detail that is worth drawing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

WINDOW_PX = 7
"""Side of the window around a pixel."""
_GRAIN, _TEXTURE = 2 / 255, 6 / 255
"""Standard deviations around a pixel up to which it is grain, and from which on it is texture."""


def detail_share(real: Tensor) -> Tensor:
    """How much of each pixel is detail: 0 in flat areas, whatever their grain, to 1 in texture and at edges.

    Args:
        real: `[N, C, H, W]` in [0, 1], sides of at least 4.

    Returns:
        `[N, 1, H, W]`, without a gradient.
    """
    with torch.no_grad():
        deviation = local_variance(real.mean(1, keepdim=True)).sqrt()
        return ((deviation - _GRAIN) / (_TEXTURE - _GRAIN)).clamp(0, 1)


def local_variance(image: Tensor) -> Tensor:
    """Variance around each pixel of `[N, 1, H, W]`, sides of at least 4; the border is mirrored."""
    edge = WINDOW_PX // 2
    around = pad(image, (edge, edge, edge, edge), mode="reflect")
    mean, square = (avg_pool2d(x, WINDOW_PX, stride=1) for x in (around, around.square()))
    return (square - mean.square()).clamp_min(0)


def only_detail(fake: Tensor, real: Tensor) -> Tensor:
    """The enlarged picture where the truth has detail, and the truth elsewhere.

    Grain cannot be foreseen. A network that is asked for it draws what it can, a pattern that repeats, and a
    grid shows in skies and on skin; so nobody is asked for it. Flat areas are left to the pixel loss.

    Args:
        fake: `[N, C, H, W]`; gradients reach it where there is detail.
        real: the truth.
    """
    return torch.lerp(real, fake, detail_share(real))
