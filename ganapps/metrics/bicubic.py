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
    out = _along_rows(_floating(image), int(np.ceil(height * scale)), scale)
    return _as_kind(_along_columns(out, int(np.ceil(width * scale)), scale), image.dtype)


def imresize_to(image: NDArray[Sample], height: int, width: int) -> NDArray[Sample]:
    """`imresize` to a stated size in pixels; each side has a scale of its own.

    Example:
        >>> imresize_to(np.full((8, 8, 3), 7, np.uint8), 5, 11).shape
        (5, 11, 3)
    """
    down, across = height / image.shape[0], width / image.shape[1]
    out = _floating(image)
    # MATLAB works along the side that shrinks most first.
    if down <= across:
        out = _along_columns(_along_rows(out, height, down), width, across)
    else:
        out = _along_rows(_along_columns(out, width, across), height, down)
    return _as_kind(out, image.dtype)


def _floating(image: NDArray[Any]) -> NDArray[Any]:
    return image.astype(np.float32 if image.dtype != np.float64 else np.float64, order="C", copy=False)


def _as_kind(out: NDArray[Any], kind: np.dtype[Sample]) -> NDArray[Sample]:
    if np.issubdtype(kind, np.integer):
        out = np.clip(np.floor(out + 0.5), 0, np.iinfo(kind).max)  # type: ignore[type-var]
    return np.ascontiguousarray(out.astype(kind, copy=False))


def _along_columns(image: NDArray[Any], num_out: int, scale: float) -> NDArray[Any]:
    return _along_rows(image.swapaxes(0, 1), num_out, scale).swapaxes(0, 1)


def _along_rows(image: NDArray[Any], num_out: int, scale: float) -> NDArray[Any]:
    rows, weights = _taps(image.shape[0], num_out, scale, image.dtype.char)
    flat = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    out = np.empty((num_out, flat.shape[1]), image.dtype)
    # All taps of a few rows at a time, because numpy's calls cost more than the sums of a training crop.
    # The sum over the first axis goes tap by tap, so a value does not depend on how the rows are parted.
    strip = max(1, _STRIP // (len(rows) * max(1, flat.shape[1])))
    for top in range(0, num_out, strip):
        taps = flat.take(rows[:, top : top + strip], axis=0, mode="clip")
        taps *= weights[:, top : top + strip]
        np.add.reduce(taps, axis=0, out=out[top : top + strip])
    return out.reshape(num_out, *image.shape[1:])


_STRIP = 1 << 15
"""Values that the taps of a strip hold together: they fit a core's second cache."""


@lru_cache(maxsize=256)
def _taps(num_in: int, num_out: int, scale: float, kind: str) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """For every output row, the input rows it is made of, `[K, num_out]`, and their weights `[.., 1]`."""
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
    return np.ascontiguousarray(rows[:, used].T), weights[:, used].T[..., None].astype(kind, order="C")


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel with a = -0.5."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
