"""The brightness channel that published upscaling tables are computed on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

_BT601 = np.array([65.481, 128.553, 24.966])


def luma(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """Luma Y of ITU-R BT.601 as MATLAB's `rgb2ycbcr` gives it, `[H, W]` in [16, 235], not rounded.

    Args:
        rgb: `[H, W, 3]`, uint8 or uint16.

    Raises:
        UsageError: another shape or type.

    Example:
        >>> luma(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)).round(3).tolist()
        [[16.0, 235.0]]
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype not in (np.uint8, np.uint16):
        raise UsageError(f"luma needs [H, W, 3] of uint8 or uint16, got {list(rgb.shape)} of {rgb.dtype}")
    return 16 + rgb @ (_BT601 / np.iinfo(rgb.dtype).max)
