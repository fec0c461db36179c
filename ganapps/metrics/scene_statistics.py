"""What natural pictures have in common: the statistics of brightness once its local mean and contrast are
taken out."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .bicubic import imresize

BLOCK_PX = 96
NUM_FEATURES = 36
_WINDOW_PX, _SIGMA_PX = 7, 7 / 6
_ROUNDING = 1e-8
"""What is left of a variance of 0; one level of blue in one pixel makes a hundred times as much."""
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Right, below, and below to either side."""
_SHAPES = np.arange(0.2, 10, 0.001)
"""Shapes of a generalised Gaussian that are told apart; 2 is the Gaussian, 1 the Laplace distribution."""


def block_features(luma: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scene statistics of every whole block of 96 px.

    At full and half resolution, how normalised brightness and its products with four neighbours are
    distributed. Source: Mittal, Soundararajan and Bovik 2013, "Making a completely blind image quality
    analyzer", sections II-A and II-B.

    Args:
        luma: `[H, W]` in [0, 255], a block at least; what is over on the right and below is left out.

    Returns:
        Features `[N, 36]` of the N blocks, row by row, and their mean local contrast `[N]`, in grey levels.
        Where a block is flat, features are not numbers.
    """
    height, width = (side // BLOCK_PX * BLOCK_PX for side in luma.shape)
    luma = luma[:height, :width]
    normal, contrast = normalise(luma)
    halved, _ = normalise(imresize(luma, 0.5))
    both = [_of_scale(normal, BLOCK_PX), _of_scale(halved, BLOCK_PX // 2)]
    return np.concatenate(both, axis=1), _blocks(contrast, BLOCK_PX).mean(axis=1)


def normalise(luma: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Brightness less its local mean, over its local deviation and one level, and that deviation (eq. 1-3).

    Both are taken under a Gaussian window of 7 x 7 px; beyond the border the last pixel goes on.
    """
    mean, mean_of_squares = _blur(luma), _blur(luma * luma)
    variance = mean_of_squares - mean * mean
    variance[variance < _ROUNDING] = 0
    deviation = np.sqrt(variance)
    return np.where(variance > 0, luma - mean, 0) / (deviation + 1), deviation


def fit_asymmetric(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Generalised Gaussians with a scale on each side of 0, one for each row of samples `[N, M]`.

    By matching moments (Lasmar, Stitou and Berthoumieu 2009, section 4); the density is proportional to
    `exp(-(|x| / scale) ** shape)`.

    Returns:
        Shape, scale on the left, scale on the right, `[N]` each.
    """
    left, right = _side(samples, samples < 0), _side(samples, samples > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = left / right
        spread = np.abs(samples).mean(axis=1) ** 2 / np.square(samples).mean(axis=1)
        wanted = spread * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = np.interp(wanted, _RATIOS, _SHAPES)
    width = np.array([math.sqrt(math.gamma(1 / a) / math.gamma(3 / a)) for a in shape])
    return shape, left * width, right * width


def _of_scale(normal: NDArray[np.float64], block_px: int) -> NDArray[np.float64]:
    """`[N, 18]`"""
    shape, left, right = fit_asymmetric(_blocks(normal, block_px))
    features = [shape, (left + right) / 2]
    for down, across in _NEIGHBOURS:
        # The last row's neighbour is the first one: a block's worth of products has an edge of no meaning.
        products = normal * np.roll(normal, (down, across), axis=(0, 1))
        shape, left, right = fit_asymmetric(_blocks(products, block_px))
        lean = [math.gamma(2 / a) / math.gamma(1 / a) for a in shape]
        features += [shape, (right - left) * np.array(lean), left, right]
    return np.stack(features, axis=1)


def _blocks(plane: NDArray[np.float64], block_px: int) -> NDArray[np.float64]:
    """`[H, W]` to `[blocks, pixels of one]`, row by row."""
    down, across = (side // block_px for side in plane.shape)
    split = plane.reshape(down, block_px, across, block_px).swapaxes(1, 2)
    return split.reshape(down * across, block_px * block_px)


def _blur(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    size = (_WINDOW_PX, _WINDOW_PX)
    blurred: Any = cv2.GaussianBlur(plane, size, _SIGMA_PX, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float64)


def _side(samples: NDArray[np.float64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Root mean square of some samples of each row; not a number where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((samples**2 * where).sum(axis=1) / where.sum(axis=1)))


def _ratio(shape: float) -> float:
    """Squared mean modulus over mean square; it grows with the shape."""
    return math.gamma(2 / shape) ** 2 / (math.gamma(1 / shape) * math.gamma(3 / shape))


_RATIOS = np.array([_ratio(shape) for shape in _SHAPES])
