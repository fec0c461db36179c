"""What the degradations pass to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB `[H, W, 3]`, as read from a file."""

Picture = NDArray[np.float32]
"""RGB `[H, W, 3]` in grey levels of 255, not yet rounded: rounding once keeps weak damage weak."""


def to_picture(pixels: Pixels) -> Picture:
    """Pixels as a picture that can be damaged."""
    return pixels.astype(np.float32, order="C")


def to_pixels(picture: Picture) -> Pixels:
    """A picture rounded and clipped to 0..255.

    Example:
        >>> to_pixels(np.float32([[[-3.0, 7.6, 255.4]]])).tolist()
        [[[0, 8, 255]]]
    """
    rounded = np.rint(picture)
    return np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)
