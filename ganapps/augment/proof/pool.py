"""What a classifier is trained on, and what it is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..sets.dataset import Pixels

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images without labels; two are the same only where they are one object, so that what is computed of
    them once can be kept."""

    pixels: Pixels
    """uint8 `[N, H, W, C]`"""

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def all(self) -> Rows:
        """Every row, in order."""
        return np.arange(len(self), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Part:
    """Some of a set's images, each as often as its row is named, with their labels."""

    pictures: Pictures
    rows: Rows
    labels: NDArray[np.int64]
    """Of the rows, `[len(rows)]`."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """A whole set."""

    pictures: Pictures
    labels: NDArray[np.int64]
    """`[N]`"""

    def part(self, rows: Rows | None = None) -> Part:
        """Those rows of it; None is all."""
        chosen = self.pictures.all if rows is None else rows
        return Part(self.pictures, chosen, self.labels[chosen])

    def counts(self, num_classes: int) -> NDArray[np.int64]:
        """Images in each class, `[num_classes]`."""
        return np.bincount(self.labels, minlength=num_classes)


@dataclass(frozen=True, eq=False)
class Pool:
    """All that a classifier is trained on."""

    parts: tuple[Part, ...]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of all images, part after part."""
        return np.concatenate([part.labels for part in self.parts])

    def __len__(self) -> int:
        return sum(len(part.rows) for part in self.parts)


def draw_rows(labels: NDArray[np.int64], wanted: NDArray[np.int64], seed: int) -> Rows:
    """As many rows of each class as are wanted, in random order.

    A row comes a second time only when all of its class have come once, and so on; of a class that has none
    there are none.

    Args:
        labels: `[N]`.
        wanted: rows of each class, `[K]`.
        seed: what they are drawn from.

    Example:
        >>> sorted(draw_rows(np.array([0, 0, 1]), np.array([3, 1]), seed=0).tolist())[-1]
        2
    """
    chosen: list[Rows] = []
    for label, number in enumerate(wanted):
        own = np.flatnonzero(labels == label)
        random = np.random.default_rng((seed, label))
        rounds = -(-int(number) // len(own)) if len(own) else 0
        if rounds:
            chosen.append(np.concatenate([random.permutation(own) for _ in range(rounds)])[:number])
    return np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
