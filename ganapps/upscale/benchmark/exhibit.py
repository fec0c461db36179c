"""A picture to look at: every method's result, and the places where they differ most."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .method import BICUBIC
from .picture import Pair
from .score import Score

Pixels = NDArray[np.uint8]

LOW, ORIGINAL = "low", "original"
"""Names of the views that no method made."""
_CROP_PX = 128
_MOST_CROPS = 2
_MOST_PX = 960
"""Largest side of what is shown of a picture; of a larger one it is the part around the first crop."""
QUALITY = 95
"""Of pictures that are not exact: WebP then halves the resolution of colour, and takes a third as much."""


class Box(NamedTuple):
    """A rectangle, in pixels of the original; all four are multiples of the scale."""

    left: int
    top: int
    width: int
    height: int

    def cut(self, pixels: NDArray[Any], shrink: int = 1) -> NDArray[Any]:
        """Its part of a picture that is `shrink` times smaller than the original."""
        left, top, width, height = (number // shrink for number in self)
        return pixels[top : top + height, left : left + width]


@dataclass(frozen=True)
class View:
    """One version of the picture."""

    name: str
    """The method's, "low" or "original"."""
    picture: bytes
    """WebP of the exhibit's window; of the low picture smaller by the scale, and always exact."""
    crops: tuple[bytes, ...]
    """Exact WebP, one for each crop of the exhibit, of its size; the low picture's pixels are repeated."""
    score: Score | None = None
    """None for the low picture and the original."""


@dataclass(frozen=True)
class Exhibit:
    """A picture at one scale."""

    folder: str
    picture: str
    scale: int
    size: tuple[int, int]
    """Width and height of the original, cropped to multiples of the scale."""
    window: Box
    """What is shown of it."""
    crops: tuple[Box, ...]
    """One or two, the first being where the methods differ most."""
    views: tuple[View, ...]
    """The low picture, bicubic, the models, the original."""
    exact: bool
    """Whether the views' pictures are, to the last bit."""


def make_exhibit(pair: Pair, results: Sequence[tuple[Pixels, Score]], *, exact: bool) -> Exhibit:
    """An exhibit of what all methods of one scale made of one picture.

    Args:
        pair: the original and the low picture.
        results: one or more enlarged pictures and their scores, bicubic first.
        exact: whether to keep every bit.
    """
    first = results[0][1]
    scale = first.scale
    height, width = pair.high.shape[:2]
    contenders = [larger for larger, score in results if score.model != BICUBIC]
    if len(contenders) < 2:
        contenders = [*(larger for larger, _ in results), pair.high][:2]
    crops = tuple(most_different(contenders, scale))
    window = _around(crops[0], width, height, scale)
    versions = [(score.model, larger, score) for larger, score in results]
    views = [_low_view(pair.low, window, crops, scale)]
    for name, pixels, score in (*versions, (ORIGINAL, pair.high, None)):
        shown = _webp(window.cut(pixels), exact)
        views.append(View(name, shown, tuple(_webp(crop.cut(pixels)) for crop in crops), score))
    size = (width, height)
    return Exhibit(first.folder, first.picture, scale, size, window, crops, tuple(views), exact)


def most_different(pictures: Sequence[Pixels], grid: int) -> Iterator[Box]:
    """Places where pictures differ most by their variance, one or two that do not overlap, the most first.

    Args:
        pictures: two or more, `[H, W, 3]` with sides that are multiples of `grid`.
        grid: places start at multiples of it and their sides, of about 128 px, are such.
    """
    height, width = (side // grid for side in pictures[0].shape[:2])
    variance = np.var(np.stack(pictures).astype(np.float32), axis=0).sum(-1)
    blocks = variance.reshape(height, grid, width, grid).sum((1, 3), dtype=np.float64)
    tall, wide = (min(_CROP_PX // grid, side) for side in (height, width))
    corners = np.pad(blocks, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    sums = corners[tall:, wide:] - corners[:-tall, wide:] - corners[tall:, :-wide] + corners[:-tall, :-wide]
    for _ in range(_MOST_CROPS):
        top, left = (int(place) for place in np.unravel_index(np.argmax(sums), sums.shape))
        if sums[top, left] == -np.inf:
            return
        yield Box(left * grid, top * grid, wide * grid, tall * grid)
        sums[max(0, top - tall + 1) : top + tall, max(0, left - wide + 1) : left + wide] = -np.inf


def _around(crop: Box, width: int, height: int, scale: int) -> Box:
    """The window with a crop as near its middle as the picture's borders allow."""
    most = _MOST_PX // scale * scale
    wide, tall = min(width, most), min(height, most)
    left = min(max(0, crop.left + crop.width // 2 - wide // 2), width - wide)
    top = min(max(0, crop.top + crop.height // 2 - tall // 2), height - tall)
    return Box(left // scale * scale, top // scale * scale, wide, tall)


def _low_view(low: Pixels, window: Box, crops: Sequence[Box], scale: int) -> View:
    repeated = (crop.cut(low, scale).repeat(scale, 0).repeat(scale, 1) for crop in crops)
    return View(LOW, _webp(window.cut(low, scale)), tuple(map(_webp, repeated)))


def _webp(pixels: Pixels, exact: bool = True) -> bytes:
    # Exact WebP, which the runtime does not write, takes two thirds of a PNG.
    out = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.save(out, "WEBP", lossless=exact, quality=80 if exact else QUALITY)
    return out.getvalue()
