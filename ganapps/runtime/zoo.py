"""Weights that come with ganapps: from a name to a file whose sha256 holds."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import ModelError, UsageError
from .files import display_name

_PACKAGE = "ganapps.weights"
TORCH_ENDINGS = (".pth", ".pt", ".ckpt", ".safetensors")
"""Of files that hold weights for PyTorch, which `ganapps export` turns into model files."""
_ADVICE = "reinstall ganapps, or give the path of an .onnx file"


@dataclass(frozen=True)
class Weights:
    """One line of the manifest."""

    name: str
    """What a user types."""
    file: str
    """Name of the .onnx file beside the manifest."""
    sha256: str
    """Of the file, in hexadecimal."""
    task: str
    """"upscale" or "sample"."""
    licence: str
    """SPDX identifier."""
    description: str
    """One line."""

    @property
    def path(self) -> Path:
        """Where the file should lie."""
        return weights_folder() / self.file


def weights_folder() -> Path:
    """The folder of the installed package `ganapps.weights`.

    Raises:
        ModelError: the package is not installed.
    """
    try:
        return Path(str(importlib.resources.files(_PACKAGE)))
    except ModuleNotFoundError as error:
        raise ModelError(f"the weights of ganapps are not installed: {_ADVICE}") from error


def list_weights() -> tuple[Weights, ...]:
    """All weights of the manifest, in its order.

    Raises:
        ModelError: the manifest is missing or damaged.
    """
    names = [field.name for field in fields(Weights)]
    try:
        return tuple(Weights(**{key: str(entry[key]) for key in names}) for entry in _manifest()["weights"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"the manifest of the weights is damaged ({error!r}): {_ADVICE}") from error


def default_weights(task: str) -> str:
    """The name that is meant where a user gives none.

    Raises:
        ModelError: the manifest is missing, damaged, or has none for the task.
    """
    name = _manifest().get("default", {}).get(task)
    if not isinstance(name, str):
        raise ModelError(f"no weights of ganapps are the default for {task}: give a name or an .onnx file")
    return name


def default_upscaler(factor: float) -> str:
    """The name that is meant where a user gives none and wants `factor` times the size.

    It is the default that reaches the factor in one pass with least to shrink afterwards.

    Raises:
        ModelError: the manifest is missing or damaged.
    """
    smaller = _manifest().get("default_by_scale", {})
    enough = [int(scale) for scale in smaller if 1 < factor <= int(scale)]
    return str(smaller[str(min(enough))]) if enough else default_weights("upscale")


def faithful_weights(name: str) -> str:
    """The name of the faithful model of the same network, that a vivid one can be blended with.

    Raises:
        ModelError: the manifest is missing or damaged.
        UsageError: there is none for this model.
    """
    return _partner(name, "faithful", "faithful model to blend with")


def restoring_weights(name: str) -> str:
    """The name of the model of the same scale that cleans what it enlarges.

    Raises:
        ModelError: the manifest is missing or damaged.
        UsageError: there is none for this model.
    """
    return _partner(name, "restoring", "restoring model")


def has_restoring_weights(name: str) -> bool:
    """Whether `restoring_weights` has one for this model.

    Raises:
        ModelError: the manifest is missing or damaged.
    """
    return name in _manifest().get("restoring", {})


def _partner(name: str, kind: str, what: str) -> str:
    pairs = _manifest().get(kind, {})
    if name not in pairs:
        known = ", ".join(pairs) or "none here"
        raise UsageError(f"{name} has no {what}; models that have one: {known}")
    return str(pairs[name])


def _manifest() -> dict[str, Any]:
    path = weights_folder() / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{display_name(path)}, the list of weights, is missing: {_ADVICE}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{display_name(path)}, the list of weights, is damaged: {_ADVICE}") from error
    if not isinstance(manifest, dict) or manifest.get("version") != 1:
        raise ModelError(f"{display_name(path)}, the list of weights, is not of version 1: {_ADVICE}")
    return manifest


def verify(weights: Weights) -> bool:
    """Whether the file is there and its sha256 is that of the manifest."""
    return weights.path.is_file() and _sha256(weights.path) == weights.sha256


def find_weights(name_or_path: str | Path) -> Path:
    """The model file meant by a name of the manifest or by a path.

    A name wins over a file of the same name. Weights of the manifest are checked against their sha256; what
    lies behind a path is the user's own.

    Raises:
        ModelError: an unknown name, a missing file, one for PyTorch, or not the one of the manifest.
    """
    path = Path(name_or_path)
    if path.suffix.lower() in TORCH_ENDINGS:
        raise ModelError(
            f"{display_name(path)} holds weights for PyTorch: make a model file of it with ganapps export"
            f" {display_name(path)} -o {display_name(path.with_suffix('.onnx').name)}"
        )
    if isinstance(name_or_path, Path) or path.suffix == ".onnx" or len(path.parts) > 1:
        if not path.is_file():
            raise ModelError(f"the model file {display_name(path)} does not exist")
        return path
    known = {weights.name: weights for weights in list_weights()}
    if name_or_path not in known:
        if path.is_file():
            return path
        available = ", ".join(known) or "none"
        raise ModelError(f"no model is called {name_or_path!r}: there are {available}, or give an .onnx file")
    weights = known[name_or_path]
    if not weights.path.is_file():
        raise ModelError(f"{display_name(weights.path)}, the file of {weights.name}, is missing: {_ADVICE}")
    found = _sha256(weights.path)
    if found != weights.sha256:
        raise ModelError(
            f"{display_name(weights.path)} is not the file of {weights.name}: its sha256 begins {found[:12]},"
            f" the manifest says {weights.sha256[:12]}; {_ADVICE}"
        )
    return weights.path


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
