"""The difference of two classifiers on the same test images, and how far it can be trusted.

Each classifier is trained several times, once for each seed, and every one of these is scored on every test
image. So a score hangs on two things that were drawn at random, the seed and the image, and they are crossed:
all seeds see the same images. The bootstrap draws both anew, independently of each other (the pigeonhole
bootstrap, Owen 2007, arXiv 0712.1111), which treats the part of the variance that belongs to seed and image
together as larger than it is, never as smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Scores = NDArray[np.float64] | NDArray[np.bool_]

_AT_ONCE = 4_000_000
"""Indices held at a time."""


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Mean of `second - first` with its interval, on the scale of the scores."""

    mean: float
    low: float
    high: float
    seeds_half_width: float
    """Half of the interval that the seeds alone would give."""
    images_half_width: float
    """Half of the interval that the test images alone would give."""
    of_seeds: tuple[float, ...]
    """The difference under each seed; their mean is `mean`."""

    @property
    def half_width(self) -> float:
        """Half of `high - low`."""
        return (self.high - self.low) / 2


def paired_difference(
    first: Scores,
    second: Scores,
    labels: NDArray[np.int64],
    *,
    balanced: bool = True,
    confidence: float = 0.95,
    resamples: int = 4000,
    seed: int = 0,
) -> PairedDifference:
    """Bootstrap interval of the mean difference of two tables of scores.

    Resampled are seeds (whole rows) and, within each class, test images (whole columns); both with
    replacement, and of n there are n - 1 drawn, which makes the variance unbiased for the few that seeds are
    (Rao and Wu 1988, JASA 83, section 2). The interval is between percentiles.

    Args:
        first: `[S, N]`, row s of the s-th seed: 1 where image n is classified rightly, 0 where not.
        second: the same of the other classifier; row by row the same seeds, column by column the same images.
        labels: class of each image, `[N]`.
        balanced: whether each class counts the same (balanced accuracy) or each image (accuracy).
        confidence: of the interval, between 0 and 1.
        resamples: bootstrap samples.
        seed: what they are drawn from.

    Raises:
        UsageError: shapes that do not fit, or fewer than two seeds.

    Example:
        >>> worse, better = np.zeros((6, 8)), np.ones((6, 8))
        >>> result = paired_difference(worse, better, np.repeat([0, 1], 4))
        >>> result.mean, result.low, result.high
        (1.0, 1.0, 1.0)
    """
    _require_pairs(first, second, labels)
    differences = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    num_seeds, num_images = differences.shape
    random = np.random.default_rng(seed)
    drawn_seeds = _mean_weights(random, num_seeds, resamples)
    of_seeds, drawn_images = np.zeros(num_seeds), np.zeros((resamples, num_seeds))
    classes, counts = np.unique(labels, return_counts=True)
    for label, count in zip(classes, counts, strict=True):
        weight = 1 / len(classes) if balanced else count / num_images
        own = differences[:, labels == label]
        of_seeds += weight * own.mean(axis=1)
        drawn_images += weight * _means_of_draws(random, own, resamples)
    low, high = _limits((drawn_seeds * drawn_images).sum(axis=1), confidence)
    return PairedDifference(
        mean=float(of_seeds.mean()),
        low=low,
        high=high,
        seeds_half_width=_half(drawn_seeds @ of_seeds, confidence),
        images_half_width=_half(drawn_images.mean(axis=1), confidence),
        of_seeds=tuple(of_seeds.tolist()),
    )


def _require_pairs(first: Scores, second: Scores, labels: NDArray[np.int64]) -> None:
    if first.ndim != 2 or first.shape != second.shape or labels.shape != first.shape[1:]:
        raise UsageError(
            f"scores must be two tables of seeds and images with a label for each image, got {first.shape},"
            f" {second.shape} and {labels.shape}"
        )
    if first.shape[0] < 2 or first.shape[1] < 1:
        raise UsageError(f"an interval needs at least 2 seeds and 1 image, got {first.shape}")


def _means_of_draws(
    random: np.random.Generator, own: NDArray[np.float64], resamples: int
) -> NDArray[np.float64]:
    """For each sample of images the mean under each seed, `[resamples, S]`."""
    step = max(1, _AT_ONCE // own.shape[1])
    parts = [
        _mean_weights(random, own.shape[1], min(step, resamples - start)) @ own.T
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def _mean_weights(random: np.random.Generator, num: int, resamples: int) -> NDArray[np.float64]:
    """Rows that turn `num` values into the mean of `num - 1` of them, drawn with replacement."""
    draws = max(1, num - 1)
    drawn = random.integers(num, size=(resamples, draws)) + num * np.arange(resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=resamples * num).reshape(resamples, num)
    return counts / draws


def _limits(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _half(values: NDArray[np.float64], confidence: float) -> float:
    low, high = _limits(values, confidence)
    return (high - low) / 2
