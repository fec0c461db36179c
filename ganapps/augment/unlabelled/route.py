"""What a way to a classifier takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

Rows = NDArray[np.int64]
Logits = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained classifier and what it says."""

    labelled: Logits
    """Logits of all labelled images, those that it was not trained on included, `[M, K]`."""
    unlabelled: Logits
    """Logits of the unlabelled images, `[N, K]`."""
    network: nn.Module
    """uint8 images `[N, C, H, W]` as float32 in [-1, 1] to logits `[N, K]`."""


class Route(Protocol):
    """Trains a classifier on some labelled images and all unlabelled ones.

    The other labelled images are unlabelled ones to it: what it says of them is as sure as what it says of
    the unlabelled images, which it has seen as well, and calibrates that.
    """

    @property
    def name(self) -> str: ...

    @property
    def num_folds(self) -> int:
        """Trainings that cross-validation may take."""
        ...

    def fit(self, rows: Rows, prior: NDArray[np.float64]) -> Fitted:
        """Train on these labelled images, with these shares of the classes among the unlabelled ones."""
        ...


@dataclass(frozen=True, eq=False)
class Material:
    """What all routes are given."""

    labelled: NDArray[np.uint8]
    """`[M, H, W, C]`"""
    labels: NDArray[np.int64]
    """`[M]`"""
    unlabelled: NDArray[np.uint8]
    """`[N, H, W, C]`"""
    num_classes: int
    seed: int


def held_out(rows: Rows, num: int) -> Rows:
    """The other ones of so many rows."""
    return np.setdiff1d(np.arange(num), rows)
