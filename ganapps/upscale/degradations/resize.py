"""The resize lottery: pictures pass through sizes and resamplers that nobody wrote down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ...metrics.bicubic import imresize_to
from .picture import Picture

Size = tuple[int, int]
"""Height and width in pixels."""

Resampler = Literal["bicubic", "area", "bilinear"]


@dataclass(frozen=True, kw_only=True)
class Resize:
    """Where a stage's resize ends.

    Source: Real-ESRGAN (arXiv 2107.10833), section 3.1 "Resize", which draws factors of the size before; here
    the size is drawn between the low and the high resolution, so that one range suits every scale.
    """

    direct_share: float = 1.0
    """Share of pictures that go to the low resolution at once, 0 to 1."""
    exponent: tuple[float, float] = (0.0, 1.0)
    """The others' sides are those of the low resolution times `scale ** exponent`: 0 is the low resolution,
    1 the high one, under 0 smaller than the result."""

    def size(self, low: Size, scale: int, random: np.random.Generator) -> Size:
        """The size of the picture after this stage, at least 2 pixels on each side."""
        if random.random() < self.direct_share:
            return low
        factor = scale ** random.uniform(*self.exponent)
        return max(2, round(low[0] * factor)), max(2, round(low[1] * factor))


def resized_somehow(picture: Picture, size: Size, random: np.random.Generator) -> Picture:
    """The picture at another size, by one of the resamplers that cameras, browsers and editors use."""
    if picture.shape[:2] == size:
        return picture
    enlarging = size[0] > picture.shape[0]
    # There is no area to average over where one pixel becomes several.
    choices: tuple[Resampler, ...] = ("bicubic", "bilinear") if enlarging else ("bicubic", "area", "bilinear")
    # Of three in shrinking, bilinear is the rarest: without antialiasing it is what careless tools do.
    weights = (0.5, 1.0) if enlarging else (1 / 3, 7 / 9, 1.0)
    draw = random.random()
    return resized(picture, size, next(c for c, w in zip(choices, weights, strict=True) if draw < w))


def resized(picture: Picture, size: Size, resampler: Resampler) -> Picture:
    """The picture `[H, W, 3]` at another size; pixel centres keep their place, whatever the resampler.

    Args:
        picture: what to resize.
        size: height and width in pixels.
        resampler: "bicubic" is MATLAB's antialiased one; "area" averages over the pixel's footprint;
            "bilinear" blends the four nearest pixels even in shrinking, so it aliases.
    """
    height, width = size
    if resampler == "bicubic":
        return imresize_to(picture, height, width)
    method = cv2.INTER_AREA if resampler == "area" else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=method).astype(np.float32, copy=False)
