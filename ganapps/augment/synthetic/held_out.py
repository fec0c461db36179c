"""How near synthetic images lie to real ones, beside images that were held out, or the real ones"
" themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..sets.dataset import LabelledImages, Pixels, Shape, decode, find_images, require_readable
from ..sets.overlap import find_overlap
from .draw import Filled
from .memorisation import Memorisation, leave_one_out, measure, nearest_distances
from .nearness import nearest_test
from .selection import Vectors, describe, distances

_CHUNK = 1024


def compare_distances(
    images: LabelledImages, real: Pixels, filled: Sequence[Filled], test: Path | None
) -> Memorisation | None:
    """Compare the distances to the nearest real image.

    Args:
        images: the real set.
        real: its pixels, uint8 `[N, H, W, C]`.
        filled: what was drawn for each class.
        test: real images that were held out; None compares with each real image and the others.

    Returns:
        None where there is no real image to compare with: all are copies of one, or held-out ones of them.

    Raises:
        DataError, ImageError: the test set cannot be used.
    """
    known = describe(real)
    added = [[image.judgement.distance for image in drawn.added] for drawn in filled]
    generated = [drawn.distances for drawn in filled]
    nearest = None
    if test is None:
        found, labels = leave_one_out(known), images.labels
        labels, found = labels[np.isfinite(found)], found[np.isfinite(found)]
    else:
        unseen, labels = _read_held_out(test, images, real)
        found = nearest_distances(unseen, known)
        made = [image.pixels for drawn in filled for image in drawn.added]
        if made and len(unseen):
            is_training = np.repeat([True, False], [len(known), len(unseen)])
            times = _times_nearest(describe(np.stack(made)), np.concatenate([known, unseen]))
            nearest = nearest_test(times, is_training, np.concatenate([images.labels, labels]))
    if not len(found):
        return None
    return measure(
        *_with_labels(added),
        *_with_labels(generated),
        found,
        labels,
        reference="leave-one-out" if test is None else "held-out",
        nearest=nearest,
    )


def _read_held_out(test: Path, images: LabelledImages, real: Pixels) -> tuple[Vectors, NDArray[np.int64]]:
    """The test images and their classes; those that are real images, or nearly, are left out."""
    found = find_images(test, split="test", least=1)
    pixels = require_readable(found, decode(found, Shape(*real.shape[1:]))).pixels
    numbers = {name: number for number, name in enumerate(images.classes)}
    labels = np.array([numbers.get(found.classes[label], -1) for label in found.labels], dtype=np.int64)
    overlap = find_overlap(pixels, real, images.labels, len(images.classes))
    kept = labels >= 0
    kept[overlap.exact] = kept[overlap.near] = False
    return describe(pixels)[kept], labels[kept]


def _times_nearest(asked: Vectors, known: Vectors) -> NDArray[np.int64]:
    """How often each known image is the nearest to one that is asked for, `[len(known)]`."""
    parts = [
        distances(asked[start : start + _CHUNK], known).argmin(axis=1)
        for start in range(0, len(asked), _CHUNK)
    ]
    return np.bincount(np.concatenate(parts), minlength=len(known)).astype(np.int64)


def _with_labels(of_class: Sequence[Sequence[float]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    values = np.array([value for values in of_class for value in values], dtype=np.float64)
    return values, np.repeat(np.arange(len(of_class), dtype=np.int64), [len(values) for values in of_class])
