"""Strips of a TIFF's pixels, deflated with the horizontal predictor. Source: TIFF 6.0, section 14."""

from __future__ import annotations

import sys
import zlib

import numpy as np

_BYTES = 1 << 20
_LEVEL = 3


def rows_of_strip(row_bytes: int) -> int:
    """Rows that a strip has: about 1 MiB of them, at least one."""
    return max(1, _BYTES // row_bytes)


def pack_strip(rows: np.ndarray) -> bytes:
    """Rows `[h, W, samples]` as they are to stand in a little-endian file."""
    different = rows.copy()
    different[:, 1:] -= rows[:, :-1]
    if sys.byteorder == "big":
        different = different.astype(different.dtype.newbyteorder("<"))
    return zlib.compress(different.tobytes(), _LEVEL)
