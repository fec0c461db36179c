"""Lanczos resampling that can be fed a band of rows at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import PIL.Image
from PIL.Image import Resampling

_BLOCK_ROWS = 256
"""Rows of the result that are made at once."""
_LOBES = 3


def resample_bands(
    bands: Iterable[np.ndarray], before: tuple[int, int], after: tuple[int, int]
) -> Iterator[np.ndarray]:
    """A picture at another size, by Lanczos windows of three lobes that widen as it shrinks.

    The result does not depend on how the rows are cut into bands: rows are resampled one by one across, and
    down in blocks that lie on a grid of the result.

    Args:
        bands: [h, W, C], uint8 or uint16, from top to bottom, one or more.
        before: height and width of the picture that the bands make.
        after: height and width of the result.

    Returns:
        [h, W, C] of the same type, from top to bottom.
    """
    (height, _), (rows, columns) = before, after
    # Pillow filters 16-bit numbers only as floats.
    held = np.empty((0, columns, 0), np.uint8)
    first, top = 0, 0
    for band in bands:
        across = _resize(band, columns, len(band))
        held = across if not len(held) else np.concatenate([held, across])
        while top < rows:
            bottom = min(top + _BLOCK_ROWS, rows)
            start, stop = _reach(top, bottom, height, rows)
            if stop > first + len(held):
                break
            held, first = held[start - first :], start
            step = height / rows
            box = (0.0, top * step - start, float(columns), bottom * step - start)
            block = _resize(held[: stop - start], columns, bottom - top, box)
            yield _rounded(block) if band.dtype == np.uint16 else block
            top = bottom


def _reach(top: int, bottom: int, height: int, rows: int) -> tuple[int, int]:
    """First, and one past the last, row of the picture that rows `top` to `bottom` of the result need."""
    step = height / rows
    reach = _LOBES * max(step, 1.0) + 1
    return max(0, math.floor(top * step - reach)), min(height, math.ceil(bottom * step + reach))


def _resize(
    pixels: np.ndarray, columns: int, rows: int, box: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    """[h, W, C] uint8 as uint8, all else as float32; `box` is left, top, right and bottom."""
    kind = np.uint8 if pixels.dtype == np.uint8 else np.float32
    planes = []
    for plane in np.moveaxis(pixels, 2, 0):
        image = PIL.Image.fromarray(np.ascontiguousarray(plane, kind))
        planes.append(np.asarray(image.resize((columns, rows), Resampling.LANCZOS, box)))
    return np.stack(planes, axis=2)


def _rounded(block: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.rint(np.clip(block, 0, 65535)).astype(np.uint16)
    return rounded
