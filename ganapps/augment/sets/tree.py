"""A labelled set as one folder of images a class.

    DATA/ellipse/0001.png
    DATA/ellipse/scans/a.jpg
    DATA/triangle one/0001.png

The name of the folder is the label. Hidden files, files without an image's suffix, and operating
systems' litter are passed over; a file that has an image's suffix but is no image is an error.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...runtime.files import display_name, is_pipe_or_device
from ...runtime.images import IMAGE_SUFFIXES
from .labelled import MIN_IMAGES, LabelledImages

_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation"})
_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


def read_tree(root: Path, *, least: int = MIN_IMAGES) -> LabelledImages:
    """The labelled images below a folder.

    Args:
        root: the folder.
        least: images that every class must have.

    Raises:
        DataError: the folder is missing or unreadable, has no classes, or a class of too few images.
    """
    try:
        return _find(root, least)
    except OSError as error:
        raise DataError(f"{root} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _find(root: Path, least: int) -> LabelledImages:
    if not root.is_dir():
        wrong = "is a file" if root.exists() else "does not exist"
        raise DataError(
            f"{root} {wrong}; give a folder that holds one folder of images for each class, or a .csv, .jsonl"
            " or .npz file"
        )
    folders = sorted((entry for entry in root.iterdir() if _counts(entry) and entry.is_dir()), key=_by_name)
    if not folders:
        raise DataError(_no_classes(root))
    found = [_images_below(folder) for folder in folders]
    _require_images(root, folders, found, least)
    files = tuple(path for paths in found for path in paths)
    return LabelledImages(
        root=root,
        classes=tuple(folder.name for folder in folders),
        paths=tuple(path.relative_to(root) for path in files),
        labels=np.repeat(np.arange(len(found), dtype=np.int64), [len(paths) for paths in found]),
        files=files,
    )


def _require_images(root: Path, folders: list[Path], found: list[list[Path]], least: int) -> None:
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
        if not _is_text(folder.name):
            raise DataError(f"the name of the class folder {display_name(folder)} is not UTF-8: rename it")
        if len(paths) < least:
            have = "no images" if not paths else "1 image"
            raise DataError(
                f"class {folder.name!r} in {root} has {have}, and every class needs at least {least}:"
                " add images or remove the folder"
            )


def _is_text(name: str) -> bool:
    """Names of other bytes reach Python as lone surrogates, which no model or report can hold."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _no_classes(root: Path) -> str:
    loose = sum(1 for entry in root.iterdir() if _counts(entry) and _is_image(entry))
    holds = f"{loose} images but no class folders" if loose else "no class folders"
    return f"{root} has {holds}; put the images of each class into a folder of its own: {root / 'CLASS'}"


def _images_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, subfolders, files in os.walk(folder, onerror=_refuse):
        here = Path(parent)
        subfolders[:] = sorted(name for name in subfolders if _counts(Path(name)))
        found += [here / name for name in sorted(files) if _counts(Path(name)) and _is_image(here / name)]
    return found


def _refuse(error: OSError) -> None:
    """A folder that cannot be listed is not passed over."""
    raise error


def _counts(entry: Path) -> bool:
    return not entry.name.startswith(".") and entry.name not in _LITTER


def _is_image(entry: Path) -> bool:
    return entry.suffix.lower() in IMAGE_SUFFIXES and not is_pipe_or_device(entry)


def _by_name(entry: Path) -> str:
    return entry.name


def _listed(entries: list[Path]) -> str:
    return ", ".join(entry.name for entry in entries)


def _suffixes() -> str:
    return ", ".join(sorted(IMAGE_SUFFIXES))
