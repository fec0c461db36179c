"""One question: a labelled set of which only so many images a class are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...runtime.files import make_folder
from ..sets.dataset import Pixels, Shape, decode_images, find_images
from ..sets.labelled import LabelledImages, require_two_classes

_SPLITS = ("train", "test")


@dataclass(frozen=True)
class Case:
    """What is asked."""

    source: Path
    """An .npz file that tells train and test apart, or a folder that holds a set `train` and a set `test`."""
    per_class: int
    """Images of each class that are known."""

    @property
    def name(self) -> str:
        """Of the folder that the work on it goes to.

        Example:
            >>> Case(Path("sets/hands.npz"), 25).name
            'hands-25'
        """
        return f"{self.source.stem}-{self.per_class}"


class TooFewImages(DataError):
    """A set has fewer images of a class than are to be known."""


@dataclass(frozen=True)
class CarvedSet:
    """The parts of a set, an .npz file each."""

    train: Path
    """So many images of each class."""
    test: Path
    rest: Path | None
    """Training images that are left over, or some of them; None where there are none."""


def carve(case: Case, folder: Path, *, seed: int, most_test: int, most_rest: int | None = None) -> CarvedSet:
    """Write the parts of a set to a folder.

    Args:
        case: what to take.
        folder: is made; parts that lie there from an earlier run with the same arguments are the same.
        seed: what the images are drawn from.
        most_test: test images at most, of each class its share.
        most_rest: left-over images at most, drawn from all of them alike; None keeps all.

    Raises:
        TooFewImages: a class has fewer than the case asks for.
        DataError: the set cannot be used, or has no test images of a class.
        ImageError: one of its images is damaged.
    """
    train, test = (_find(case.source, split) for split in _SPLITS)
    require_two_classes(train)
    if test.classes != train.classes:
        raise DataError(
            f"{case.source} trains on the classes {', '.join(train.classes)} and tests on"
            f" {', '.join(test.classes)}: both must be of the same classes"
        )
    for name, count in zip(train.classes, train.counts, strict=True):
        if count < case.per_class:
            raise TooFewImages(
                f"class {name!r} of {case.source} has {count} training images, not {case.per_class}"
            )
    pixels = decode_images(train)
    shape = Shape(*pixels.shape[1:])
    wanted = np.full(len(train.classes), case.per_class)
    chosen = draw_of_each(train.labels, wanted, seed)
    rest = np.setdiff1d(np.arange(len(train.labels)), chosen)
    rest = np.sort(np.random.default_rng((seed, 4)).permutation(rest)[:most_rest])
    tested = draw_of_each(test.labels, _shares(np.array(test.counts), most_test), seed)
    make_folder(folder)
    write = _Writer(folder, train.classes)
    return CarvedSet(
        write("train", pixels[chosen], train.labels[chosen]),
        write("test", decode_images(test, shape)[tested], test.labels[tested]),
        write("rest", pixels[rest], train.labels[rest]) if len(rest) else None,
    )


def draw_of_each(labels: NDArray[np.int64], wanted: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Rows drawn without repeats, `wanted[k]` of label k, in ascending order.

    Fewer are the first of more: with one seed the rows for 10 a class are among those for 25.
    """
    order = np.random.default_rng((seed, 3)).permutation(len(labels))
    rows = [order[labels[order] == label][:count] for label, count in enumerate(wanted)]
    return np.sort(np.concatenate(rows))


def _shares(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most `most` images, of each class in proportion, at least one."""
    share = min(1.0, most / int(counts.sum()))
    shares: NDArray[np.int64] = np.maximum(1, np.floor(share * counts)).astype(np.int64)
    return shares


def _find(source: Path, split: str) -> LabelledImages:
    return find_images(source / split if source.is_dir() else source, split=split, least=1)


class _Writer:
    """Writes parts of one set."""

    def __init__(self, folder: Path, classes: tuple[str, ...]) -> None:
        self._folder, self._classes = folder, np.array(classes)

    def __call__(self, name: str, pixels: Pixels, labels: NDArray[np.int64]) -> Path:
        path = self._folder / f"{name}.npz"
        with path.open("wb") as stream:
            np.savez(stream, images=pixels, labels=labels, classes=self._classes)
        return path
