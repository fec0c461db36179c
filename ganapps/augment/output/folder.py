"""The new set's folder: it appears whole or not at all, and never in or over something else."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from ...errors import OutputError, UsageError
from ...runtime.files import output_error
from ...runtime.images import encode_image
from ..sets.labelled import LabelledImages


def require_outside(data: Path, out: Path) -> None:
    """Check that what is written to `out` does not join the set it is made from.

    Raises:
        UsageError: `out` lies inside `data`, where it would become a class.
    """
    if out.resolve().is_relative_to(data.resolve()):
        raise UsageError(f"the output {out} lies inside the input {data}; give a folder outside of it")


def require_free(data: Path, out: Path) -> None:
    """Check that a set may be written to `out`.

    Raises:
        UsageError: `out` lies inside `data`.
        OutputError: `out` is a file or holds something.
    """
    require_outside(data, out)
    if out.exists() and not out.is_dir():
        raise OutputError(f"the output {out} is a file; give the name of a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise OutputError(f"the output folder {out} is not empty; give the name of a new folder")


@contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that becomes `out` when all went well, and is removed when not.

    Raises:
        OutputError: something in it cannot be written.
    """
    temporary = out.absolute().with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if out.is_dir():
            out.rmdir()  # empty, or this fails
        temporary.rename(out)
    except OSError as error:
        raise output_error(out, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def place_originals(images: LabelledImages, folder: Path) -> None:
    """Put every image of a set into a folder, as one folder of images a class."""
    for index, path in enumerate(images.paths):
        if images.files:
            place_original(images.files[index], folder / path)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(encode_image(images.read(index), "png"))


def place_original(source: Path, target: Path) -> None:
    """Hard link a file, or copy it with its times where the file system cannot link."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy2(source, target)


def synthetic_names(images: LabelledImages, label: int, kind: str = "synthetic") -> Iterator[str]:
    """`CLASS/synthetic-000001.png` and so on, past every name of that kind that the class already has."""
    matches = (re.match(rf"{kind}-(\d+)", images.paths[index].name) for index in images.of_class(label))
    taken = max((int(match[1]) for match in matches if match), default=0)
    return (f"{images.classes[label]}/{kind}-{number:06d}.png" for number in count(taken + 1))
