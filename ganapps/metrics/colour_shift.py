"""Whether enlarging a picture has changed its colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .bicubic import imresize


def colour_shift(larger: NDArray[np.uint8], low: NDArray[np.uint8]) -> float:
    """How far the mean of a channel moved, at most, in grey levels of 255; 0 for no shift.

    The enlarged picture is shrunk back by antialiased bicubic, which a faithful one survives unchanged.

    Args:
        larger: `[s * H, s * W, C]` with a whole number s.
        low: the picture that was enlarged, `[H, W, C]`.

    Raises:
        UsageError: the shapes do not fit each other.

    Example:
        >>> low = np.full((8, 8, 3), 100, np.uint8)
        >>> colour_shift(np.full((16, 16, 3), (100, 103, 99), np.uint8), low)
        3.0
    """
    scale = larger.shape[0] // low.shape[0]
    if larger.ndim != 3 or larger.shape != (scale * low.shape[0], scale * low.shape[1], *low.shape[2:]):
        shapes = f"{list(larger.shape)} and {list(low.shape)}"
        raise UsageError(f"a picture and one a whole number of times as large are needed, got {shapes}")
    small = imresize(larger, 1 / scale)
    return float(np.abs(small.mean((0, 1)) - low.mean((0, 1))).max())
