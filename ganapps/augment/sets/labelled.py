"""The images of a labelled set, not decoded yet, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...runtime.images import Image, read_image
from .shape import Pixels

MIN_IMAGES = 2
"""Images a class needs at least: with one, whatever a generator learns is that image."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """The images of a set; nothing is decoded yet."""

    root: Path
    """What was given: a folder, a table, or an .npz file."""
    classes: tuple[str, ...]
    """Names in alphabetical order, each fit to be the name of a folder; label k is `classes[k]`."""
    paths: tuple[Path, ...]
    """Where each image lies in a folder with one folder of images a class, `CLASS/...`, in order of class."""
    labels: NDArray[np.int64]
    """`[N]`"""
    files: tuple[Path, ...] = ()
    """The file of each image; empty where `pixels` holds the images."""
    pixels: Pixels | None = None
    """`[N, H, W, C]`; None where each image is a file."""

    def of_class(self, label: int) -> NDArray[np.int64]:
        """Indices of the images of one class."""
        return np.flatnonzero(self.labels == label)

    @property
    def counts(self) -> tuple[int, ...]:
        """Images in each class."""
        return tuple(np.bincount(self.labels, minlength=len(self.classes)).tolist())

    def read(self, index: int) -> Image:
        """Decode one image.

        Raises:
            ImageError: its file is damaged or no image; its name is in the message.
        """
        return read_image(self.files[index]) if self.pixels is None else Image(self.pixels[index])

    def source(self, index: int) -> str:
        """What to call an image in a message: its file, or its place in the set."""
        return str(self.files[index]) if self.files else f"image {self.paths[index].stem} of {self.root}"


def mark_share(
    labels: NDArray[np.int64], share: float, random: np.random.Generator, *, least: int = 0
) -> NDArray[np.bool_]:
    """A share of each class, rounded down, drawn at random, `[N]`.

    Args:
        labels: `[N]`
        share: 0 to 1.
        random: what is drawn from.
        least: images of each class at least.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        chosen[random.permutation(own)[: max(least, int(share * len(own)))]] = True
    return chosen


def require_two_classes(images: LabelledImages) -> None:
    """Check that there is something to tell apart.

    Raises:
        DataError: the set has one class.
    """
    if len(images.classes) < 2:
        raise DataError(
            f"{images.root} has one class, {images.classes[0]!r}, and telling classes apart needs two"
        )


def require_images(images: LabelledImages, least: int = MIN_IMAGES) -> LabelledImages:
    """The set, if every class has enough images.

    Raises:
        DataError: a class has fewer than `least`.
    """
    for name, count in zip(images.classes, images.counts, strict=True):
        if count < least:
            have = f"{count} images" if count else "no images"
            have = "1 image" if count == 1 else have
            raise DataError(
                f"class {name!r} in {images.root} has {have}, and every class needs at least {least}:"
                " add images or remove the class"
            )
    return images


def folder_names(root: Path, names: Iterable[str]) -> dict[str, str]:
    """For each name of a class one that a folder can have on every system; most stay as they are.

    What is no part of a file's name somewhere, such as `/` and `:`, becomes `-`.

    Raises:
        DataError: two names become the same; systems that do not tell capitals apart are thought of.

    Example:
        >>> folder_names(Path("set.csv"), ["left/right", "naïve", ".hidden"])
        {'left/right': 'left-right', 'naïve': 'naïve', '.hidden': '-hidden'}
    """
    given: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in names:
        folder = clean_name(name)
        other = taken.setdefault(folder.casefold(), name)
        if other != name:
            raise DataError(
                f"{root} has the classes {other!r} and {name!r}, which cannot be told apart as folders"
                f" ({folder!r}): rename one"
            )
        given[name] = folder
    return given


def clean_name(name: str) -> str:
    """One name as a file or folder of it can be called on every system, and that is not hidden."""
    kept = "".join("-" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name)
    kept = "-" + kept[1:] if kept.startswith(".") else kept
    return kept.rstrip(" .") or "-"
