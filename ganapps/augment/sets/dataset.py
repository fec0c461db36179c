"""A labelled set, found and decoded.

It may be a folder with one folder of images a class (see `tree`), a .csv or .jsonl file that names images and
their labels (see `table`), or an .npz file (see `archive`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ...runtime.images import Image
from .archive import read_archive
from .labelled import MIN_IMAGES, LabelledImages, folder_names, require_images
from .shape import (
    FITTED_PX,
    MAX_NATIVE_PX,
    Pixels,
    Samples,
    Shape,
    at_most,
    choose_shape,
    fit,
    inner_size,
    is_grey,
)
from .table import TABLES, read_table
from .tree import read_tree

__all__ = [
    "FITTED_PX",
    "MAX_NATIVE_PX",
    "MIN_IMAGES",
    "Decoded",
    "LabelledImages",
    "Pixels",
    "Shape",
    "choose_shape",
    "decode",
    "decode_images",
    "find_images",
    "fit",
    "read_eight_bit",
]

_WHITES = (255, 4095, 65535)
"""Brightest levels of 16-bit files: some hold 8 bits, and what scanners make usually has 12."""


def find_images(root: Path, *, split: str = "train", least: int = MIN_IMAGES) -> LabelledImages:
    """The labelled images of a folder, a table or an .npz file.

    Args:
        root: the folder or file.
        split: which part of an .npz file to take, where it tells parts apart.
        least: images that every class must have.

    Raises:
        DataError: it is missing or unreadable, has no classes, or a class of too few images.
    """
    kind = root.suffix.lower()
    if root.is_dir() or kind not in (*TABLES, ".npz"):
        return read_tree(root, least=least)
    return require_images(_read_archive(root, split) if kind == ".npz" else read_table(root), least)


def _read_archive(root: Path, split: str) -> LabelledImages:
    archive = read_archive(root, split=split)
    folders = folder_names(root, sorted(set(archive.names.tolist())))
    classes = sorted(folders.values())
    numbers = {name: number for number, name in enumerate(classes)}
    own = np.array([numbers[folders[name]] for name in archive.names.tolist()], dtype=np.int64)
    order = np.argsort(own, kind="stable")
    return LabelledImages(
        root=root,
        classes=tuple(classes),
        paths=tuple(Path(classes[own[row]], f"{row:06d}.png") for row in order),
        labels=own[order],
        pixels=archive.pixels[order],
    )


@dataclass(frozen=True, eq=False)
class Decoded:
    """The images of a set that could be read, at one size."""

    pixels: Pixels
    """uint8 `[M, H, W, C]`; empty where none could be read and no size was given."""
    rows: NDArray[np.int64]
    """Which image of the set each of them is, `[M]`."""
    sizes: tuple[tuple[int, int], ...]
    """Height and width that each of them came with, upright."""
    grey: NDArray[np.bool_]
    """Which of them came without colour, `[M]`."""
    white: int | None
    """The level of 16-bit files that was taken for white; None where all files have 8 bits."""
    unreadable: dict[int, str]
    """The other images of the set, and what is wrong with each."""

    @property
    def has_margins(self) -> list[bool]:
        """Which of the images were given margins."""
        shape = Shape(*self.pixels.shape[1:])
        return [inner_size(size, shape) != (shape.height, shape.width) for size in self.sizes]


def decode_images(
    images: LabelledImages,
    shape: Shape | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> Pixels:
    """All images at one size, `[N, H, W, C]`, uint8; see `decode`.

    Raises:
        ImageError: files that are damaged or no image; the name of one is in the message.
    """
    return require_readable(images, decode(images, shape, on_progress=on_progress)).pixels


def require_readable(images: LabelledImages, decoded: Decoded) -> Decoded:
    """What was decoded, if it is the whole set.

    Raises:
        ImageError: files that are damaged or no image; the name of one is in the message.
    """
    reasons = list(decoded.unreadable.values())
    if len(reasons) == 1:
        raise ImageError(f"{reasons[0]}; mend it or take it out of {images.root}")
    if reasons:
        raise ImageError(
            f"{len(reasons)} of the {len(images.labels)} images of {images.root} cannot be read, the first:"
            f" {reasons[0]}; mend them or take them out, ganapps augment {images.root} --check lists them"
        )
    return decoded


def decode(
    images: LabelledImages,
    shape: Shape | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> Decoded:
    """All images that can be read, at one size, 8 bit.

    An image of another size is scaled until it lies inside, and its margins are filled with its mirror image.
    It is upright, and transparency is laid on white. The levels of 16-bit files are scaled for the whole set
    alike, from 0 to the least of 255, 4095 and 65535 that none exceeds.

    Args:
        images: the set.
        shape: what to fit to; None means what `choose_shape` finds.
        on_progress: told the share of images that are decoded, 0 to 1.
    """
    kept: list[Samples] = []
    rows: list[int] = []
    sizes: list[tuple[int, int]] = []
    unreadable: dict[int, str] = {}
    highest = 0
    for row in range(len(images.labels)):
        try:
            pixels = _flatten(images.read(row))
        except ImageError as error:
            unreadable[row] = str(error)
        else:
            rows.append(row)
            sizes.append((pixels.shape[0], pixels.shape[1]))
            highest = max(highest, int(pixels.max())) if pixels.dtype == np.uint16 else highest
            # Large photographs are let go at once: a set is held at no more than MAX_NATIVE_PX a side.
            kept.append(at_most(pixels, MAX_NATIVE_PX))
        if on_progress is not None:
            on_progress((row + 1) / len(images.labels))
    white = next(level for level in _WHITES if highest <= level)
    deep = any(pixels.dtype == np.uint16 for pixels in kept)
    grey = np.array([is_grey(pixels) for pixels in kept], dtype=np.bool_)
    chosen = shape or (choose_shape(sizes, grey=bool(grey.all())) if kept else Shape(0, 0, 1))
    fitted = np.empty((len(kept), chosen.height, chosen.width, chosen.channels), dtype=np.uint8)
    for number, pixels in enumerate(kept):
        fitted[number] = _eight_bit(fit(pixels, chosen), white)
    return Decoded(
        pixels=fitted,
        rows=np.array(rows, dtype=np.int64),
        sizes=tuple(sizes),
        grey=grey,
        white=white if deep else None,
        unreadable=unreadable,
    )


def read_eight_bit(images: LabelledImages, index: int, white: int | None) -> Pixels:
    """One image in its own size `[H, W, C]`, 8 bit, upright, transparency laid on white.

    Args:
        images: the set.
        index: which of its images.
        white: the level of 16-bit files that is taken for white, as `decode` found it.

    Raises:
        ImageError: its file is damaged or no image.
    """
    return _eight_bit(_flatten(images.read(index)), white or _WHITES[-1])


def _flatten(image: Image) -> Samples:
    """Transparency laid on white."""
    pixels: Samples = image.pixels
    if image.alpha is None:
        return pixels
    white = np.iinfo(pixels.dtype).max
    share = image.alpha[..., None] / white
    return np.rint(pixels * share + white * (1 - share)).astype(pixels.dtype)


def _eight_bit(values: Samples, white: int) -> Pixels:
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    # Cubics may overshoot what the files held.
    return np.minimum((values.astype(np.uint32) * 255 + white // 2) // white, 255).astype(np.uint8)
