"""JPEG compression, by the library that writes nearly all of the web's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .picture import Picture, Pixels, to_picture, to_pixels


@dataclass(frozen=True, kw_only=True)
class Jpeg:
    """Ranges of compression."""

    share: float = 0.0
    """Share of pictures that are compressed, 0 to 1."""
    quality: tuple[int, int] = (100, 100)
    """libjpeg's quality, 1 to 100, both ends included."""
    full_chroma_share: float = 0.3
    """Share with colour at full resolution (4:4:4); the others have a quarter of it (4:2:0)."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        """The picture as it is decoded."""
        if random.random() >= self.share:
            return picture
        quality = int(random.integers(self.quality[0], self.quality[1] + 1))
        full_chroma = random.random() < self.full_chroma_share
        return to_picture(compressed(to_pixels(picture), quality, full_chroma=full_chroma))


def compressed(pixels: Pixels, quality: int, *, full_chroma: bool = False) -> Pixels:
    """What a JPEG file of `[H, W, 3]` pixels decodes to.

    Args:
        pixels: RGB.
        quality: libjpeg's quality, 1 to 100.
        full_chroma: colour at full resolution (4:4:4), else at half in both directions (4:2:0).
    """
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full_chroma else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], options)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a line above
    return decoded[..., ::-1].astype(np.uint8, copy=False)
