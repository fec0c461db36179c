"""One round of damage: blur, resize, noise, JPEG; and what the last hand does to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from .blur import Blur, ringing
from .jpeg import Jpeg
from .noise import Noise
from .picture import Picture
from .resize import Resize, Size, resized_somehow


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The first-order degradation; several in a row make the high-order one.

    Source: Real-ESRGAN (arXiv 2107.10833), sections 3.1 and 3.2.
    """

    share: float = 1.0
    """Share of pictures that go through this stage, 0 to 1."""
    blur: Blur = field(default_factory=Blur)
    resize: Resize = field(default_factory=Resize)
    noise: Noise = field(default_factory=Noise)
    jpeg: Jpeg = field(default_factory=Jpeg)

    def apply(self, picture: Picture, low: Size, scale: int, random: np.random.Generator) -> Picture:
        """The damaged picture, of the size that `resize` draws; `low` is the size of the result."""
        if random.random() >= self.share:
            return picture
        picture = self.blur.apply(picture, picture.shape[0] / low[0], random)
        picture = resized_somehow(picture, self.resize.size(low, scale, random), random)
        return self.jpeg.apply(self.noise.apply(picture, random), random)


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The way to the final size and file: resize and ringing, then JPEG, or JPEG first.

    Source: Real-ESRGAN (arXiv 2107.10833), section 3.3: the last sinc filter and JPEG
    change places at random.
    """

    ringing_share: float = 0.0
    """Share of pictures with halos as of a sharp low-pass or of sharpening, 0 to 1."""
    ringing_cutoff: tuple[float, float] = (math.pi / 3, math.pi)
    """Radians per pixel of the low-resolution picture."""
    jpeg: Jpeg = field(default_factory=Jpeg)
    jpeg_first_share: float = 0.0
    """Share of pictures that were compressed before they came to their size, 0 to 1."""

    def apply(self, picture: Picture, low: Size, random: np.random.Generator) -> Picture:
        """The picture at the low resolution."""
        if random.random() < self.jpeg_first_share:
            return self._to_size(self.jpeg.apply(picture, random), low, random)
        return self.jpeg.apply(self._to_size(picture, low, random), random)

    def _to_size(self, picture: Picture, low: Size, random: np.random.Generator) -> Picture:
        picture = resized_somehow(picture, low, random)
        if random.random() < self.ringing_share:
            return ringing(picture, self.ringing_cutoff, random)
        return picture
