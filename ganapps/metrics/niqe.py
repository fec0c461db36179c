"""The natural image quality evaluator: how unlike undamaged photographs a picture is, without its original.

Mittal, Soundararajan and Bovik 2013, "Making a completely blind image quality analyzer".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .luma import luma
from .scene_statistics import BLOCK_PX, NUM_FEATURES, block_features

_SHARP = 0.75
"""Blocks with this share of the contrast of a photograph's sharpest block are learnt from; the others may be
out of focus (section II-C)."""


@dataclass(frozen=True, eq=False)
class Naturalness:
    """A Gaussian over the scene statistics of undamaged photographs."""

    mean: NDArray[np.float64]
    """`[36]`"""
    covariance: NDArray[np.float64]
    """`[36, 36]`"""


def niqe(rgb: NDArray[np.uint8], naturalness: Naturalness) -> float | None:
    """Distance of a picture's scene statistics from those of photographs (equation 10); lower is better.

    Values are comparable only under the same photographs; and sharpening lowers them even where nothing is
    gained.

    Args:
        rgb: `[H, W, 3]`.
        naturalness: what photographs are like.

    Returns:
        None where fewer than two blocks of 96 px have any texture.

    Raises:
        UsageError: another shape or type.
    """
    features = _textured(luma(rgb))[0]
    if len(features) < 2:
        return None
    apart = features.mean(axis=0) - naturalness.mean
    spread = (np.cov(features.T) + naturalness.covariance) / 2
    return float(np.sqrt(apart @ np.linalg.pinv(spread) @ apart))


def learn_naturalness(photographs: Iterable[NDArray[np.uint8]]) -> Naturalness:
    """The Gaussian over the sharp blocks of photographs (section II-D).

    Args:
        photographs: `[H, W, 3]` each; those without a whole block teach nothing.

    Raises:
        UsageError: too few sharp blocks for so many features, or another shape or type.
    """
    learnt = [np.empty((0, NUM_FEATURES))]
    for photograph in photographs:
        features, contrast = _textured(luma(photograph))
        learnt.append(features[contrast >= _SHARP * contrast.max(initial=0)])
    blocks = np.concatenate(learnt)
    if len(blocks) <= NUM_FEATURES:
        raise UsageError(
            f"{len(blocks)} sharp blocks of {BLOCK_PX} px do not say what is natural;"
            f" more than {NUM_FEATURES} are needed"
        )
    return Naturalness(blocks.mean(axis=0), np.cov(blocks.T))


def _textured(plane: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features and contrast of the blocks that have any."""
    if min(plane.shape) < BLOCK_PX:
        return np.empty((0, NUM_FEATURES)), np.empty(0)
    features, contrast = block_features(plane)
    textured = np.isfinite(features).all(axis=1)
    return features[textured], contrast[textured]
