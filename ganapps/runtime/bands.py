"""Enlarging from top to bottom, a band of rows at a time: the result need never be in memory as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from . import shares, tiles, transparency
from .images import Image
from .metadata import Metadata
from .shares import OnProgress

Enlarge = Callable[[np.ndarray, OnProgress], np.ndarray]
"""`enlarge(pixels, on_progress)`: [h, W, C] to [scale * h, scale * W, C]."""


@dataclass(frozen=True)
class Outlook:
    """A result before it is computed."""

    width: int
    height: int
    scale: int
    """Of the model."""
    passes: int
    """Of the model."""


@dataclass(frozen=True)
class Band:
    """Some rows over the whole width."""

    pixels: np.ndarray
    """[h, W, C], RGB or grey."""
    alpha: np.ndarray | None
    """[h, W]"""


@dataclass(frozen=True)
class Bands:
    """A picture that is still to come, from top to bottom."""

    height: int
    width: int
    channels: int
    """Colours: 1 or 3."""
    dtype: np.dtype
    has_alpha: bool
    rows: Iterator[Band]
    """Of any number of rows each, `height` together; computed as they are asked for."""
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def samples(self) -> int:
        """Numbers to a pixel."""
        return self.channels + self.has_alpha


def rows_within(image: Image, scale: int, radius: int, band_bytes: int) -> int:
    """Input rows to enlarge at once, overlap included, so that the result takes about `band_bytes`.

    Never fewer than three radii, of which one is kept: less would be nearly all overlap.
    """
    samples = image.pixels.shape[2] + (image.alpha is not None)
    row: int = scale**2 * image.pixels.shape[1] * samples * image.pixels.itemsize
    return max(band_bytes // row, 3 * max(1, radius))


def as_one(image: Image) -> Bands:
    """The picture as it is, in a single band."""
    return _bands(image, iter([Band(image.pixels, image.alpha)]), 1)


def enlarge(
    image: Image,
    function: Enlarge,
    *,
    scale: int,
    radius: int,
    rows_px: int,
    on_progress: OnProgress = None,
) -> Bands:
    """The picture `scale` times larger, band by band: the pixels that it has when enlarged as a whole.

    Args:
        image: with its alpha.
        function: the network on a band of the input.
        scale: how many times larger the result is.
        radius: of `function`, in input pixels.
        rows_px: input rows given to `function` at once.
        on_progress: called with the finished fraction, in (0, 1].
    """
    return _bands(image, _enlarged(image, function, scale, radius, rows_px, on_progress), scale)


def _bands(image: Image, rows: Iterator[Band], scale: int) -> Bands:
    height, width, channels = image.pixels.shape
    return Bands(
        height=scale * height,
        width=scale * width,
        channels=channels,
        dtype=image.pixels.dtype,
        has_alpha=image.alpha is not None,
        rows=rows,
        metadata=image.metadata,
    )


def _enlarged(
    image: Image, function: Enlarge, scale: int, radius: int, rows_px: int, on_progress: OnProgress
) -> Iterator[Band]:
    alpha = image.alpha
    # Both look at the whole picture: a hidden pixel's nearest visible one may be anywhere.
    visible = image.pixels if alpha is None else transparency.fill_hidden(image.pixels, alpha)
    constant = alpha is None or bool((alpha == alpha[0, 0]).all())
    # At least 1: `within_neighbours` looks so far too.
    spans = tiles.spans(len(visible), rows_px, max(1, radius))
    for number, span in enumerate(spans):
        told = shares.part(on_progress, number / len(spans), (number + 1) / len(spans))
        colours = told if constant else shares.part(told, 0.0, 0.5)
        pixels = function(visible[span.start : span.stop], colours)[tiles.scaled(span, scale, span.start)]
        if alpha is None:
            yield Band(pixels, None)
        elif constant:
            yield Band(pixels, np.full(pixels.shape[:2], alpha[0, 0], alpha.dtype))
        else:
            opacity = shares.part(told, 0.5, 1.0)
            small = alpha[span.start : span.stop]
            larger = transparency.within_neighbours(function(small[..., None], opacity)[..., 0], small, scale)
            yield Band(pixels, larger[tiles.scaled(span, scale, span.start)])
