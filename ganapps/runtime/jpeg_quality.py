"""How strongly a JPEG file is compressed, by the tables that it was quantised with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

_LUMA = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
"""Steps of the luma's frequencies. Source: ITU-T T.81, table K.1."""


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality, 1 to 100, at which libjpeg would quantise luma as coarsely as this.

    Cameras and editors have tables of their own; what is compared is the sum of the 64 steps.

    Args:
        tables: the file's quantisation tables by their number; that of the luma is 0.

    Returns:
        None where there is no such table.

    Example:
        >>> jpeg_quality({0: [1] * 64}), jpeg_quality({0: _LUMA}), jpeg_quality({})
        (100, 50, None)
    """
    luma = tables.get(0)
    if luma is None or len(luma) != 64:
        return None
    wanted = sum(luma)
    return min(range(100, 0, -1), key=lambda quality: abs(_total(quality) - wanted))


@cache
def _total(quality: int) -> int:
    """Sum of libjpeg's steps: K.1 scaled, each at least 1 and at most 255."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(255, max(1, (step * percent + 50) // 100)) for step in _LUMA)
