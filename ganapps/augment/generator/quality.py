"""How good a generator is, as one number, by real images that its game was not shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...metrics.coverage import coverage
from ...metrics.kid import kid
from ..sets.dataset import Pixels
from ..sets.labelled import mark_share

Vectors = NDArray[np.float32]
Embed = Callable[[Pixels], Vectors]

SCORE = "held-out score"
_HELD_OUT = 0.1
"""Share of each class that is held out."""
_LEAST_HELD_OUT = 50
"""Below so many held-out images the score is noise, and what they cost the generator is much."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What a score is made of."""

    agreement: float
    """How often a classifier sees the class that was asked for, 0 to 1."""
    distance: float
    """Kernel distance of generated from held-out images, see `kid`."""
    coverage: float
    """Share of held-out images that something generated comes near to, 0 to 1, see `coverage`."""
    apart: float
    """Kernel distance of a class from the others, the mean over the classes: what a distance is measured
    by."""

    @property
    def closeness(self) -> float:
        """1 at no distance, 1/2 where generated images lie as far from real ones as classes from each
        other."""
        return self.apart / (self.apart + max(self.distance, 0.0))

    @property
    def score(self) -> float:
        """Geometric mean of agreement, closeness and coverage, 0 to 1.

        No one of them can be bought with another: a generator that repeats one good image a class has no
        coverage, one of good images of any class no agreement, and one of blurred images no closeness.
        """
        return math.cbrt(self.agreement * self.closeness * self.coverage)

    def scalars(self) -> dict[str, float]:
        """For a report."""
        return {
            SCORE: self.score,
            "held-out kernel distance": self.distance,
            "held-out coverage": self.coverage,
        }


class HeldOutQuality:
    """Scores generated images against held-out ones.

    It compares states of one run. Where the vectors are those of the network that a projected discriminator
    looks through, a generator trained against that one is flattered, so runs with different discriminators
    are not to be compared by it.

    Args:
        embed: from uint8 `[N, H, W, C]` to vectors, `[N, D]`.
        shown: real images that are trained on, for how far classes lie apart.
        labels: theirs.
        held_out: real images that are not.
    """

    def __init__(self, embed: Embed, shown: Pixels, labels: NDArray[np.int64], held_out: Pixels) -> None:
        self._embed, self._real = embed, embed(held_out)
        self._apart = classes_apart(embed(shown), labels)

    def __call__(self, made: Pixels, agreement: float) -> Quality:
        """Score as many images of each class, uint8 `[M, H, W, C]`, of which a classifier agrees to so
        many."""
        vectors = self._embed(made)
        return Quality(
            agreement=agreement,
            distance=kid(self._real, vectors),
            coverage=coverage(self._real, vectors).coverage,
            apart=self._apart,
        )


def classes_apart(vectors: Vectors, labels: NDArray[np.int64]) -> float:
    """Mean over the classes of the kernel distance of a class from all others; never 0.

    Args:
        vectors: `[N, D]`.
        labels: `[N]`; classes of one image are left out.
    """
    classes, counts = np.unique(labels, return_counts=True)
    found = [
        kid(vectors[labels == label], vectors[labels != label])
        for label, count in zip(classes, counts, strict=True)
        if 2 <= count <= len(labels) - 2
    ]
    return max(float(np.mean(found)) if found else 0.0, 1e-9)


def hold_out(labels: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which images a generator's game is not shown: a tenth of each class, rounded down.

    Of a set where that makes fewer than 50 images, none: then every image is worth more to the generator than
    a score.

    Returns:
        `[N]`
    """
    chosen = mark_share(labels, _HELD_OUT, np.random.default_rng((seed, 3)))
    return chosen if chosen.sum() >= _LEAST_HELD_OUT else np.zeros_like(chosen)
