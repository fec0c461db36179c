"""Where an expansion comes from: its real images, their licence, and what was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import DataError
from ..sets.labelled import LabelledImages
from ..sets.shape import Pixels, Shape

_LICENCES = ("licence", "license", "copying")
"""How the names of licence files begin, in lower case."""
_LICENCE_SUFFIXES = frozenset({"", ".txt", ".md", ".rst"})
_MOST_LICENCE_BYTES = 200_000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is known of an expansion beside its images."""

    command: str | None = None
    """What was typed; None where nothing was."""
    licence: str | None = None
    """Licence of the real images as it was given; None looks for a file."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, see `earlier`."""


@dataclass(frozen=True, kw_only=True)
class Licence:
    """Licence of the real images, which goes on to what is made of them."""

    text: str
    """Its name, or the first line of its file."""
    file: str | None = None
    """Name of that file beside the images, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The real images."""

    name: str
    """Of the folder or file."""
    images: int
    sha256: str
    """See `fingerprint`."""
    shape: Shape
    """What they were worked on as."""
    white: int | None
    """The level of 16-bit files that is taken for white; None where all files have 8 bits."""


def fingerprint(images: LabelledImages) -> str:
    """SHA-256, in hexadecimal, of the files of a set, or of its pixels where it has no files, with their
    classes and names.

    Raises:
        DataError: a file cannot be read.
    """
    whole = hashlib.sha256()
    for index, path in enumerate(images.paths):
        try:
            content = images.files[index].read_bytes() if images.files else _bytes(images.read(index).pixels)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise DataError(f"{images.source(index)} cannot be read: {reason}") from error
        whole.update(path.as_posix().encode("utf-8", errors="surrogateescape") + b"\0")
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def find_licence(data: Path) -> Path | None:
    """The licence file that lies in the folder of a set, or beside it; None where there is none that is text.

    Args:
        data: the folder, table or .npz file.
    """
    root = data.resolve()
    for folder in ([root] if root.is_dir() else []) + [root.parent]:
        try:
            found = sorted(path for path in folder.iterdir() if _is_licence(path))
        except OSError:
            continue
        for path in found:
            if read_text(path):
                return path
    return None


def read_text(path: Path) -> str | None:
    """The text of a licence file, without blank lines around it; None where it is none."""
    try:
        if path.stat().st_size > _MOST_LICENCE_BYTES:
            return None
        return path.read_text(encoding="utf-8-sig").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _is_licence(path: Path) -> bool:
    return (
        path.name.lower().startswith(_LICENCES)
        and path.suffix.lower() in _LICENCE_SUFFIXES
        and path.is_file()
    )


def _bytes(pixels: Pixels) -> bytes:
    return repr(pixels.shape).encode() + pixels.tobytes()
