"""One file that holds all that a run needs to go on, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from ..errors import CheckpointError, OutputError

FORMAT = 1
"""Raised whenever an older checkpoint can no longer be read."""

# What torch's restricted unpickler is seen to raise on damaged bytes, from cut files to foreign text.
_UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path` through a temporary file, so that a kill leaves the last whole one.

    Raises:
        OutputError: the disk is full or the folder cannot be written; the old checkpoint still stands.
    """
    # One name, so that what a kill leaves behind is written over by the next run.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise OutputError(f"cannot write the checkpoint {path}: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state written by `save_checkpoint`, tensors on the CPU. Nothing in the file is executed.

    Raises:
        CheckpointError: the file is missing, damaged, or written by another format version.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint at {path}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise CheckpointError(
            f"the checkpoint {path} is damaged and cannot be read; start a new run"
        ) from error
    found = state.get("format") if isinstance(state, dict) else None
    if found != FORMAT:
        raise CheckpointError(f"the checkpoint {path} has format {found}, this version reads format {FORMAT}")
    return dict(state)
