"""The grid that sub-pixel convolution can leave, measured."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import avg_pool2d, pixel_unshuffle

WINDOW_PX = 4
"""Side of the averaged windows, in low-resolution pixels."""


def grid_error(fake: Tensor, real: Tensor, scale: int) -> Tensor:
    """How far the two pictures differ when each position inside a low-resolution pixel is averaged by itself.

    A PixelShuffle tail draws every `scale`-th pixel by its own filters. Under a perceptual or adversarial
    loss the same pattern may come out in every low-resolution pixel, and a grid shows (known from
    transposed convolution: Odena, "Deconvolution and Checkerboard Artifacts", 2016). Texture averages out
    over a window and is free to differ from the truth; a grid, and a colour shift, do not.

    The two are told apart before their sizes are taken: an absolute value passes on no more than a sign, and
    where damage cannot be undone, a shift many times as large would have its own way with it.

    Args:
        fake: `[N, C, H, W]`.
        real: the same shape; H and W multiples of `scale`.
        scale: the enlargement, which is the period of the grid.

    Returns:
        The mean absolute shift of windows, and that of positions from their window's, added up; a scalar.
    """
    phases = pixel_unshuffle(fake - real, scale)
    averages = avg_pool2d(phases, min(WINDOW_PX, *phases.shape[-2:]))
    averages = averages.reshape(len(fake), -1, scale**2, *averages.shape[-2:])
    shift: Tensor = averages.mean(2, keepdim=True)
    return shift.abs().mean() + (averages - shift).abs().mean()
