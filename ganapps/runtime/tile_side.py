"""How large a tile is where nobody says."""

from __future__ import annotations

import math

from . import memory

# A tile costs (side / (side - 2 * radius)) squared times the pixels it yields: 1.2 at 20 radii. Measured with
# 64 channels on one core: time per computed pixel is flat from 64 to 512 px (within a fifth), memory of the
# process 0.16 GB at 256 px and 0.36 GB at 512 px.
_RADII = 20
_SIDES_PX = (256, 512)
_LEAST_PX = 64
# Measured with 48 channels: 0.85 KB. Wider models take more, which halving finds out.
_BYTES_PER_PIXEL = 1024
_SHARE_OF_MEMORY = 4


def default_tile(radius: int) -> int:
    """The side of a tile, in pixels, that wastes little on overlap and needs little memory."""
    least, most = _SIDES_PX
    return max(min(max(least, _RADII * radius), most), 4 * radius)


def affordable_tile(radius: int, free_bytes: int | None = None) -> int:
    """The default side, or a smaller one where it would take more than a quarter of the free memory.

    Args:
        radius: of the model, in pixels.
        free_bytes: None asks the system.

    Example:
        >>> affordable_tile(14), affordable_tile(14, 40 << 20), affordable_tile(14, 0)
        (280, 101, 64)
    """
    free = memory.free_bytes() if free_bytes is None else free_bytes
    affordable = math.isqrt(free // _SHARE_OF_MEMORY // _BYTES_PER_PIXEL)
    return max(min(default_tile(radius), affordable), 4 * radius, _LEAST_PX)
