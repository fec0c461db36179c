"""Structural similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .psnr import comparable

_WINDOW_PX, _SIGMA_PX = 11, 1.5
_K1, _K2 = 0.01, 0.03


def ssim(a: NDArray[Any], b: NDArray[Any], *, border: int = 0, peak: float | None = None) -> float:
    """Mean structural similarity of two images, 1 for equal ones.

    A Gaussian window of 11 x 11 and sigma 1.5, only where it lies whole inside the image; channels are
    averaged. Source: Wang et al. 2004, "Image quality assessment: from error visibility to structural
    similarity", equation 13; published tables apply it to the luma.

    Args:
        a: `[H, W]` or `[H, W, C]`.
        b: of the same shape and type.
        border: rows and columns left out on each side.
        peak: the largest value a pixel can have; None takes 255 for uint8 and 65535 for uint16.

    Raises:
        UsageError: the images do not fit each other, are under 11 px without their border, or are of
            floating point and `peak` is not given.

    Example:
        >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
        >>> round(ssim(ramp, ramp), 6)
        1.0
    """
    a, b, peak = comparable(a, b, border, peak)
    if min(a.shape[:2]) < _WINDOW_PX:
        raise UsageError(f"ssim needs {_WINDOW_PX} px on each side, got {a.shape[0]} x {a.shape[1]}")
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a**2
    variance_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return float(np.mean(luminance * structure))


def _blur(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted means of all windows that lie inside: `[H - 10, W - 10]` or `[H - 10, W - 10, C]`."""
    offsets = np.arange(_WINDOW_PX) - _WINDOW_PX // 2
    weights = np.exp(-(offsets**2) / (2 * _SIGMA_PX**2))
    weights /= weights.sum()
    for axis in (0, 1):
        size = image.shape[axis] - _WINDOW_PX + 1
        shifted = (image.take(range(k, k + size), axis) for k in range(_WINDOW_PX))
        image = sum((w * part for w, part in zip(weights, shifted, strict=True)), np.zeros(()))
    return image
