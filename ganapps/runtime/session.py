"""An ONNX Runtime session and the contract that the model file carries in its own metadata."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from ..errors import ModelError, UsageError
from . import initializers
from .files import display_name

_KEY = "ganapps."
_NUMBERS = {"upscale": ("scale", "radius"), "sample": ("latent", "height", "width", "channels")}
# In order of preference; those that this build of ONNX Runtime lacks are passed over.
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a model file says of itself; the numbers of the other task are None."""

    task: str
    """"upscale" or "sample"."""
    name: str
    version: str
    licence: str
    trained_on: str
    recipe: str
    scale: int | None = None
    """Upscale: how many times larger the result is on each side."""
    radius: int | None = None
    """Upscale: pixels of the input, on each side, that a pixel of the result depends on."""
    classes: tuple[str, ...] = ()
    """Sample: names by label."""
    latent: int | None = None
    """Sample: numbers in a latent."""
    height: int | None = None
    """Sample: pixels."""
    width: int | None = None
    """Sample: pixels."""
    channels: int | None = None
    """Sample: 1 for grey, 3 for RGB."""


class Session:
    """A model file opened for inference. May be used by several threads."""

    def __init__(
        self, model: str | Path, *, threads: int | None = None, blend: tuple[str | Path, float] | None = None
    ) -> None:
        """Open a model file.

        Args:
            model: path of an .onnx file exported by ganapps.
            threads: that a run may use; None is all cores that this process may use.
            blend: another such file and the strength of this one, 0 to 1: the weights lie between the two.

        Raises:
            ModelError: missing, not ONNX, damaged, not exported by ganapps, or not to be blended.
            UsageError: threads below 1.
        """
        self.path = Path(model)
        name = display_name(model)
        data = _model_bytes(self.path, name)
        self.sha256 = hashlib.sha256(data).hexdigest()
        """Of the model file, in hexadecimal."""
        # From bytes and not from the path: a model can then name no other file to read.
        if blend is not None:
            faithful, strength = blend
            other = display_name(faithful)
            start = _model_bytes(Path(faithful), other)
            data = initializers.blend(start, data, strength, (other, name))
        self._session = _open(data, name, available_threads() if threads is None else threads)
        self.contract = read_contract(self._session.get_modelmeta().custom_metadata_map, name)
        self.outputs = tuple(output.name for output in self._session.get_outputs())
        """Names of what the model can compute."""

    @property
    def providers(self) -> tuple[str, ...]:
        """ONNX Runtime execution providers in use, the first preferred."""
        return tuple(self._session.get_providers())

    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Compute the named outputs.

        Raises:
            ModelError: the model refuses the input or cannot be run here.
        """
        try:
            return list(self._session.run(list(outputs), dict(feeds)))
        except (
            Exception
        ) as error:  # ONNX Runtime's own classes are private, and derive from Exception directly
            raise ModelError(f"{display_name(self.path)} cannot be run: {_first_line(error)}") from error


def available_threads() -> int:
    """Cores that this process may use, which in a container can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _model_bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"the model file {name} does not exist") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelError(f"the model file {name} cannot be read: {reason}") from error


def _open(data: bytes, name: str, threads: int) -> ort.InferenceSession:
    if threads < 1:
        raise UsageError(f"threads must be 1 or more, got {threads}")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Errors come as exceptions; the warnings are about `fraction`, which is meant to be overridable.
    options.log_severity_level = 3
    present = ort.get_available_providers()
    providers = [provider for provider in _PROVIDERS if provider in present]
    try:
        return ort.InferenceSession(data, options, providers=providers)
    except Exception as error:  # as in `run`
        raise ModelError(f"{name} is not an ONNX model that can be run: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def read_contract(metadata: Mapping[str, str], name: str) -> Contract:
    """The contract in a model's metadata.

    Raises:
        ModelError: ganapps did not write it, or it is not whole.
    """
    entries = {key.removeprefix(_KEY): value for key, value in metadata.items() if key.startswith(_KEY)}
    task = entries.get("task")
    if task is None:
        raise ModelError(f"{name} was not exported by ganapps: its metadata has no ganapps.task")
    if task not in _NUMBERS:
        raise ModelError(f"{name} is for the task {task!r}: this version knows upscale and sample")
    values: dict[str, Any] = {"task": task}
    for key in ("name", "version", "licence", "trained_on", "recipe"):
        values[key] = entries.get(key, "")
    for key in _NUMBERS[task]:
        values[key] = _number(entries, key, name, least=0 if key == "radius" else 1)
    if task == "sample":
        values["classes"] = _classes(entries.get("classes", ""), name)
    return Contract(**values)


def _number(entries: Mapping[str, str], key: str, name: str, *, least: int) -> int:
    text = entries.get(key, "")
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise ModelError(f"{name} has {text!r} as ganapps.{key}: it must be a number of {least} or more")
    return int(text)


def _classes(text: str, name: str) -> tuple[str, ...]:
    try:
        classes = json.loads(text)
    except json.JSONDecodeError:
        classes = None
    if not isinstance(classes, list) or not classes or not all(isinstance(item, str) for item in classes):
        raise ModelError(f"{name} has {text!r} as ganapps.classes: it must be a JSON list of names")
    return tuple(classes)
