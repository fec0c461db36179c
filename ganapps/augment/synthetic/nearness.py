"""Two tests of whether what was made repeats what was learned from.

A generator that has learned a class makes images that lie as near to real images it has not seen as to those
it has. One that repeats its training images lies nearer to these. The two tests:

- With held-out images: how often the nearest of all real images is one that was trained on. Had training made
  no difference, which were trained on and which held out could be exchanged, class by class, so permutations
  of that give an exact p-value (Fisher 1935, The Design of Experiments, chapter 3). Images that are merely
  plain or typical are near to both and do not mislead it.
- With or without: whether the distances to the nearest training image are smaller for synthetic images than
  for real ones, which are held out or left out one by one; by ranks, class by class, after Meehan, Chaudhuri
  and Dasgupta 2020 (arXiv 2004.05675, section 3), with the rank sums of classes added as van Elteren 1960
  does (Bulletin de l'Institut International de Statistique 37, 351-361).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float64]
Labels = NDArray[np.int64]

_PERMUTATIONS = 4000


@dataclass(frozen=True, kw_only=True)
class RankTest:
    """Two samples of distances, compared class by class."""

    nearer: float
    """How often a synthetic image lies nearer than a real one of its class, 0 to 1; ties count half."""
    p_value: float
    """One-sided: how likely so many would be, if it were a matter of chance; small means copies."""


@dataclass(frozen=True, kw_only=True)
class NearestTest:
    """Which real image is the nearest to each synthetic one."""

    training: float
    """How often it is one that was trained on, 0 to 1."""
    expected: float
    """How often it would be by chance: training images may be more than held-out ones."""
    p_value: float
    """One-sided, over permutations; small means copies."""


def nearest_test(
    times: NDArray[np.int64], is_training: NDArray[np.bool_], labels: Labels, *, seed: int = 0
) -> NearestTest | None:
    """Whether the nearest real image is one that was trained on more often than chance would have it.

    Which real image is the nearest does not hang on which of them were trained on. So the statistic, the
    synthetic images whose nearest one was, is computed again for 4,000 permutations of that within each
    class.

    Args:
        times: how often each real image, trained on or held out, is the nearest of all, `[R]`.
        is_training: which of them were trained on, `[R]`.
        labels: their classes, `[R]`.
        seed: what permutations are drawn from.

    Returns:
        None where there are no synthetic images, or no class has images of both kinds.
    """
    random = np.random.default_rng(seed)
    drawn, expected = np.zeros(_PERMUTATIONS), 0.0
    for label in np.unique(labels):
        own = labels == label
        members = is_training[own]
        expected += float(times[own].sum()) * float(members.mean())
        shuffled = random.permuted(np.tile(members, (_PERMUTATIONS, 1)), axis=1)
        drawn += shuffled @ times[own].astype(np.float64)
    total, seen = int(times.sum()), float(times[is_training].sum())
    if not total or np.ptp(drawn) == 0:
        return None
    p_value = (1 + int((drawn >= seen).sum())) / (1 + _PERMUTATIONS)
    return NearestTest(training=seen / total, expected=expected / total, p_value=p_value)


def rank_test(
    first: Distances, first_labels: Labels, second: Distances, second_labels: Labels
) -> RankTest | None:
    """Whether the first sample is the smaller one, class by class.

    In each class of n and m images U counts the pairs in which the first is smaller, ties half (Mann and
    Whitney 1947). The statistic is the sum of U / (n + m + 1); under exchangeability it has mean
    sum n m / 2 (n + m + 1) and, being a sum of many, nearly a normal distribution. Classes that only one of
    the samples has tell nothing.

    Args:
        first: `[N]`.
        first_labels: `[N]`.
        second: `[M]`.
        second_labels: `[M]`.

    Returns:
        None where no class has images of both, or all distances are the same.

    Example:
        >>> zeros = np.zeros(8, dtype=np.int64)
        >>> rank_test(np.arange(8.0), zeros, np.arange(8.0) + 8, zeros).nearer
        1.0
    """
    total = most = variance = 0.0
    for label in np.intersect1d(first_labels, second_labels):
        ours, theirs = first[first_labels == label], second[second_labels == label]
        num_ours, num_theirs = len(ours), len(theirs)
        num = num_ours + num_theirs
        weight = 1 / (num + 1)
        total += weight * _smaller_pairs(ours, theirs)
        most += weight * num_ours * num_theirs
        _, ties = np.unique(np.concatenate([ours, theirs]), return_counts=True)
        tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / (num * (num - 1))
        variance += weight**2 * num_ours * num_theirs / 12 * (num + 1 - tied)
    if variance <= 0:
        return None
    score = (total - most / 2) / math.sqrt(variance)
    return RankTest(nearer=total / most, p_value=math.erfc(score / math.sqrt(2)) / 2)


def _smaller_pairs(ours: Distances, theirs: Distances) -> float:
    """Pairs in which ours is the smaller, ties half."""
    ordered = np.sort(theirs)
    larger = len(theirs) - np.searchsorted(ordered, ours, side="right")
    same = np.searchsorted(ordered, ours, side="right") - np.searchsorted(ordered, ours, side="left")
    return float(larger.sum() + same.sum() / 2)
