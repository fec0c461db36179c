"""Images that stand on both sides of a comparison, where they would prove nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..synthetic.selection import describe, distances, near_copy_thresholds
from .shape import Pixels

NEAR_SHARE = 0.5
"""A test image is a near-copy of a training image below this share of the distance at which generated ones
are. Measured with 50 images a class of drawings, digits, clothes, hands, aerial photographs and X-rays: of
3,250 test images that are other images none lies below, while 11 of 400 drawings lie below the whole."""
_CHUNK = 1024


@dataclass(frozen=True)
class Overlap:
    """Which images of one set are in another."""

    exact: NDArray[np.int64]
    """Rows of the first set whose pixels are those of an image of the second."""
    twins: NDArray[np.int64]
    """For each of these a row of the second set."""
    near: NDArray[np.int64]
    """Rows of the first set that are near-copies, and not exact ones."""


def find_overlap(asked: Pixels, known: Pixels, labels: NDArray[np.int64], num_classes: int) -> Overlap:
    """Images of `asked` that are in `known`, as they are or nearly.

    Args:
        asked: uint8 `[N, H, W, C]`.
        known: uint8 `[M, H, W, C]`, of the same size.
        labels: of `known`, `[M]`; how near is too near differs from class to class.
        num_classes: how many classes there are.
    """
    rows = {digest: row for row, digest in enumerate(digests(known))}
    twins = np.array([rows.get(digest, -1) for digest in digests(asked)], dtype=np.int64)
    near = np.flatnonzero((twins < 0) & _is_near(asked, known, labels, num_classes))
    exact = np.flatnonzero(twins >= 0)
    return Overlap(exact, twins[exact], near)


def digests(images: Pixels) -> list[bytes]:
    """SHA-256 of the pixels of each image."""
    return [hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest() for image in images]


def _is_near(asked: Pixels, known: Pixels, labels: NDArray[np.int64], num_classes: int) -> NDArray[np.bool_]:
    vectors, others = describe(known), describe(asked)
    thresholds = NEAR_SHARE * near_copy_thresholds(vectors, labels, num_classes)
    near = np.zeros(len(asked), dtype=bool)
    for start in range(0, len(asked), _CHUNK):
        rows = distances(others[start : start + _CHUNK], vectors)
        near[start : start + _CHUNK] = (rows < thresholds[labels]).any(axis=1)
    return near
