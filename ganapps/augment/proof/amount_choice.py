"""How many synthetic images help: cross-validation on the training images, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...metrics.recall import balanced_accuracy
from ..classic import POLICIES
from ..synthetic.amount import Amount, TriedAmount
from .learners import Learner
from .pool import Labelled, Part, Pool, Rows
from .tuning import NUM_FOLDS, draw_folds

SHARES = (0.0, 0.5, 1.0)
"""Shares of the images of each class that are tried."""
POLICY = next(policy for policy in POLICIES if policy.name == "affine")
"""Under which classifiers are trained: one that few classes mind, for tuning it would take longer than the
choice itself."""


class Candidates:
    """Synthetic images that passed the selection.

    Args:
        made: the images, of each class in the order in which they were drawn.
        nearest: row of the real image that each is nearest to, `[M]`; -1 for none.
        part: share of them that stands for all, where real images, too, are but a part, 0 to 1.
    """

    def __init__(self, made: Labelled, nearest: Rows, *, part: float = 1.0) -> None:
        self.made, self._nearest, self._part = made, nearest, part
        counts = np.bincount(made.labels)
        # The place of each image among those of its class, 0 to 1, the first of them at 0.
        self._place = np.empty(len(made.labels))
        for label, count in enumerate(counts):
            self._place[made.labels == label] = np.arange(count) / max(1, count)

    def rows(self, share: float) -> Rows:
        """The first ones of each class: such a share of the part, rounded up."""
        return np.flatnonzero(self._place < share * self._part)

    def apart_from(self, fold: Rows, share: float) -> Part:
        """The same without those that are nearest to an image of the fold.

        The generator has seen all real images. What it has kept of the held-out ones must not help to name
        them.
        """
        rows = self.rows(share)
        return self.made.part(rows[~np.isin(self._nearest[rows], fold)])


def choose_amount(
    learners: Sequence[Learner],
    real: Labelled,
    candidates: Candidates,
    num_classes: int,
    *,
    guessed: Labelled | None = None,
    seed: int = 0,
    on_progress: Callable[[float], None] | None = None,
) -> Amount:
    """Choose how many of the synthetic images that passed the selection are added: none, half, or all.

    Each classifier is trained without them, and the better one, which one would rather use, with each amount:
    in three folds, each real image named by a training that has not seen it. The amount with the best
    balanced accuracy is taken if it is better than none by more than the standard error of the difference
    over the images; else none is. So an amount that does nothing is seldom added, and one that does harm
    hardly ever.

    Args:
        learners: what is trained.
        real: the training images, two of each class at least.
        candidates: the synthetic images.
        num_classes: how many classes there are.
        guessed: real images under a label that a classifier gave them: trained on everywhere, asked nowhere.
        seed: what folds, weights and batches are drawn from.
        on_progress: told the share that is done, 0 to 1.
    """
    folds = draw_folds(real.labels, min(NUM_FOLDS, int(real.counts(num_classes).min())), seed)
    trainings, done = (len(learners) + len(SHARES) - 1) * len(folds), 0

    def guess(learner: Learner, share: float) -> NDArray[np.int64]:
        nonlocal done
        guesses = np.empty_like(real.labels)
        for fold in folds:
            parts = [real.part(np.setdiff1d(real.pictures.all, fold)), candidates.apart_from(fold, share)]
            parts += [guessed.part()] if guessed is not None else []
            pool = Pool(tuple(part for part in parts if len(part.rows)))
            guesses[fold] = learner.predict(pool, POLICY, real.pictures, fold, seed=seed)
            done += 1
            if on_progress is not None:
                on_progress(done / trainings)
        return guesses

    def score(guesses: NDArray[np.int64]) -> float:
        return float(balanced_accuracy(guesses, real.labels, num_classes))

    without = [guess(learner, 0.0) for learner in learners]
    number = max(range(len(learners)), key=lambda number: score(without[number]))
    found = [without[number], *(guess(learners[number], share) for share in SHARES[1:])]
    tried = tuple(
        TriedAmount(share=share, images=len(candidates.rows(share)), score=score(guesses))
        for share, guesses in zip(SHARES, found, strict=True)
    )
    best = max(range(1, len(tried)), key=lambda number: tried[number].score)
    difference = tried[best].score - tried[0].score
    error = standard_error(found[0], found[best], real.labels, num_classes)
    return Amount(
        share=SHARES[best] if difference > error else 0.0,
        network=learners[number].name,
        tried=tried,
        difference=difference,
        error=error,
    )


def standard_error(
    one: NDArray[np.int64], other: NDArray[np.int64], labels: NDArray[np.int64], num_classes: int
) -> float:
    """Of the difference of two balanced accuracies on the same images, over draws of such images.

    A class of n images adds the variance of its mean difference, s^2 / n, to that of the sum over K classes;
    a class of one image, which has no variance to show, adds what it would at most.

    Args:
        one, other: predictions, `[N]`.
        labels: `[N]`, at least one image of each class.
        num_classes: K.
    """
    changes = (other == labels).astype(float) - (one == labels).astype(float)
    variance = 0.0
    for label in range(num_classes):
        own = changes[labels == label]
        variance += (float(own.var(ddof=1)) if len(own) > 1 else 1.0) / len(own)
    return float(variance**0.5 / num_classes)
