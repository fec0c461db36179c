"""How large a result is to be, and bringing it there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import PIL.Image
from PIL.Image import Resampling

from ..errors import UsageError
from .images import Image


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
    if image.pixels.shape[:2] == (height, width):
        return image
    planes = [_resample_plane(plane, width, height) for plane in np.moveaxis(image.pixels, 2, 0)]
    alpha = None if image.alpha is None else _resample_plane(image.alpha, width, height)
    return replace(image, pixels=np.stack(planes, axis=2), alpha=alpha)


def _resample_plane(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    if plane.dtype == np.uint8:
        small = PIL.Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), Resampling.LANCZOS)
        return np.asarray(small)
    # Pillow filters 16-bit numbers only as floats.
    exact = PIL.Image.fromarray(plane.astype(np.float32)).resize((width, height), Resampling.LANCZOS)
    rounded: np.ndarray = np.rint(np.clip(np.asarray(exact), 0, 65535)).astype(np.uint16)
    return rounded
