"""How far the pixels of a network's result look, measured on the network itself."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

MOST_EXACT_PX = 64
"""Largest radius that exact tiles are made with: at more, tiles would be nearly all overlap."""
_MOST_PX = 448
_STRIP_PX = 16
_TOLERANCE = 1e-4


@torch.no_grad()
def measure_radius(network: nn.Module, scale: int) -> int | None:
    """The receptive radius in input pixels; None where it is over 447 or not bounded.

    A pixel that is not a number is put into a strip: whatever depends on it, however little, is no number
    either. So the reach is exact, where a change of the pixel would fade below the last bit.

    Args:
        network: `[N, 3, H, W]` to `[N, 3, sH, sW]`.
        scale: s.
    """
    reach = 0
    for shape in ((_STRIP_PX, 2 * _MOST_PX), (2 * _MOST_PX, _STRIP_PX)):
        image = torch.full((1, 3, *shape), 0.5)
        at = (shape[0] // 2, shape[1] // 2)
        image[0, :, at[0], at[1]] = torch.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's own, about its other settings
            # Fast transforms of convolutions mix neighbouring results.
            with torch.backends.mkldnn.flags(enabled=False):
                lost = torch.isnan(network(image))[0].any(0)
        axis = 1 if shape[1] > shape[0] else 0
        seen = lost.any(1 - axis).nonzero().flatten() // scale
        if not len(seen) or int(seen[0]) == 0 or int(seen[-1]) == shape[axis] - 1:
            return None
        reach = max(reach, at[axis] - int(seen[0]), int(seen[-1]) - at[axis])
    return reach


@torch.no_grad()
def is_shift_invariant(network: nn.Module, scale: int, radius: int) -> bool:
    """Whether a picture without its first row and column gives the same pixels, away from the border.

    Networks that fold pixels into channels or look through windows do not: their tiles depend on where the
    cut falls.

    Args:
        network: `[N, 3, H, W]` to `[N, 3, sH, sW]`.
        scale: s.
        radius: of the network, in input pixels.
    """
    side = 2 * radius + 16
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    try:
        whole, cut = network(image), network(image[:, :, 1:, 1:])
    except RuntimeError:  # an odd size is refused by what folds pixels into channels
        return False
    near, far = scale * (radius + 1), scale * (side - radius)
    inner: Tensor = whole[:, :, near:far, near:far]
    shifted = cut[:, :, near - scale : far - scale, near - scale : far - scale]
    return inner.shape == shifted.shape and torch.allclose(inner, shifted, atol=_TOLERANCE)
