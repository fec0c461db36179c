"""How a low-resolution picture comes about: from a clean shrink to an ordinary web photograph.

Every function takes and returns uint8 RGB `[H, W, 3]` and draws from the random generator it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metrics.bicubic import imresize

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Ranges of the damage that a picture suffers while it is shrunk.

    The order is that of Real-ESRGAN's first stage (arXiv 2107.10833, section 3.1): blur, resize, noise, JPEG.
    """

    clean_share: float
    """Share of pictures that are only shrunk by antialiased bicubic, 0 to 1."""
    blur_sigma_px: tuple[float, float] = (0.0, 0.0)
    """Standard deviation of a Gaussian blur, in high-resolution pixels along each axis."""
    noise_sigma: tuple[float, float] = (0.0, 0.0)
    """Standard deviation of Gaussian noise, in grey levels of 255."""
    jpeg_quality: tuple[int, int] = (100, 100)
    """libjpeg quality, 1 to 100."""
    jpeg_share: float = 0.0
    """Share of the damaged pictures that pass through JPEG."""


CLEAN = Profile(clean_share=1.0)
"""The published benchmarks' degradation."""

MILD = Profile(
    clean_share=0.5,
    blur_sigma_px=(0.2, 2.0),
    noise_sigma=(0.0, 4.0),
    jpeg_quality=(70, 98),
    jpeg_share=0.7,
)
"""Ordinary phone and web photographs."""


def degrade(high: Pixels, scale: int, profile: Profile, random: np.random.Generator) -> Pixels:
    """The low-resolution counterpart of `high`, `[H / scale, W / scale, 3]`; both sides must be multiples."""
    if random.random() < profile.clean_share:
        return imresize(high, 1 / scale)
    low = _shrink(_blur(high, profile, random), scale, random)
    low = _add_noise(low, profile, random)
    return _jpeg(low, profile, random) if random.random() < profile.jpeg_share else low


def _blur(image: Pixels, profile: Profile, random: np.random.Generator) -> Pixels:
    across, down = random.uniform(*profile.blur_sigma_px, size=2)
    blurred = cv2.GaussianBlur(image, (0, 0), sigmaX=max(across, 1e-3), sigmaY=max(down, 1e-3))
    return blurred.astype(np.uint8, copy=False)


def _shrink(image: Pixels, scale: int, random: np.random.Generator) -> Pixels:
    """By one of the resamplers that cameras, browsers and editors use."""
    if random.random() < 1 / 3:
        return imresize(image, 1 / scale)
    size = (image.shape[1] // scale, image.shape[0] // scale)
    method = cv2.INTER_AREA if random.random() < 2 / 3 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=method).astype(np.uint8, copy=False)


def _add_noise(image: Pixels, profile: Profile, random: np.random.Generator) -> Pixels:
    sigma = random.uniform(*profile.noise_sigma)
    grey = random.random() < 0.4  # sensor noise after denoising is often the same in all channels
    shape = (*image.shape[:2], 1 if grey else 3)
    noise = random.standard_normal(shape, dtype=np.float32) * sigma
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def _jpeg(image: Pixels, profile: Profile, random: np.random.Generator) -> Pixels:
    quality = int(random.integers(profile.jpeg_quality[0], profile.jpeg_quality[1] + 1))
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a line above
    return decoded[..., ::-1].astype(np.uint8, copy=False)
