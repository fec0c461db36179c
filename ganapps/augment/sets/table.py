"""A labelled set as a table of files and labels.

A .csv file has a first line that names the columns, `path` and `label` among them, apart by commas or, as
some spreadsheets write it, by semicolons. A .jsonl file has an object with `path` and `label` in each line.
Paths are relative to the folder of the table. Both are UTF-8.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...runtime.images import IMAGE_SUFFIXES
from .labelled import LabelledImages, clean_name, folder_names

TABLES = (".csv", ".jsonl")
"""Suffixes of tables, in lower case."""
_COLUMNS = ("path", "label")


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    line: int
    """Its number, from 1."""
    path: str
    label: str


def read_table(table: Path) -> LabelledImages:
    """The images that a table names.

    Raises:
        DataError: the table is missing or not of the form above, names a file that is missing, is no image by
            its suffix, or is named twice, or has classes that cannot be told apart as folders.
    """
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{table} is not UTF-8: save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{table} cannot be read: {(error.strerror or str(error)).lower()}") from error
    read = parse_csv if table.suffix.lower() == ".csv" else parse_lines
    rows = list(read(table, text))
    if not rows:
        raise DataError(f"{table} names no images; each line gives the path of an image and its label")
    return _find(table, rows)


def parse_csv(table: Path, text: str) -> Iterator[Row]:
    """The rows of a .csv file.

    Args:
        table: its name, for messages.
        text: what it holds.

    Raises:
        DataError: a column is missing, or a line has no path or no label.
    """
    heading = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(heading))
    try:
        names = [name.strip().lower() for name in next(lines, [])]
        if not set(_COLUMNS) <= set(names):
            raise DataError(
                f"the first line of {table} must name the columns path and label, it is {heading.strip()!r}"
            )
        path, label = (names.index(name) for name in _COLUMNS)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                padded = [cell.strip() for cell in cells] + [""] * len(names)
                yield _row(table, lines.line_num, padded[path], padded[label])
    except csv.Error as error:
        raise DataError(f"line {lines.line_num} of {table} cannot be read: {error}") from error


def _delimiter(heading: str) -> str:
    return ";" if heading.count(";") > heading.count(",") else ","


def parse_lines(table: Path, text: str) -> Iterator[Row]:
    """The rows of a .jsonl file; see `parse_csv`.

    Raises:
        DataError: a line is no object with a path and a label.
    """
    # Not splitlines: JSON may hold other line separators inside its strings.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"line {number} of {table} is no JSON: {error}") from error
        found = [entry.get(name) for name in _COLUMNS] if isinstance(entry, dict) else [None, None]
        path, label = found
        if isinstance(label, int) and not isinstance(label, bool):
            label = str(label)
        if not isinstance(path, str) or not isinstance(label, str):
            raise DataError(
                f'line {number} of {table} must be an object like {{"path": "a.png", "label": "cat"}}, it is'
                f" {line.strip()[:80]}"
            )
        yield _row(table, number, path.strip(), label.strip())


def _row(table: Path, line: int, path: str, label: str) -> Row:
    missing = [name for name, value in zip(_COLUMNS, (path, label), strict=True) if not value]
    if missing:
        raise DataError(f"line {line} of {table} has no {missing[0]}")
    return Row(line, path, label)


def _find(table: Path, rows: list[Row]) -> LabelledImages:
    folders = folder_names(table, sorted({row.label for row in rows}))
    files = _files(table, rows)
    # By folder and then by line, so that the order is that of the table within each class.
    classes = sorted(folders.values())
    numbers = {name: number for number, name in enumerate(classes)}
    own = np.array([numbers[folders[row.label]] for row in rows], dtype=np.int64)
    order = np.argsort(own, kind="stable").tolist()
    taken: set[str] = set()
    return LabelledImages(
        root=table,
        classes=tuple(classes),
        paths=tuple(_place(classes[own[row]], files[row].name, taken) for row in order),
        labels=own[order],
        files=tuple(files[row] for row in order),
    )


def _files(table: Path, rows: list[Row]) -> list[Path]:
    """The file of each row, each there and named once."""
    files: list[Path] = []
    seen: dict[Path, Row] = {}
    for row in rows:
        file = table.parent / row.path
        where = f"line {row.line} of {table} names {row.path!r}"
        if file.suffix.lower() not in IMAGE_SUFFIXES:
            accepted = ", ".join(sorted(IMAGE_SUFFIXES))
            raise DataError(f"{where}, which is no image by its name; accepted are {accepted}")
        if not _exists(file):
            raise DataError(f"{where}, which does not exist; paths are relative to {table.parent}")
        other = seen.setdefault(file.resolve(), row)
        if other.label != row.label:
            raise DataError(
                f"{where} as {row.label!r}, and line {other.line} has it as {other.label!r}: an image has one"
                " class"
            )
        if other is not row:
            raise DataError(f"{where}, which line {other.line} has named: leave one of them out")
        files.append(file)
    return files


def _exists(file: Path) -> bool:
    """Whether there is such a file; names that the system does not take are of none."""
    try:
        return file.is_file()
    except (OSError, ValueError):
        return False


def _place(folder: str, name: str, taken: set[str]) -> Path:
    """A place in the folder of the class, apart from those taken: many files may have one name."""
    whole = Path(clean_name(name))
    place, number = Path(folder, whole), 1
    while place.as_posix().casefold() in taken:
        number += 1
        place = Path(folder, f"{whole.stem}-{number}{whole.suffix}")
    taken.add(place.as_posix().casefold())
    return place
