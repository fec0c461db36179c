"""Pictures inside the page: small, and no more of them than a page can hold."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

import numpy as np

from ...errors import ImageError
from ...runtime.images import Image, encode_image, read_image
from ..sets.shape import Pixels, at_most

LONGEST_PX = 96
"""Longer side; larger pictures are reduced."""
QUALITY = 85
"""Of the WebP files."""
MOST = 500
"""Pictures that a page holds."""


class Pictures:
    """Makes picture elements until there are enough.

    Args:
        white: the level of 16-bit files that is taken for white.
    """

    def __init__(self, white: int | None) -> None:
        self._white = white or 65535
        self._count = 0

    @property
    def left(self) -> int:
        """How many more the page can hold."""
        return MOST - self._count

    def element(self, path: Path | None, text: str) -> str:
        """An `img` element, or a word where the file is missing or damaged.

        Args:
            path: of the file; None where there is none.
            text: what it shows, for those who do not see it.
        """
        if path is None:
            return "<span class='gone'>missing</span>"
        if self.left <= 0:
            return "<span class='gone'>not shown</span>"
        try:
            pixels = _small(read_image(path), self._white)
        except ImageError:
            return "<span class='gone'>not readable</span>"
        self._count += 1
        data = encode_image(Image(pixels), "webp", quality=QUALITY)
        return (
            f"<img alt='{escape(text, quote=True)}' width='{pixels.shape[1]}' height='{pixels.shape[0]}'"
            f" src='data:image/webp;base64,{base64.b64encode(data).decode('ascii')}'>"
        )


def _small(image: Image, white: int) -> Pixels:
    """8 bit, on white, and no longer than `LONGEST_PX`."""
    pixels = at_most(image.pixels, LONGEST_PX)
    if image.alpha is not None:
        full = np.iinfo(image.pixels.dtype).max
        share = at_most(image.alpha[..., None], LONGEST_PX) / full
        pixels = np.rint(pixels * share + full * (1 - share)).astype(image.pixels.dtype)
    if pixels.dtype == np.uint8:
        return pixels
    return np.minimum(np.rint(pixels * (255 / white)), 255).astype(np.uint8)
