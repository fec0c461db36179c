"""The sets of a proof: read, brought to one size, and checked against each other.

Each may be whatever `ganapps augment` takes: a folder, a table, or an .npz file (see `dataset`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ..sets.dataset import Pixels, Shape, decode_images, find_images
from ..sets.labelled import require_two_classes
from ..sets.overlap import digests, find_overlap
from .pool import Labelled, Pictures

MANIFEST = "manifest.jsonl"
_MOST_NEAR = 0.1
"""With a larger share of near-copies of training images, a test set is none."""


@dataclass(frozen=True, eq=False)
class ReadSet:
    """A set as it was read."""

    path: Path
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    """`[N]`, numbers of `classes`."""
    pixels: Pixels
    """uint8 `[N, H, W, C]`"""
    names: tuple[str, ...]
    """What to call each image in a message."""

    @property
    def shape(self) -> Shape:
        """Of every image."""
        return Shape(*self.pixels.shape[1:])

    def labelled(self, rows: NDArray[np.int64] | None = None) -> Labelled:
        """Pixels and labels of some rows, or of all."""
        if rows is None:
            return Labelled(Pictures(self.pixels), self.labels)
        return Labelled(Pictures(self.pixels[rows]), self.labels[rows])


@dataclass(frozen=True, eq=False)
class TestSet:
    """The test images and, apart from them, what only scoring may see."""

    pictures: Pictures
    labels: NDArray[np.int64]
    near_copies: int
    """Images that were left out because a training image is nearly the same."""


def read_set(
    path: Path,
    *,
    split: str = "train",
    like: ReadSet | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ReadSet:
    """Read a set.

    Args:
        path: as for `find_images`.
        split: part of an .npz file that tells parts apart.
        like: the set whose classes and size it must have; None lets it have its own.
        on_progress: told the share of images that are decoded, 0 to 1.

    Raises:
        DataError: it cannot be read, or has a class that `like` has not.
        ImageError: a damaged image.
    """
    shape = like.shape if like else None
    found = find_images(path, split=split, least=1 if like else 2)
    classes, own = found.classes, found.labels
    pixels = decode_images(found, shape, on_progress=on_progress)
    names = tuple(found.source(index) for index in range(len(own)))
    if like is None:
        require_two_classes(found)
        return ReadSet(path, classes, own.astype(np.int64), pixels, names)
    unknown = [name for name in classes if name not in like.classes]
    if unknown:
        raise DataError(
            f"{path} has a class {unknown[0]!r} that {like.path} has not; its classes are"
            f" {', '.join(like.classes)}"
        )
    numbers = np.array([like.classes.index(name) for name in classes], dtype=np.int64)
    return ReadSet(path, like.classes, numbers[own], pixels, names)


def read_added(path: Path, real: ReadSet) -> Labelled:
    """The images that an expanded set has more than the real one; there may be none.

    In a folder that `ganapps augment` wrote these are the ones its manifest names. Of any other set they are
    the images whose pixels are not those of a real one.

    Raises:
        DataError: it cannot be read, has an unknown class, or was made from other images than `real`.
    """
    written = (path / MANIFEST).is_file()
    expanded = read_set(path / "images" if written else path, like=real)
    known = set(digests(real.pixels))
    is_real = np.array([digest in known for digest in digests(expanded.pixels)], dtype=bool)
    if not written:
        if not is_real.any():
            raise DataError(f"{path} holds none of the images of {real.path}: it is no expansion of that set")
        return expanded.labelled(np.flatnonzero(~is_real))
    made = {str(path / file) for file in _made(path)}
    is_made = np.array([name in made for name in expanded.names], dtype=bool)
    strange = np.flatnonzero(~is_made & ~is_real)
    if len(strange):
        raise DataError(
            f"{expanded.names[strange[0]]} is neither in {real.path} nor synthetic by the manifest: {path}"
            " was made from another set"
        )
    return expanded.labelled(np.flatnonzero(is_made))


def _made(path: Path) -> list[str]:
    """Files that the manifest names."""
    try:
        lines = (path / MANIFEST).read_text(encoding="utf-8").splitlines()
        return [str(json.loads(line)["file"]) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path / MANIFEST} is damaged: {error}") from error


def read_extra(path: Path, real: ReadSet) -> Labelled:
    """Further real images; those that `real` has as well are left out.

    Raises:
        DataError: it cannot be read, has an unknown class, or nothing that `real` has not.
    """
    extra = read_set(path, like=real)
    known = set(digests(real.pixels))
    new = np.array([digest not in known for digest in digests(extra.pixels)], dtype=bool)
    if not new.any():
        raise DataError(f"{path} has no image that is not in {real.path} as well; give further real images")
    return extra.labelled(np.flatnonzero(new))


def read_test(path: Path, real: ReadSet, others: dict[Path, Labelled], extra: Labelled | None) -> TestSet:
    """The test set, without near-copies of real images that are trained on.

    Args:
        path: the folder or .npz file.
        real: the training images.
        others: the synthetic images, by where they are from. One that is close to a test image is welcome,
            for whoever made it has not seen the test; one that is a test image has been taken from there.
        extra: further real images that are trained on.

    Raises:
        DataError: it cannot be read; lacks a class, or has an unknown one; an image of it is trained on as
            well; or more than a tenth of it are near-copies of real images that are trained on.
    """
    test = read_set(path, split="test", like=real)
    _require_classes(test, real)
    near = np.zeros(len(test.labels), dtype=bool)
    # Tuples and no dict: an expanded set may be given by the name of the real one.
    reals = [(str(real.path), real.labelled()), *([("the extra images", extra)] if extra else [])]
    for source, known in [*reals, *((str(path), added) for path, added in others.items())]:
        if not len(known.labels):
            continue
        overlap = find_overlap(test.pixels, known.pictures.pixels, known.labels, len(real.classes))
        if len(overlap.exact):
            raise DataError(
                f"{len(overlap.exact)} of {len(near)} images of {path} are in {source} as well, one is"
                f" {test.names[overlap.exact[0]]}: a test on images that were trained on proves nothing, take"
                " them out of one of the two"
            )
        if any(known is entry for _, entry in reals):
            near[overlap.near] = True
    if near.mean() > _MOST_NEAR:
        raise DataError(
            f"{int(near.sum())} of {len(near)} images of {path} are nearly the same as images of {real.path},"
            f" one is {test.names[int(near.argmax())]}: give a test set of other pictures"
        )
    kept = np.flatnonzero(~near)
    labels = test.labels[kept]
    if len(np.unique(labels)) < len(real.classes):
        raise DataError(f"{path} has a class with nothing but near-copies of images of {real.path}")
    return TestSet(Pictures(test.pixels[kept]), labels, int(near.sum()))


def _require_classes(test: ReadSet, real: ReadSet) -> None:
    counts = np.bincount(test.labels, minlength=len(real.classes))
    if not counts.all():
        missing = real.classes[int(counts.argmin())]
        raise DataError(
            f"{test.path} has no image of class {missing!r}, which {real.path} has; every class needs one"
        )
