"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError


def psnr(a: NDArray[Any], b: NDArray[Any], *, border: int = 0, peak: float | None = None) -> float:
    """Peak signal-to-noise ratio of two images in dB; infinite for equal ones, higher is better.

    Args:
        a: `[H, W]` or `[H, W, C]`.
        b: of the same shape and type.
        border: rows and columns left out on each side; published tables leave out as many as the scale.
        peak: the largest value a pixel can have; None takes 255 for uint8 and 65535 for uint16.

    Raises:
        UsageError: the images do not fit each other, or are of floating point and `peak` is not given.

    Example:
        >>> round(psnr(np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)), 6)
        0.0
        >>> round(psnr(np.zeros((4, 4), np.uint8), np.full((4, 4), 1, np.uint8)), 2)
        48.13
    """
    a, b, peak = comparable(a, b, border, peak)
    error = float(np.mean(np.square(a - b)))
    return 10 * math.log10(peak**2 / error) if error else math.inf


def comparable(
    a: NDArray[Any], b: NDArray[Any], border: int, peak: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Both images as float64 without their border, and the peak.

    Raises:
        UsageError: as for `psnr`.
    """
    if a.shape != b.shape or a.dtype != b.dtype:
        raise UsageError(f"two images of one shape and type are needed, got {_kind(a)} and {_kind(b)}")
    if border < 0 or 2 * border >= min(a.shape[:2]):
        raise UsageError(f"border must leave pixels of an image of {_kind(a)}, got {border}")
    if peak is None:
        if not np.issubdtype(a.dtype, np.unsignedinteger):
            raise UsageError(f"peak must be given for images of {a.dtype}: 1 for [0, 1], 255 for luma")
        peak = float(np.iinfo(a.dtype).max)
    window = slice(border, -border or None)
    return a[window, window].astype(np.float64), b[window, window].astype(np.float64), peak


def _kind(image: NDArray[Any]) -> str:
    return f"{' x '.join(map(str, image.shape))} {image.dtype}"
