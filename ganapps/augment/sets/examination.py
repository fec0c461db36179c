"""Look at a labelled set before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...errors import DataError
from .copies import MAX_COMPARED, Pair, find_pairs
from .dataset import Decoded, LabelledImages, Shape, decode, find_images
from .labelled import require_two_classes
from .overlap import find_overlap
from .preflight import ClassCheck, Copy, Preflight, TestCheck

_TRAIN_SHARE = 0.7
"""Of the work where there is a test set, for the bar."""


def examine(
    data: Path,
    *,
    test: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Preflight:
    """Look at a set, and at a test set beside it. Nothing is written.

    Args:
        data: the folder, table or .npz file.
        test: real images that nothing is to be trained on.
        on_progress: told the share of images that are read, 0 to 1.

    Raises:
        DataError: the set cannot be used at all: it is missing, has one class, or a class of fewer than two
            images; or the test set is missing, is the set itself, or has a class that the set has not.
    """
    images = find_images(data)
    require_two_classes(images)
    tell = on_progress or _ignore
    share = 1.0 if test is None else _TRAIN_SHARE
    beside = None if test is None else _find_test(test, images)
    decoded = decode(images, on_progress=lambda done: tell(share * done))
    _require_any(images, decoded)
    labels = images.labels[decoded.rows]
    pairs = find_pairs(decoded.pixels, labels, len(images.classes))
    crossing = [labels[pair.first] != labels[pair.second] for pair in pairs]
    within = [pair for pair, crosses in zip(pairs, crossing, strict=True) if not crosses]
    across = [pair for pair, crosses in zip(pairs, crossing, strict=True) if crosses]
    shape = Shape(*decoded.pixels.shape[1:])
    return Preflight(
        path=str(data),
        classes=tuple(_check(images, decoded, within, label) for label in range(len(images.classes))),
        shape=shape,
        num_sizes=len(set(decoded.sizes)),
        fitted=sum(decoded.has_margins),
        white=decoded.white,
        copies=tuple(_name(images, decoded, pair) for pair in within),
        suspicious=tuple(_name(images, decoded, pair) for pair in across),
        near_compared=len(decoded.rows) <= MAX_COMPARED,
        unreadable=tuple(decoded.unreadable.values()),
        test=None
        if beside is None
        else _check_test(beside, images, decoded, lambda done: tell(share + (1 - share) * done)),
    )


def _require_any(images: LabelledImages, decoded: Decoded) -> None:
    if not len(decoded.rows):
        raise DataError(
            f"none of the {len(images.labels)} images of {images.root} can be read, the first:"
            f" {decoded.unreadable[0]}"
        )


def _check(images: LabelledImages, decoded: Decoded, within: list[Pair], label: int) -> ClassCheck:
    labels = images.labels[decoded.rows]
    own = np.flatnonzero(labels == label)
    sizes = sorted((decoded.sizes[row] for row in own), key=_area)
    repeats = [pair.exact for pair in within if labels[pair.second] == label]
    heights, widths = np.array(sizes).T if sizes else (np.empty(0), np.empty(0))
    return ClassCheck(
        name=images.classes[label],
        images=images.counts[label],
        smallest=sizes[0] if sizes else None,
        median=(round(float(np.median(heights))), round(float(np.median(widths)))) if sizes else None,
        largest=sizes[-1] if sizes else None,
        colour=int((~decoded.grey[own]).sum()),
        exact_copies=sum(repeats),
        near_copies=len(repeats) - sum(repeats),
        unreadable=images.counts[label] - len(own),
    )


def _name(images: LabelledImages, decoded: Decoded, pair: Pair) -> Copy:
    first, second = (int(decoded.rows[row]) for row in (pair.first, pair.second))
    return Copy(
        first=images.source(first),
        second=images.source(second),
        classes=(images.classes[images.labels[first]], images.classes[images.labels[second]]),
        exact=pair.exact,
    )


def _find_test(path: Path, images: LabelledImages) -> LabelledImages:
    same = path.resolve() == images.root.resolve()
    if same and path.suffix.lower() != ".npz":
        raise DataError(f"the test set {path} is the training set: give images that nothing is trained on")
    if path.is_dir() and images.root.is_dir() and path.resolve().is_relative_to(images.root.resolve()):
        raise DataError(f"the test set {path} lies inside the training set {images.root}: move it out of it")
    test = find_images(path, split="test", least=1)
    unknown = [name for name in test.classes if name not in images.classes]
    if unknown:
        raise DataError(
            f"{path} has a class {unknown[0]!r} that {images.root} has not; its classes are"
            f" {', '.join(images.classes)}"
        )
    return test


def _check_test(
    test: LabelledImages, images: LabelledImages, decoded: Decoded, tell: Callable[[float], None]
) -> TestCheck:
    shape = Shape(*decoded.pixels.shape[1:])
    asked = decode(test, shape, on_progress=tell)
    _require_any(test, asked)
    labels = images.labels[decoded.rows]
    overlap = find_overlap(asked.pixels, decoded.pixels, labels, len(images.classes))
    exact = []
    for row, twin in zip(asked.rows[overlap.exact], decoded.rows[overlap.twins], strict=True):
        classes = (images.classes[images.labels[twin]], test.classes[test.labels[row]])
        exact.append(Copy(first=images.source(twin), second=test.source(row), classes=classes, exact=True))
    return TestCheck(
        path=str(test.root),
        images=len(asked.rows),
        exact=tuple(exact),
        near=tuple(test.source(int(row)) for row in asked.rows[overlap.near]),
        unreadable=tuple(asked.unreadable.values()),
        missing=tuple(name for name in images.classes if name not in test.classes),
        white=asked.white,
    )


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _ignore(share: float) -> None:
    """Nobody wants to know."""
