"""Which unlabelled images are worth a label: those that are nowhere yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..sets.copies import find_pairs
from ..sets.overlap import find_overlap
from ..sets.shape import Pixels
from .reasons import Reason


@dataclass(frozen=True, eq=False)
class Sieved:
    """What is left, and why the rest is not."""

    rows: NDArray[np.int64]
    """In ascending order."""
    left_out: Counter[Reason]


def sieve(
    pixels: Pixels,
    labelled: Pixels,
    labels: NDArray[np.int64],
    num_classes: int,
    *,
    test: Pixels | None = None,
) -> Sieved:
    """Leave out images that are known already, as they are or nearly (see `overlap` and `copies`).

    An image for which there are several reasons is counted under the first: it is in the test set, in the
    labelled set, nearly in it, or repeats an unlabelled image that stays.

    Args:
        pixels: unlabelled images, uint8 `[N, H, W, C]`.
        labelled: `[M, H, W, C]`.
        labels: of these, `[M]`.
        num_classes: how many classes there are.
        test: images of a test set, `[T, H, W, C]`: a label guessed from the training images would take them
            over to the other side.
    """
    left_out: Counter[Reason] = Counter()
    gone = np.zeros(len(pixels), dtype=bool)

    def drop(rows: NDArray[np.int64], reason: Reason) -> None:
        new = rows[~gone[rows]]
        gone[new] = True
        left_out[reason] += len(new)

    if test is not None and len(test):
        known = find_overlap(pixels, test, np.zeros(len(test), dtype=np.int64), 1)
        drop(np.concatenate([known.exact, known.near]), Reason.IN_TEST)
    known = find_overlap(pixels, labelled, labels, num_classes)
    drop(known.exact, Reason.IN_SET)
    drop(known.near, Reason.NEAR_SET)
    kept = np.flatnonzero(~gone)
    if len(kept) > 1:
        pairs = find_pairs(pixels[kept], np.zeros(len(kept), dtype=np.int64), 1)
        drop(kept[sorted({pair.second for pair in pairs})], Reason.REPEAT)
    return Sieved(np.flatnonzero(~gone), left_out)
