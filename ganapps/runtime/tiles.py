"""Cutting a picture into tiles and joining the results, exactly.

A plain convolutional network sees `radius` pixels around each pixel. Where neighbouring tiles overlap by
`radius` on each side of their seam, the pixels that are kept never saw the cut: they equal those of the
whole picture bit for bit. All tiles of a picture have one shape, so ONNX Runtime plans its memory once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError

_LEAST_HALF_PX = 32
"""Smaller tiles save no memory worth the time."""


@dataclass(frozen=True)
class Span:
    """One tile along one axis, all in input pixels."""

    start: int
    """First pixel that the network is given."""
    stop: int
    """One past the last pixel that the network is given."""
    kept_start: int
    """First pixel whose result is kept."""
    kept_stop: int
    """One past the last pixel whose result is kept."""


@dataclass(frozen=True)
class Plan:
    """The tiles of one picture: every row span with every column span."""

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def __iter__(self) -> Iterator[tuple[Span, Span]]:
        return itertools.product(self.rows, self.columns)


def plan(height: int, width: int, tile_px: int, radius: int) -> Plan:
    """Tiles of at most `tile_px` on a side that cover the picture, all of one shape.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        tile_px: largest side of what the network is given at once, overlap included.
        radius: pixels around a pixel that its result depends on.

    Raises:
        UsageError: a tile is so small that nothing of it would be kept.

    Example:
        >>> [(s.start, s.stop, s.kept_start, s.kept_stop) for s in plan(10, 4, 6, 1).rows]
        [(0, 6, 0, 5), (4, 10, 5, 10)]
    """
    return Plan(spans(height, tile_px, radius), spans(width, tile_px, radius))


def smallest_tile(radius: int) -> int:
    """The smallest legal `tile_px`: one kept pixel and the overlap around it."""
    return 2 * radius + 1


def halved_tile(tile_px: int, height: int, width: int, radius: int) -> int | None:
    """The side to try where memory ran out with this one; None where it would be all overlap.

    Args:
        tile_px: that was too large.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        radius: as for `plan`.

    Example:
        >>> halved_tile(512, 300, 200, 14), halved_tile(50, 300, 200, 14)
        (150, None)
    """
    half = min(tile_px, max(height, width)) // 2
    return half if half >= max(_LEAST_HALF_PX, 3 * radius) else None


def spans(length: int, tile_px: int, radius: int) -> tuple[Span, ...]:
    """The tiles along one axis of `length` pixels, all of one side; see `plan`."""
    smallest = smallest_tile(radius)
    if tile_px < smallest:
        raise UsageError(f"tile must be at least {smallest} px for a model of radius {radius}, got {tile_px}")
    if length <= tile_px:
        return (Span(0, length, 0, length),)
    overlap = 2 * radius
    count = -(-(length - overlap) // (tile_px - overlap))
    # As many tiles as needed, then as small as they may be: less is computed twice.
    step = -(-(length - overlap) // count)
    count = -(-(length - overlap) // step)
    side = step + overlap
    found: list[Span] = []
    kept = 0
    for index in range(count):
        # The last one is shifted inward instead of being cut: one shape for all.
        start = min(index * step, length - side)
        stop = start + side
        kept_stop = length if stop == length else stop - radius
        found.append(Span(start, stop, kept, kept_stop))
        kept = kept_stop
    return tuple(found)


def apply(
    function: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    *,
    scale: int,
    radius: int,
    tile_px: int,
    on_progress: Callable[[float], None] | None = None,
    result: np.ndarray | None = None,
) -> np.ndarray:
    """`function` of the whole picture, computed tile by tile.

    Args:
        function: maps [h, w, ...] to [scale * h, scale * w, ...], looking at most `radius` pixels around.
        image: [H, W, ...], at least one pixel.
        scale: how many times larger the result is.
        radius: receptive radius of `function` in input pixels.
        tile_px: largest side given to `function`.
        on_progress: called with the finished fraction, in (0, 1], after each tile.
        result: to be filled; None makes it after the first tile.

    Returns:
        [scale * H, scale * W, ...], of the type that `function` gives.
    """
    height, width = image.shape[:2]
    tiles = plan(height, width, tile_px, radius)
    for number, (row, column) in enumerate(tiles, start=1):
        tile = function(image[row.start : row.stop, column.start : column.stop])
        if result is None:
            result = np.empty((scale * height, scale * width, *tile.shape[2:]), tile.dtype)
        result[scaled(row, scale), scaled(column, scale)] = tile[
            scaled(row, scale, row.start), scaled(column, scale, column.start)
        ]
        if on_progress is not None:
            on_progress(number / len(tiles))
    assert result is not None  # a plan has at least one tile
    return result


def scaled(span: Span, scale: int, origin: int = 0) -> slice:
    """The kept part in pixels of the result, counted from the input pixel `origin`."""
    return slice(scale * (span.kept_start - origin), scale * (span.kept_stop - origin))
