"""How large a result is to be, and bringing it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..errors import UsageError
from .bands import Band, Bands
from .images import Image
from .resampling import resample_bands


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of a result, in one of four ways; what is left out follows from the picture's proportions.

    Raises:
        UsageError: none or several of the ways are given, or a number is not above 0.

    Example:
        >>> Size(fit=(1920, 1080)).of(400, 400)
        (1080, 1080)
        >>> Size(scale=1.5).of(333, 100)
        (500, 150)
    """

    scale: float | None = None
    """Times the picture's own size."""
    width: int | None = None
    """Pixels; with `height` the proportions may change."""
    height: int | None = None
    fit: tuple[int, int] | None = None
    """Width and height of a box that the result just fills, in its own proportions."""

    def __post_init__(self) -> None:
        by_side = self.width is not None or self.height is not None
        ways = [self.scale is not None, by_side, self.fit is not None]
        if sum(ways) != 1:
            raise UsageError("give the size by scale, by width or height or both, or by fit: one of these")
        numbers = {"scale": self.scale, "width": self.width, "height": self.height}
        for name, value in numbers.items():
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name} must be above 0, got {value}")
        if self.fit is not None and not min(self.fit) > 0:
            raise UsageError(f"fit must be a box of at least 1 x 1 pixel, got {self.fit[0]} x {self.fit[1]}")

    def of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the result, at least 1, for a picture of this width and height."""
        if self.scale is not None:
            across = down = self.scale
        elif self.fit is not None:
            across = down = min(self.fit[0] / width, self.fit[1] / height)
        else:
            across = (self.width or 0) / width or (self.height or 0) / height
            down = (self.height or 0) / height or across
        return max(1, round(across * width)), max(1, round(down * height))


def parse_fit(text: str) -> tuple[int, int]:
    """A box as it is written on a command line.

    Raises:
        UsageError: it is not two whole numbers with an x between.

    Example:
        >>> parse_fit("1920x1080")
        (1920, 1080)
    """
    found = re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", text)
    if found is None:
        raise UsageError(f"a box is written as WIDTHxHEIGHT, for example 1920x1080, not {text!r}")
    return int(found[1]), int(found[2])


def resample(image: Image, width: int, height: int) -> Image:
    """The picture at another size, by Lanczos windows of three lobes that widen as it shrinks."""
    before, after = image.pixels.shape[:2], (height, width)
    if before == after:
        return image
    pixels = np.concatenate(list(resample_bands([image.pixels], before, after)))
    alpha = image.alpha
    if alpha is not None:
        alpha = np.concatenate(list(resample_bands([alpha[..., None]], before, after)))[..., 0]
    return replace(image, pixels=pixels, alpha=alpha)


def resample_rows(picture: Bands, width: int, height: int) -> Bands:
    """The picture at another size, as by `resample`, while it is still to come."""
    before, after = (picture.height, picture.width), (height, width)
    if before == after:
        return picture
    return replace(picture, height=height, width=width, rows=_resampled(picture, before, after))


def _resampled(picture: Bands, before: tuple[int, int], after: tuple[int, int]) -> Iterator[Band]:
    """Colours and alpha side by side: each number is filtered by itself."""
    stacked = (
        band.pixels if band.alpha is None else np.dstack([band.pixels, band.alpha]) for band in picture.rows
    )
    for rows in resample_bands(stacked, before, after):
        alpha = np.ascontiguousarray(rows[..., -1]) if picture.has_alpha else None
        yield Band(rows[..., : picture.channels], alpha)
