"""A training's log, read back: what `RunLog` wrote, one report a line."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError

_OF_THE_LINE = ("images", "progress", "seconds", "notes")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One report of the log."""

    images: float
    """Images seen."""
    progress: float
    """Share of the budget that is spent, 0 to 1."""
    seconds: float
    """Seconds trained."""
    scalars: dict[str, float]
    """By name; NaN and infinities as they were reported."""
    notes: tuple[str, ...]


def read_log(path: Path) -> list[Entry]:
    """The reports of `log.jsonl`, in the order they were written.

    After a resume or a roll-back the images of one entry may be fewer than those of the entry before.

    Raises:
        DataError: the log is missing, empty, or has a line that is not a report.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise DataError(f"there is no training log at {path}: give the folder of a run") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the training log {path} cannot be read: {error}") from error
    # Not splitlines(), which also splits at characters that a JSON string may hold.
    entries = [_entry(line, number, path) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not entries:
        raise DataError(f"the training log {path} is empty: nothing has been reported yet")
    return entries


def _entry(line: str, number: int, path: Path) -> Entry:
    try:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise ValueError("it is no JSON object")
        images, progress, seconds = (_finite(values, name) for name in _OF_THE_LINE[:3])
        notes = values.get("notes", [])
        if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
            raise ValueError("its notes are no list of sentences")
        scalars = {name: _number(value, name) for name, value in values.items() if name not in _OF_THE_LINE}
    except (ValueError, OverflowError, RecursionError) as error:
        raise DataError(
            f"line {number} of the training log {path} is damaged ({error}): take the line out and try again"
        ) from error
    return Entry(images=images, progress=progress, seconds=seconds, scalars=scalars, notes=tuple(notes))


def _finite(values: dict[str, Any], name: str) -> float:
    value = _number(values[name], name) if name in values else math.nan
    if not math.isfinite(value):
        raise ValueError(f"it has no {name}")
    return value


def _number(value: Any, name: str) -> float:
    if value is None:  # how some writers of JSON say NaN
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is no number")
    return float(value)
