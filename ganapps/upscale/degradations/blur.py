"""A blur drawn at random: focus, motion and old lenses, or a resampler that rings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from . import kernels
from .picture import Picture


@dataclass(frozen=True, kw_only=True)
class Blur:
    """Ranges of a blur. What is left of the shares of kinds is plain Gaussian.

    Source of the kinds and their shape parameters: Real-ESRGAN (arXiv 2107.10833), section 3.1 "Blur".
    """

    share: float = 0.0
    """Share of pictures that are blurred, 0 to 1."""
    sigma: tuple[float, float] = (0.05, 0.5)
    """Standard deviation, in pixels of the low-resolution picture, so that it suits every scale."""
    anisotropic_share: float = 0.0
    """Share whose two axes are drawn apart and turned by any angle."""
    generalised_share: float = 0.0
    """Share of generalised Gaussians."""
    plateau_share: float = 0.0
    """Share of plateau-shaped kernels."""
    sinc_share: float = 0.0
    """Share of low-pass filters that ring; they have a cutoff instead of a sigma."""
    sinc_cutoff: tuple[float, float] = (math.pi / 3, math.pi)
    """Radians per pixel of the picture that is filtered."""

    def apply(self, picture: Picture, px: float, random: np.random.Generator) -> Picture:
        """The blurred picture; `px` is how many of its pixels a low-resolution pixel is wide."""
        if random.random() >= self.share:
            return picture
        kind = random.random()
        if kind < self.sinc_share:
            return ringing(picture, self.sinc_cutoff, random)
        sigma_px, angle = self._axes(px, random)
        kind -= self.sinc_share
        if kind < self.generalised_share:
            # Half of the shapes more pointed than a Gaussian, half flatter.
            shape = random.uniform(0.5, 1) if random.random() < 0.5 else random.uniform(1, 4)
            return filtered(picture, kernels.gaussian(sigma_px, angle, shape=shape))
        if kind < self.generalised_share + self.plateau_share:
            return filtered(picture, kernels.plateau(sigma_px, angle, shape=random.uniform(1, 2)))
        if sigma_px[0] == sigma_px[1]:
            return _filtered_twice(picture, sigma_px[0])
        return filtered(picture, kernels.gaussian(sigma_px, angle))

    def _axes(self, px: float, random: np.random.Generator) -> tuple[tuple[float, float], float]:
        least, most = self.sigma
        sigma_px = random.uniform(least, most) * px
        if random.random() >= self.anisotropic_share:
            return (sigma_px, sigma_px), 0.0
        return (sigma_px, random.uniform(least, most) * px), random.uniform(0, math.pi)


def ringing(picture: Picture, cutoff: tuple[float, float], random: np.random.Generator) -> Picture:
    """Halos along edges: the picture through a low-pass of a side of 7 to 21 pixels, cutoff in radians."""
    side = 2 * int(random.integers(3, 11)) + 1
    # Hundredths of a radian, so that the kernels, which take longer to make than to use, are soon all known.
    return filtered(picture, _sinc(round(random.uniform(*cutoff), 2), side))


_sinc = lru_cache(maxsize=2048)(kernels.sinc)


def filtered(picture: Picture, kernel: kernels.Kernel) -> Picture:
    """The picture filtered with a kernel; the border is mirrored about the outermost pixel."""
    return cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101).astype(np.float32, copy=False)


def _filtered_twice(picture: Picture, sigma_px: float) -> Picture:
    """An isotropic Gaussian, which rows and columns can do one after the other, several times faster."""
    line = kernels.gaussian_line(sigma_px, kernels.side_for(sigma_px))
    out = cv2.sepFilter2D(picture, -1, line, line, borderType=cv2.BORDER_REFLECT_101)
    return out.astype(np.float32, copy=False)
