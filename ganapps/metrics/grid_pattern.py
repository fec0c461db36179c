"""Whether an enlarged picture shows the grid of the pixels that it was made from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..errors import UsageError

_FLAT_LEVELS = 3.0
"""A block is flat where none of its channels has a larger standard deviation, in grey levels."""
_LEAST_BLOCKS = 500
"""With fewer, noise of three levels moves a mean by more than a seventh of a level."""


def grid_pattern(larger: NDArray[np.uint8], high: NDArray[np.uint8], scale: int) -> float | None:
    """How far the positions inside a low-resolution pixel differ in flat areas, in grey levels of 255.

    The error of each of the `scale * scale` positions is averaged over all blocks of the original that are
    flat and lie among flat ones; texture, noise and slopes average out, what repeats from block to block
    stays. The largest difference between one position's mean and that of all positions is returned, over the
    channels.

    Args:
        larger: the enlarged picture, `[H, W, C]`.
        high: the original, of the same shape.
        scale: the enlargement, which is the period of the grid; H and W are multiples of it.

    Returns:
        None where fewer than 500 blocks are such.

    Raises:
        UsageError: the shapes do not fit each other, or the scale them.
    """
    height, width = high.shape[:2]
    if larger.shape != high.shape or high.ndim != 3 or height % scale or width % scale:
        shapes = f"{list(larger.shape)} and {list(high.shape)}"
        raise UsageError(f"two pictures of one shape are needed, multiples of {scale}, got {shapes}")
    truth = _blocks(high, scale)
    flat = (truth.std(axis=2) <= _FLAT_LEVELS).all(axis=2)
    # Beside an edge, its ringing has the same place in every block.
    inner = np.zeros_like(flat)
    if min(flat.shape) >= 3:
        inner[1:-1, 1:-1] = sliding_window_view(flat, (3, 3)).all(axis=(2, 3))
    if np.count_nonzero(inner) < _LEAST_BLOCKS:
        return None
    error = (_blocks(larger, scale)[inner] - truth[inner]).mean(axis=0)
    return float(np.abs(error - error.mean(axis=0)).max())


def _blocks(image: NDArray[np.uint8], scale: int) -> NDArray[Any]:
    """`[H, W, C]` to float32 `[H / scale, W / scale, positions, C]`."""
    height, width, channels = image.shape
    down, across = height // scale, width // scale
    split = image.reshape(down, scale, across, scale, channels).swapaxes(1, 2)
    return split.reshape(down, across, scale * scale, channels).astype(np.float32)
