"""Images that a set holds more than once, as they are or nearly, in one class or in two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..synthetic.selection import describe, distances, near_copy_thresholds
from .overlap import NEAR_SHARE, digests
from .shape import Pixels

MAX_COMPARED = 20_000
"""In larger sets only exact copies are looked for: near ones need every pair."""
_CHUNK = 1024


@dataclass(frozen=True)
class Pair:
    """Two images of a set that show the same."""

    first: int
    second: int
    """Rows; `first` is the smaller."""
    exact: bool
    """Whether their pixels are the same."""


def find_pairs(pixels: Pixels, labels: NDArray[np.int64], num_classes: int) -> list[Pair]:
    """The images that repeat an earlier one.

    Each image stands as `second` at most once for its own class and once for others, with the earlier image
    that is most like it. Two images of two classes are near-copies when both classes would call them so.

    Args:
        pixels: uint8 `[N, H, W, C]`.
        labels: `[N]`.
        num_classes: how many classes there are.
    """
    found = _exact(pixels, labels)
    if len(pixels) > MAX_COMPARED or len(pixels) < 2:
        return found
    vectors = describe(pixels)
    thresholds = NEAR_SHARE * near_copy_thresholds(vectors, labels, num_classes)
    known = {(pair.second, bool(labels[pair.first] == labels[pair.second])) for pair in found}
    for start in range(0, len(pixels), _CHUNK):
        seconds = np.arange(start, min(start + _CHUNK, len(pixels)))
        rows = distances(vectors[seconds], vectors[: seconds[-1] + 1])
        firsts = np.arange(rows.shape[1])
        limits = np.minimum(thresholds[labels[seconds]][:, None], thresholds[labels[firsts]][None])
        rows[(firsts >= seconds[:, None]) | (rows >= limits)] = np.inf
        own = labels[seconds][:, None] == labels[firsts]
        for same in (True, False):
            apart = np.where(own == same, rows, np.inf)
            nearest = apart.argmin(axis=1)
            for number in np.flatnonzero(np.isfinite(apart.min(axis=1))):
                second = int(seconds[number])
                if (second, same) not in known:
                    found.append(Pair(int(nearest[number]), second, exact=False))
    return sorted(found, key=_order)


def _exact(pixels: Pixels, labels: NDArray[np.int64]) -> list[Pair]:
    found: list[Pair] = []
    seen: dict[bytes, dict[int, int]] = {}
    for row, digest in enumerate(digests(pixels)):
        first_of = seen.setdefault(digest, {})
        label = int(labels[row])
        if label in first_of:
            found.append(Pair(first_of[label], row, exact=True))
        else:
            found += [Pair(first, row, exact=True) for first in list(first_of.values())[:1]]
            first_of[label] = row
    return found


def _order(pair: Pair) -> tuple[int, int]:
    return pair.second, pair.first
