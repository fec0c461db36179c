"""The list of shipped weights, written from what the files say of themselves.

    python -m ganapps.export.manifest weights

reads every `.onnx` file of the folder and writes `manifest.json` beside them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from ..errors import DataError
from ..runtime.files import write_atomically
from ..runtime.session import Session

_DEFAULT = {"upscale": "photo-x4"}
_DEFAULT_BY_SCALE = {"2": "photo-x2"}
"""Defaults where less enlargement is wanted than the default's."""
_FAITHFUL = {"photo-x4": "fidelity-x4", "photo-x2": "fidelity-x2"}
"""Adversarial models, and the ones that they were trained from and can be blended with."""

_RESTORING = {"photo-x4": "restore-x4"}
"""Models, and those of the same scale that clean what they enlarge."""


def write_manifest(folder: Path) -> Path:
    """List the model files of a folder in its `manifest.json`, and return that file's path.

    Raises:
        DataError: the folder holds no model files.
        ModelError: one of them is not ours.
    """
    files = sorted(folder.glob("*.onnx"))
    if not files:
        raise DataError(f"{folder} holds no .onnx files to list")
    weights = []
    for file in files:
        contract = Session(file).contract
        weights.append(
            {
                "name": file.stem,
                "file": file.name,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "task": contract.task,
                "licence": contract.licence,
                "description": f"{contract.recipe}, trained on {contract.trained_on}",
            }
        )
    names = {entry["name"] for entry in weights}
    by_scale = {scale: name for scale, name in _DEFAULT_BY_SCALE.items() if name in names}
    manifest = {
        "version": 1,
        "default": _DEFAULT,
        "default_by_scale": by_scale,
        "faithful": _pairs(_FAITHFUL, names),
        "restoring": _pairs(_RESTORING, names),
        "weights": weights,
    }
    path = folder / "manifest.json"
    write_atomically(path, json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n")
    return path


def _pairs(pairs: dict[str, str], names: set[str]) -> dict[str, str]:
    """Those of whom both are there."""
    return {name: other for name, other in pairs.items() if {name, other} <= names}


if __name__ == "__main__":
    print(write_manifest(Path(sys.argv[1])))
