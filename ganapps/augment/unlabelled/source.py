"""Unlabelled images, found wherever they lie: whatever the names of their folders say, it is not read."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...runtime.images import IMAGE_SUFFIXES
from ..sets.labelled import LabelledImages
from ..sets.shape import Pixels

_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_NO_CLASS = ("unlabelled",)


def find_unlabelled(root: Path) -> LabelledImages:
    """The images below a folder, or of an .npz file, all of one class that means nothing.

    Args:
        root: a folder, searched through all folders below it; or an .npz file with `images`, uint8
            `[N, H, W]`, `[N, H, W, 1]` or `[N, H, W, 3]`, of which the split "train" is taken where an array
            `split` tells parts apart. Labels are not read.

    Raises:
        DataError: it is missing, unreadable, of another form, or has no image.
    """
    if root.suffix.lower() == ".npz" and not root.is_dir():
        pixels = _read_npz(root)
        rows = range(len(pixels))
        return LabelledImages(
            root=root,
            classes=_NO_CLASS,
            paths=tuple(Path(_NO_CLASS[0], f"{row:06d}.png") for row in rows),
            labels=np.zeros(len(pixels), dtype=np.int64),
            pixels=pixels,
        )
    if not root.is_dir():
        wrong = "is a file" if root.exists() else "does not exist"
        raise DataError(_not_there(root, wrong))
    try:
        files = tuple(_below(root))
    except OSError as error:
        raise DataError(f"{root} cannot be read: {(error.strerror or str(error)).lower()}") from error
    if not files:
        raise DataError(f"{root} has no images; accepted are {', '.join(sorted(IMAGE_SUFFIXES))}")
    return LabelledImages(
        root=root,
        classes=_NO_CLASS,
        paths=tuple(path.relative_to(root) for path in files),
        labels=np.zeros(len(files), dtype=np.int64),
        files=files,
    )


def _not_there(path: Path, wrong: str) -> str:
    return f"{path} {wrong}; give a folder of unlabelled images, or an .npz file of them"


def _below(root: Path) -> list[Path]:
    if (root / "images").is_dir() and (root / "manifest.jsonl").is_file():
        raise DataError(
            f"{root} is a set that ganapps augment wrote, and its images are not all real; give real ones"
        )
    found: list[Path] = []
    for parent, folders, files in os.walk(root, onerror=_refuse):
        folders[:] = sorted(name for name in folders if _counts(name))
        found += [
            Path(parent, name)
            for name in sorted(files)
            if _counts(name) and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
        ]
    return found


def _counts(name: str) -> bool:
    return not name.startswith(".") and name not in _LITTER


def _refuse(error: OSError) -> None:
    """A folder that cannot be listed is not passed over."""
    raise error


def _read_npz(path: Path) -> Pixels:
    try:
        # Pickled arrays could run code: they are refused.
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ("images", "split") if name in arrays}
    except FileNotFoundError as error:
        raise DataError(_not_there(path, "does not exist")) from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no .npz file that can be read: {error}") from error
    if "images" not in found:
        raise DataError(f"{path} must hold the array images")
    images: NDArray[np.generic] = found["images"]
    grey_or_rgb = images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3))
    if images.dtype != np.uint8 or not grey_or_rgb:
        raise DataError(
            f"{path}: images must be uint8 of shape [N, H, W], [N, H, W, 1] or [N, H, W, 3], got"
            f" {images.dtype} of shape {list(images.shape)}"
        )
    split = found.get("split")
    if split is not None:
        is_train = split.astype(str) == "train"
        if is_train.shape != images.shape[:1]:
            raise DataError(f"{path}: split must name a part for each of {len(images)} images")
        images = images[is_train]
    if not len(images):
        raise DataError(f"{path} has no images" + (" of the split 'train'" if split is not None else ""))
    pixels: Pixels = (images if images.ndim == 4 else images[..., None]).astype(np.uint8, copy=False)
    return pixels
