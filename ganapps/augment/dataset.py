"""A labelled set on disk: one folder of images a class.

    DATA/ellipse/0001.png
    DATA/ellipse/scans/a.jpg
    DATA/triangle one/0001.png

The name of the folder is the label. Hidden files, files without an image's suffix, and operating
systems' litter are passed over; a file that has an image's suffix but is no image is an error.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..runtime.images import IMAGE_SUFFIXES, Image, read_image

Pixels = NDArray[np.uint8]
"""One image `[H, W, C]` or several `[N, H, W, C]`, RGB or grey."""

MIN_IMAGES = 2
"""Images a class needs at least: with one, whatever a generator learns is that image."""
MAX_NATIVE_PX = 128
"""Sets whose images share a size up to this are kept at that size."""
FITTED_PX = 64
"""Longer side of all other sets."""

_MIN_PX = 8
_MAX_RATIO = 4

_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation"})
_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Shape:
    """The one size of a decoded set."""

    height: int
    width: int
    channels: int
    """1 for grey, 3 for RGB."""


@dataclass(frozen=True)
class LabelledImages:
    """The images of a set by path; nothing is decoded yet."""

    root: Path
    classes: tuple[str, ...]
    """Names in alphabetical order; label k is `classes[k]`."""
    paths: tuple[Path, ...]
    """Relative to the root, in order of class and then of name."""
    labels: NDArray[np.int64]
    """`[N]`"""

    def of_class(self, label: int) -> NDArray[np.int64]:
        """Indices of the images of one class."""
        return np.flatnonzero(self.labels == label)

    @property
    def counts(self) -> tuple[int, ...]:
        """Images in each class."""
        return tuple(np.bincount(self.labels, minlength=len(self.classes)).tolist())


def find_images(root: Path) -> LabelledImages:
    """The labelled images below a folder.

    Raises:
        DataError: the folder is missing or unreadable, has no classes, or a class of fewer than two images.
    """
    try:
        return _find(root)
    except OSError as error:
        raise DataError(f"{root} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _find(root: Path) -> LabelledImages:
    if not root.is_dir():
        wrong = "is a file" if root.exists() else "does not exist"
        raise DataError(f"{root} {wrong}; give a folder that holds one folder of images for each class")
    folders = sorted((entry for entry in root.iterdir() if _counts(entry) and entry.is_dir()), key=_by_name)
    if not folders:
        raise DataError(_no_classes(root))
    found = [_images_below(folder) for folder in folders]
    _require_images(root, folders, found)
    return LabelledImages(
        root=root,
        classes=tuple(folder.name for folder in folders),
        paths=tuple(path.relative_to(root) for paths in found for path in paths),
        labels=np.repeat(np.arange(len(found), dtype=np.int64), [len(paths) for paths in found]),
    )


def decode_images(
    images: LabelledImages,
    shape: Shape | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> Pixels:
    """All images at one size, `[N, H, W, C]`, uint8.

    An image is scaled until it covers the size, and its centre is cut out: bars around it would be learned
    as a part of it. 16-bit images are brought to 8, transparency is laid on white.

    Args:
        images: the set.
        shape: what to fit to; None means what `choose_shape` finds.
        on_progress: told the share of images that are decoded, 0 to 1.

    Raises:
        ImageError: a file that is damaged or no image; its name is in the message.
    """
    decoded: list[Pixels] = []
    sizes: list[tuple[int, int]] = []
    for number, path in enumerate(images.paths, start=1):
        pixels = _flatten(read_image(images.root / path))
        sizes.append((pixels.shape[0], pixels.shape[1]))
        # Large photographs are let go at once: a set is held at no more than MAX_NATIVE_PX a side.
        decoded.append(fit(pixels, shape) if shape else _at_most(pixels, MAX_NATIVE_PX))
        if on_progress is not None:
            on_progress(number / len(images.paths))
    chosen = shape or choose_shape(sizes, grey=all(_is_grey(pixels) for pixels in decoded))
    return np.stack([fit(pixels, chosen) for pixels in decoded])


def choose_shape(sizes: list[tuple[int, int]], *, grey: bool) -> Shape:
    """The size a set is brought to.

    The most common size, where at least half of the images have it and no side is over 128 px. Otherwise the
    median aspect ratio with a longer side of 64 px, or of the median image's where that is smaller. No side
    is under 8 px, and none is more than 4 times the other.

    Example:
        >>> choose_shape([(28, 28), (28, 28), (300, 200)], grey=True)
        Shape(height=28, width=28, channels=1)
        >>> choose_shape([(600, 900), (400, 600), (500, 1000)], grey=False)
        Shape(height=43, width=64, channels=3)
    """
    channels = 1 if grey else 3
    (common, times), *_ = Counter(sizes).most_common(1)
    least = max(_MIN_PX, math.ceil(max(common) / _MAX_RATIO))
    if max(common) <= MAX_NATIVE_PX and min(common) >= least and 2 * times >= len(sizes):
        return Shape(*common, channels)
    heights, widths = np.array(sizes, dtype=np.float64).T
    longer = min(FITTED_PX, max(_MIN_PX, round(float(np.median(np.maximum(heights, widths))))))
    ratio = float(np.clip(np.median(widths / heights), 1 / _MAX_RATIO, _MAX_RATIO))
    height, width = (longer / ratio, longer) if ratio > 1 else (longer, longer * ratio)
    height, width = max(_MIN_PX, height), max(_MIN_PX, width)
    return Shape(round(height), round(width), channels)


def fit(pixels: Pixels, shape: Shape) -> Pixels:
    """One image `[h, w, c]` at another size and number of channels: scaled to cover it, cut to its centre."""
    pixels = _recolour(pixels, shape.channels)
    height, width = pixels.shape[:2]
    if (height, width) == (shape.height, shape.width):
        return pixels
    scale = max(shape.height / height, shape.width / width)
    covering = (max(shape.height, round(height * scale)), max(shape.width, round(width * scale)))
    pixels = _resize(pixels, *covering)
    top, left = (covering[0] - shape.height) // 2, (covering[1] - shape.width) // 2
    return np.ascontiguousarray(pixels[top : top + shape.height, left : left + shape.width])


def _require_images(root: Path, folders: list[Path], found: list[list[Path]]) -> None:
    names = {folder.name.lower() for folder in folders}
    if (root / "images").is_dir() and (root / "manifest.jsonl").is_file():
        raise DataError(f"{root} is a set that ganapps augment wrote; give the folder it was made from")
    if names <= _SPLITS and any(entry.is_dir() for folder in folders for entry in folder.iterdir()):
        suggested = next(
            (folder for folder in folders if folder.name.lower().startswith("train")), folders[0]
        )
        raise DataError(
            f"{root} holds splits ({_listed(folders)}), not classes; give one of them: {suggested}"
        )
    if not any(found):
        raise DataError(
            f"none of the {len(folders)} class folders in {root} has an image; accepted are {_suffixes()}"
        )
    for folder, paths in zip(folders, found, strict=True):
        if len(paths) < MIN_IMAGES:
            have = "no images" if not paths else "1 image"
            raise DataError(
                f"class {folder.name!r} in {root} has {have}, and every class needs at least {MIN_IMAGES}:"
                " add images or remove the folder"
            )


def _no_classes(root: Path) -> str:
    loose = sum(1 for entry in root.iterdir() if _counts(entry) and _is_image(entry))
    holds = f"{loose} images but no class folders" if loose else "no class folders"
    return f"{root} has {holds}; put the images of each class into a folder of its own: {root / 'CLASS'}"


def _images_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, subfolders, files in os.walk(folder, onerror=_refuse):
        here = Path(parent)
        subfolders[:] = sorted(name for name in subfolders if _counts(Path(name)))
        found += [here / name for name in sorted(files) if _counts(Path(name)) and _is_image(Path(name))]
    return found


def _refuse(error: OSError) -> None:
    """A folder that cannot be listed is not passed over."""
    raise error


def _counts(entry: Path) -> bool:
    return not entry.name.startswith(".") and entry.name not in _LITTER


def _is_image(entry: Path) -> bool:
    return entry.suffix.lower() in IMAGE_SUFFIXES


def _by_name(entry: Path) -> str:
    return entry.name


def _listed(entries: list[Path]) -> str:
    return ", ".join(entry.name for entry in entries)


def _suffixes() -> str:
    return ", ".join(sorted(IMAGE_SUFFIXES))


def _flatten(image: Image) -> Pixels:
    """8 bit, transparency laid on white."""
    pixels = _eight_bit(image.pixels)
    if image.alpha is None:
        return pixels
    share = _eight_bit(image.alpha)[..., None] / 255
    return np.rint(pixels * share + 255 * (1 - share)).astype(np.uint8)


def _eight_bit(values: NDArray[np.uint8 | np.uint16]) -> Pixels:
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _is_grey(pixels: Pixels) -> bool:
    return pixels.shape[2] == 1 or bool((pixels == pixels[..., :1]).all())


def _recolour(pixels: Pixels, channels: int) -> Pixels:
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    if _is_grey(pixels):
        return pixels[..., :1]
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None].astype(np.uint8)


def _at_most(pixels: Pixels, side_px: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    return (
        pixels if scale >= 1 else _resize(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    )


def _resize(pixels: Pixels, height: int, width: int) -> Pixels:
    smaller = height * width < pixels.shape[0] * pixels.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    resized = cv2.resize(pixels, (width, height), interpolation=method)
    return resized.reshape(height, width, pixels.shape[2]).astype(np.uint8)
