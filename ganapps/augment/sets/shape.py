"""The one size of a decoded set, and how images of other sizes come to it and back."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""One image `[H, W, C]` or several `[N, H, W, C]`, RGB or grey."""
Samples = NDArray[np.uint8 | np.uint16]
"""One image `[H, W, C]` before it is brought to 8 bit."""
Depth = TypeVar("Depth", bound=np.uint8 | np.uint16)

MAX_NATIVE_PX = 128
"""Sets whose images share a size up to this are kept at that size."""
FITTED_PX = 64
"""Longer side of all other sets."""

_MIN_PX = 8
_MAX_RATIO = 4


@dataclass(frozen=True)
class Shape:
    """The one size of a decoded set."""

    height: int
    width: int
    channels: int
    """1 for grey, 3 for RGB."""


def choose_shape(sizes: list[tuple[int, int]], *, grey: bool) -> Shape:
    """The size a set is brought to.

    The most common size, where at least half of the images have it and no side is over 128 px. Otherwise the
    median aspect ratio with a longer side of 64 px, or of the median image's where that is smaller. No side
    is under 8 px, and none is more than 4 times the other.

    Example:
        >>> choose_shape([(28, 28), (28, 28), (300, 200)], grey=True)
        Shape(height=28, width=28, channels=1)
        >>> choose_shape([(600, 900), (400, 600), (500, 1000)], grey=False)
        Shape(height=43, width=64, channels=3)
    """
    channels = 1 if grey else 3
    (common, times), *_ = Counter(sizes).most_common(1)
    least = max(_MIN_PX, math.ceil(max(common) / _MAX_RATIO))
    if max(common) <= MAX_NATIVE_PX and min(common) >= least and 2 * times >= len(sizes):
        return Shape(*common, channels)
    heights, widths = np.array(sizes, dtype=np.float64).T
    longer = min(FITTED_PX, max(_MIN_PX, round(float(np.median(np.maximum(heights, widths))))))
    ratio = float(np.clip(np.median(widths / heights), 1 / _MAX_RATIO, _MAX_RATIO))
    height, width = (longer / ratio, longer) if ratio > 1 else (longer, longer * ratio)
    height, width = max(_MIN_PX, height), max(_MIN_PX, width)
    return Shape(round(height), round(width), channels)


def inner_size(size: tuple[int, int], shape: Shape) -> tuple[int, int]:
    """Height and width that an image of another size has inside the shape, where it lies in the middle.

    Example:
        >>> inner_size((3000, 1500), Shape(64, 64, 3))
        (64, 32)
    """
    scale = min(shape.height / size[0], shape.width / size[1])
    return (
        min(shape.height, max(1, round(size[0] * scale))),
        min(shape.width, max(1, round(size[1] * scale))),
    )


def fit(pixels: NDArray[Depth], shape: Shape) -> NDArray[Depth]:
    """One image `[h, w, c]` at another size and number of channels, of the same type: nothing is cut off.

    It is scaled until it lies inside, smaller by the mean over areas and larger by cubics. The margins are
    its own mirror image: even bars would be learned as a part of the class. `restore` takes them off.
    """
    pixels = _recolour(pixels, shape.channels)
    size = (pixels.shape[0], pixels.shape[1])
    if size == (shape.height, shape.width):
        return pixels
    height, width = inner_size(size, shape)
    pixels = resize(pixels, height, width)
    if (height, width) == (shape.height, shape.width):
        return pixels
    top, left = (shape.height - height) // 2, (shape.width - width) // 2
    below, right = shape.height - height - top, shape.width - width - left
    framed = cv2.copyMakeBorder(pixels, top, below, left, right, cv2.BORDER_REFLECT)
    return framed.reshape(shape.height, shape.width, shape.channels).astype(pixels.dtype, copy=False)


def restore(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """An image of the set's size `[H, W, C]`, without the margins that `fit` gave an image of `size`."""
    shape = Shape(*pixels.shape)
    height, width = inner_size(size, shape)
    top, left = (shape.height - height) // 2, (shape.width - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def at_most(pixels: NDArray[Depth], side_px: int) -> NDArray[Depth]:
    """An image of no side over `side_px`."""
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return pixels
    return resize(pixels, max(1, round(height * scale)), max(1, round(width * scale)))


def resize(pixels: NDArray[Depth], height: int, width: int) -> NDArray[Depth]:
    """An image `[h, w, c]` at another size: smaller by the mean over areas, larger by cubics."""
    smaller = height * width < pixels.shape[0] * pixels.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    resized = cv2.resize(pixels, (width, height), interpolation=method)
    return resized.reshape(height, width, pixels.shape[2]).astype(pixels.dtype, copy=False)


def is_grey(pixels: Samples) -> bool:
    """Whether an image has one channel, or three that are the same."""
    return pixels.shape[2] == 1 or bool((pixels == pixels[..., :1]).all())


def _recolour(pixels: NDArray[Depth], channels: int) -> NDArray[Depth]:
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    if is_grey(pixels):
        return pixels[..., :1]
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None].astype(pixels.dtype, copy=False)
