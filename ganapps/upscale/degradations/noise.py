"""Noise: of the electronics, the same everywhere, and of the light, stronger where it is bright."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .picture import Picture


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Ranges of noise.

    Source: Real-ESRGAN (arXiv 2107.10833), section 3.1 "Noise"; the share of grey noise is its authors' 40 %.
    """

    gaussian_share: float = 0.0
    """Share of pictures with Gaussian noise, 0 to 1."""
    poisson_share: float = 0.0
    """Share of pictures with Poisson noise, 0 to 1; the two shares together are at most 1."""
    sigma: tuple[float, float] = (0.0, 0.0)
    """Standard deviation of Gaussian noise, in grey levels of 255."""
    gain: tuple[float, float] = (0.01, 0.01)
    """Variance of Poisson noise per grey level, over 0: grey levels that one photon is worth."""
    grey_share: float = 0.4
    """Share of noise that is the same in all channels, as what is left of it after denoising often is."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        """The noisy picture, clipped to 0..255."""
        kind = random.random()
        if kind >= self.gaussian_share + self.poisson_share:
            return picture
        grey = random.random() < self.grey_share
        if kind < self.gaussian_share:
            noisy = with_gaussian(picture, random.uniform(*self.sigma), random, grey=grey)
        else:
            noisy = with_poisson(picture, random.uniform(*self.gain), random, grey=grey)
        return np.clip(noisy, 0, 255, out=noisy)


def with_gaussian(picture: Picture, sigma: float, random: np.random.Generator, *, grey: bool) -> Picture:
    """The picture plus Gaussian noise of a standard deviation in grey levels; not clipped."""
    shape = (*picture.shape[:2], 1 if grey else picture.shape[2])
    noise = random.standard_normal(shape, dtype=np.float32)
    noise *= np.float32(sigma)
    return picture + noise


def with_poisson(picture: Picture, gain: float, random: np.random.Generator, *, grey: bool) -> Picture:
    """The picture as counted in photons of `gain` grey levels each; not clipped.

    The mean stays and the variance is `gain` times the level. Grey noise counts the luminance's photons and
    adds what came of them to all channels alike.
    """
    level = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None] if grey else picture
    level = np.maximum(level, 0)  # a bicubic resize may have undershot
    noise = (random.poisson(level / np.float32(gain)) * gain - level).astype(np.float32)
    return picture + noise
