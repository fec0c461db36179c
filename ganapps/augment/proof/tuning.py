"""Which classic policy suits a set: cross-validation on the training images, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...metrics.recall import balanced_accuracy
from ..classic import POLICIES, ClassicPolicy
from .learners import Learner
from .pool import Labelled, Pictures, Pool, Rows, draw_rows

NUM_FOLDS = 3
FINALISTS = 3
"""Policies that go on from the first fold to the others."""
_MOST_IMAGES = 1500
"""Of a larger set so many are drawn, the classes alike: to tell policies or amounts apart they are enough."""


@dataclass(frozen=True, kw_only=True)
class TriedPolicy:
    """A policy and its score on images that were held out."""

    policy: ClassicPolicy
    score: float
    """Balanced accuracy, 0 to 1."""
    folds: int
    """How many folds the score is from: all for finalists, one for the others."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What the tuning found for one learner."""

    policy: ClassicPolicy
    """The finalist with the best score; of equal ones the weakest."""
    score: float
    """Its balanced accuracy on held-out training images."""
    tried: tuple[TriedPolicy, ...]
    """All of them, in the order they were given."""


def tune(
    learner: Learner,
    real: Labelled,
    num_classes: int,
    *,
    seed: int,
    policies: Sequence[ClassicPolicy] = POLICIES,
    on_progress: Callable[[float], None] | None = None,
) -> Tuned:
    """Choose a policy by cross-validation.

    Every policy is scored on the first of three folds, and the best three on the two others as well; the
    best of those over all three folds is chosen. Images of the test set play no part: there is no argument
    by which they could.

    Args:
        learner: what is trained.
        real: the training images, two of each class at least.
        num_classes: how many classes there are.
        seed: what folds, weights and batches are drawn from.
        policies: what is tried, from weak to strong.
        on_progress: told the share that is done, 0 to 1.
    """
    rows = rows_to_ask(real.labels, num_classes, seed)
    if len(rows) < len(real.labels):
        real = Labelled(Pictures(real.pictures.pixels[rows]), real.labels[rows])
    folds = draw_folds(real.labels, min(NUM_FOLDS, int(real.counts(num_classes).min())), seed)
    finalists = min(FINALISTS, len(policies))
    trainings = len(policies) + finalists * (len(folds) - 1)
    guesses: dict[int, list[NDArray[np.int64]]] = {number: [] for number in range(len(policies))}

    def try_on(number: int, fold: Rows) -> None:
        rest = np.setdiff1d(real.pictures.all, fold)
        pool = Pool((real.part(rest),))
        guesses[number].append(learner.predict(pool, policies[number], real.pictures, fold, seed=seed))
        if on_progress is not None:
            on_progress(sum(map(len, guesses.values())) / trainings)

    def score(number: int) -> float:
        seen = np.concatenate(folds[: len(guesses[number])])
        predictions = np.concatenate(guesses[number])
        return float(balanced_accuracy(predictions, real.labels[seen], num_classes))

    for number in guesses:
        try_on(number, folds[0])
    # Sorting is stable, so of equal ones the weaker goes first.
    best = sorted(guesses, key=score, reverse=True)[:finalists]
    for number in best:
        for fold in folds[1:]:
            try_on(number, fold)
    chosen = max(sorted(best), key=score)
    tried = tuple(
        TriedPolicy(policy=policy, score=score(number), folds=len(guesses[number]))
        for number, policy in enumerate(policies)
    )
    return Tuned(policy=policies[chosen], score=score(chosen), tried=tried)


def draw_folds(labels: NDArray[np.int64], num_folds: int, seed: int) -> list[Rows]:
    """Rows in `num_folds` parts, each class spread over them as evenly as can be.

    Example:
        >>> [fold.tolist() for fold in draw_folds(np.array([0, 1, 0, 1]), 2, seed=0)]
        [[0, 3], [1, 2]]
    """
    random = np.random.default_rng((seed, 2))
    fold_of = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        own = random.permutation(np.flatnonzero(labels == label))
        fold_of[own] = np.arange(len(own)) % num_folds
    return [np.flatnonzero(fold_of == fold) for fold in range(num_folds)]


def rows_to_ask(labels: NDArray[np.int64], num_classes: int, seed: int) -> Rows:
    """Rows of the training images that cross-validation asks about: all, or of a large set so many, the
    classes alike, in ascending order."""
    most = max(2 * NUM_FOLDS, _MOST_IMAGES // num_classes)
    counts = np.bincount(labels, minlength=num_classes)
    if len(labels) <= _MOST_IMAGES or counts.max() <= most:
        return np.arange(len(labels))
    return np.sort(draw_rows(labels, np.minimum(counts, most), seed))
