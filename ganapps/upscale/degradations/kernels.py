"""Blur kernels: Gaussian, generalised Gaussian, plateau-shaped, and the low-pass that rings.

Every kernel is float32 `[side, side]` with an odd side, sums to 1, and is the same seen from behind
(`k[i, j] = k[-i, -j]`), so that filtering with it moves nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float32]


def side_for(sigma_px: float) -> int:
    """The odd side that reaches three standard deviations to either side.

    Example:
        >>> side_for(1.5)
        11
    """
    return 2 * max(1, math.ceil(3 * sigma_px)) + 1


def gaussian_line(sigma_px: float, side: int) -> Kernel:
    """The one-dimensional Gaussian `[side]`; its outer product with itself is the isotropic kernel."""
    return _normalised(np.exp(-0.5 * (_offsets(side) / sigma_px) ** 2))


def gaussian(
    sigma_px: tuple[float, float], angle: float = 0.0, *, shape: float = 1.0, side: int | None = None
) -> Kernel:
    """Anisotropic generalised Gaussian, `exp(-q^shape / 2)` with `q = c' S^-1 c`.

    Args:
        sigma_px: standard deviations along the kernel's first and second axis, in pixels.
        angle: from the picture's x axis to the kernel's first, in radians, y pointing down.
        shape: 1 is the Gaussian; under 1 the kernel is more pointed, over 1 flatter.
        side: None reaches three of the larger standard deviations.

    Source: Real-ESRGAN (arXiv 2107.10833), section 3.1 "Blur".
    """
    return _normalised(np.exp(-0.5 * _quadratic_form(sigma_px, angle, side) ** shape))


def plateau(
    sigma_px: tuple[float, float], angle: float = 0.0, *, shape: float = 1.0, side: int | None = None
) -> Kernel:
    """Plateau-shaped kernel, `1 / (1 + q^shape)`: a flat top like that of a lens out of focus.

    Arguments and source as of `gaussian`; the larger the shape, the steeper the flank.
    """
    return _normalised(1 / (1 + _quadratic_form(sigma_px, angle, side) ** shape))


def sinc(cutoff: float, side: int) -> Kernel:
    """The ideal low-pass of a disc of frequencies, cut off at the kernel's border; it rings and overshoots.

    Args:
        cutoff: the highest frequency that passes, in radians per pixel, up to pi.
        side: odd side, in pixels.

    Source: Real-ESRGAN (arXiv 2107.10833), section 3.3: `cutoff J1(cutoff r) / (2 pi r)`, whose limit in the
    middle is `cutoff^2 / 4 pi`.
    """
    squares = _offsets(side).astype(np.int64) ** 2
    # The few distances that occur, each once: J1 is an integral.
    unique, where = np.unique(squares[:, None] + squares, return_inverse=True)
    radius = np.sqrt(unique[1:])
    around = cutoff * _bessel_j1(cutoff * radius) / (2 * math.pi * radius)
    values = np.concatenate([[cutoff**2 / (4 * math.pi)], around])
    return _normalised(values[where].reshape(side, side))


def _bessel_j1(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bessel function of the first kind and order 1, as the mean of `cos(t - x sin t)` over a turn.

    Source: Abramowitz and Stegun, 9.1.21. Equal steps err by the Bessel function of order `steps - 1`, which
    is nothing once the order is well over x.
    """
    steps = 32 + 2 * math.ceil(float(x.max()))
    turn = np.arange(steps) * (2 * math.pi / steps)
    return np.asarray(np.cos(turn - x[:, None] * np.sin(turn)).mean(axis=1))


def _quadratic_form(sigma_px: tuple[float, float], angle: float, side: int | None) -> NDArray[np.float64]:
    """Squared distance from the middle in standard deviations, `[side, side]`."""
    offsets = _offsets(side_for(max(sigma_px)) if side is None else side)
    x, y = offsets, offsets[:, None]
    along = math.cos(angle) * x + math.sin(angle) * y
    across = math.cos(angle) * y - math.sin(angle) * x
    return np.asarray((along / sigma_px[0]) ** 2 + (across / sigma_px[1]) ** 2)


def _offsets(side: int) -> NDArray[np.float64]:
    return np.arange(side, dtype=np.float64) - (side - 1) / 2


def _normalised(weights: NDArray[np.float64]) -> Kernel:
    return np.asarray(weights / weights.sum(), np.float32)
