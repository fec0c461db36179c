"""What `ganapps augment` left in a folder, read back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError

REPORT, MANIFEST, PROOF = "report.json", "manifest.jsonl", "proof.json"
KINDS = {
    "synthetic": "synthetic",
    "classic": "classic-augmented copies",
    "pseudo-labelled": "real, label guessed",
}
"""What the manifest calls an image that was added, and what a reader is told."""


@dataclass(frozen=True)
class Expansion:
    """An expanded set and what is written about it."""

    folder: Path
    report: Mapping[str, Any]
    """`report.json`"""
    lines: tuple[Mapping[str, Any], ...]
    """`manifest.jsonl`"""
    proof: Mapping[str, Any] | None
    """`proof.json`; None where there is none."""

    @property
    def classes(self) -> list[Mapping[str, Any]]:
        """What the report says of each class."""
        return list(self.report["classes"])

    def of_class(self, name: str) -> list[Mapping[str, Any]]:
        """The manifest's lines of one class."""
        return [line for line in self.lines if line["class"] == name]

    @property
    def kinds(self) -> list[str]:
        """Kinds of images that were added, those that there are."""
        found = {kind_of(line) for line in self.lines}
        return [kind for kind in KINDS if kind in found] + sorted(found - set(KINDS))

    def counts(self, name: str) -> Counter[str]:
        """Images of each kind that were added to a class."""
        return Counter(kind_of(line) for line in self.of_class(name))

    def path(self, file: str) -> Path | None:
        """The place of a file that the set names; None where it is not in the set or not there."""
        path = self.folder / file
        try:
            inside = path.resolve().parent.is_relative_to(self.folder.resolve())
            return path if inside and path.is_file() else None
        except (OSError, ValueError):
            return None


def kind_of(line: Mapping[str, Any]) -> str:
    """What kind of image a line of the manifest is of."""
    return str(line.get("kind", "synthetic"))


def read_expansion(folder: Path) -> Expansion:
    """Read what was written beside the images.

    Raises:
        DataError: the folder was not written by `ganapps augment`, or what it wrote is damaged.
    """
    report = _read_json(folder / REPORT)
    if not isinstance(report.get("classes"), list) or "seed" not in report:
        raise DataError(f"{folder / REPORT} is no report of ganapps augment")
    proof = _read_json(folder / PROOF) if (folder / PROOF).exists() else None
    return Expansion(folder, report, _read_manifest(folder / MANIFEST), proof)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: give a folder that ganapps augment wrote") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}") from error
    if not isinstance(values, dict):
        raise DataError(f"{path} is damaged: it is no JSON object")
    return values


def _read_manifest(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        # Not splitlines(), which also splits at characters that a JSON string may hold.
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}") from error
    for line in lines:
        if not isinstance(line, dict) or not {"file", "class"} <= set(line):
            raise DataError(f"{path} is damaged: a line names no file or no class")
    return tuple(lines)
