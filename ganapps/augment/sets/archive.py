"""A labelled set in one .npz file.

images    uint8 [N, H, W] or [N, H, W, C]
labels    whole numbers [N]
classes   names, label k is the k-th; optional, then the numbers are the names
split     "train" or "test" for each image; optional
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from .shape import Pixels

_ARRAYS = ("images", "labels", "classes", "split")


@dataclass(frozen=True)
class Archive:
    """What a file holds."""

    pixels: Pixels
    """`[N, H, W, C]`"""
    names: NDArray[np.str_]
    """Name of each image's class, `[N]`."""


def read_archive(path: Path, *, split: str) -> Archive:
    """Read a set from a file.

    Args:
        path: the .npz file.
        split: which part to take, where the file tells parts apart.

    Raises:
        DataError: the file is missing, damaged, or not of the form above.
    """
    try:
        # Pickled arrays could run code: they are refused.
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in _ARRAYS if name in arrays}
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; give a folder or an .npz file of labelled images") from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no .npz file that can be read: {error}") from error
    if "images" not in found or "labels" not in found:
        holds = ", ".join(found) or "neither"
        raise DataError(f"{path} must hold the arrays images and labels, it holds {holds}")
    images, labels = found["images"], found["labels"]
    _require_arrays(path, images, labels)
    classes = found.get("classes", np.arange(int(labels.max()) + 1)).astype(str)
    if labels.min() < 0 or labels.max() >= len(classes):
        raise DataError(f"{path} has labels from {labels.min()} to {labels.max()} for {len(classes)} classes")
    chosen = _rows(path, found.get("split"), split, len(labels))
    pixels = images[chosen] if images.ndim == 4 else images[chosen][..., None]
    return Archive(pixels, classes[labels[chosen]])


def _require_arrays(path: Path, images: NDArray[np.generic], labels: NDArray[np.generic]) -> None:
    grey_or_rgb = images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3))
    if images.dtype != np.uint8 or not grey_or_rgb:
        raise DataError(
            f"{path}: images must be uint8 of shape [N, H, W], [N, H, W, 1] or [N, H, W, 3], got"
            f" {images.dtype} of shape {list(images.shape)}"
        )
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1] or not len(labels):
        raise DataError(
            f"{path}: labels must be a whole number for each of {len(images)} images, got {labels.dtype} of"
            f" shape {list(labels.shape)}"
        )


def _rows(path: Path, splits: NDArray[np.str_] | None, split: str, num: int) -> NDArray[np.int64]:
    if splits is None:
        return np.arange(num)
    chosen = np.flatnonzero(splits.astype(str) == split) if splits.shape == (num,) else np.empty(0, np.int64)
    if not len(chosen):
        raise DataError(f"{path} tells splits apart, and none of its images is of the split {split!r}")
    return chosen
