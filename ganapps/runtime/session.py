"""A model file opened on an engine, and the contract that it carries in its own metadata."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError, UsageError
from . import initializers
from .engines import damage
from .engines.choice import choose_engine
from .engines.engine import Engine
from .engines.onnxruntime_engine import OnnxRuntimeEngine
from .engines.probe import MOST_DIFFERENT
from .files import display_name
from .foreign.engine import ForeignEngine
from .foreign.probing import note, probe
from .foreign.traits import Traits

_KEY = "ganapps."
_NUMBERS = {"upscale": ("scale", "radius"), "sample": ("latent", "height", "width", "channels")}


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
        self,
        model: str | Path,
        *,
        threads: int | None = None,
        blend: tuple[str | Path, float] | None = None,
        device: str = "cpu",
        precision: str = "auto",
        on_note: Callable[[str], None] | None = None,
    ) -> None:
        """Open a model file.

        Args:
            model: path of an .onnx file exported by ganapps, or an upscaler from elsewhere, which is probed.
            threads: that a run may use; None is all cores that this process may use.
            blend: another such file and the strength of this one, 0 to 1: the weights lie between the two.
            device: "cpu" is ONNX Runtime there, the same bits everywhere; others are in `engines.devices`,
                and "auto" chooses. precision: one of the device's; "auto" is fp32, or the file's own int8.
            on_note: called with a sentence where something is done otherwise than one would think; None
                makes it a warning.

        Raises:
            ModelError: missing, not ONNX, damaged, neither of ganapps nor an upscaler, not to be blended, or
                computed wrongly by the device.
            UsageError: threads below 1, or no such device or precision.
            DependencyError: the device is not there.
        """
        self.path = Path(model)
        name = display_name(model)
        data = _model_bytes(self.path, name)
        self.sha256 = hashlib.sha256(data).hexdigest()
        """Of the model file, in hexadecimal."""
        if blend is not None:
            faithful, strength = blend
            other = display_name(faithful)
            start = _model_bytes(Path(faithful), other)
            data = initializers.blend(start, data, strength, (other, name))
        threads = available_threads() if threads is None else threads
        if threads < 1:
            raise UsageError(f"threads must be 1 or more, got {threads}")
        self._on_note, self._repaired = on_note, 0
        opened = OnnxRuntimeEngine(data, name, threads=threads)
        self._reference: Engine = opened
        self.outputs = opened.outputs
        """Names of what the model can compute."""
        wrap: Callable[[Engine], Engine] | None = None
        self.traits: Traits | None = None
        """Of a model from elsewhere, as probed; None for one of ganapps."""
        if any(key.startswith(_KEY) for key in opened.metadata):
            self.contract = read_contract(opened.metadata, name)
        else:
            self.traits = probe(opened, name)
            self.contract = _contract_of(self.traits, self.path.stem)
            wrap = functools.partial(ForeignEngine, traits=self.traits, name=name)
            self._reference = wrap(opened)
            self._tell(note(self.traits, name))
        scale, radius = self.contract.scale, self.contract.radius
        self.engine: Engine = choose_engine(
            data,
            self.contract.name or name,
            self._reference,
            device=device,
            precision=precision,
            threads=threads,
            shape=None if scale is None or radius is None else (scale, radius),
            tell=self._tell,
            wrap=wrap,
        )
        """What computes."""

    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Compute the named outputs.

        Where another engine than ONNX Runtime on the CPU gives what cannot be an enlarged picture, that one
        computes it again, and its result is taken where the two differ.

        Raises:
            ModelError: the model refuses the input or cannot be run here.
        """
        results = self.engine.run(outputs, feeds)
        if self.engine is self._reference or self.contract.task != "upscale":
            return results
        if not any(damage.is_suspect(result, feeds["image"]) for result in results):
            return results
        right = self._reference.run(outputs, feeds)
        most = MOST_DIFFERENT[self.engine.precision]
        if not any(damage.differs(*pair, most) for pair in zip(results, right, strict=True)):
            return results
        if not self._repaired:
            self._tell(
                f"a tile came out black or not a number on {self.engine}: it was computed again on"
                f" {self._reference}, as any other such tile will be"
            )
        self._repaired += 1
        return right

    def _tell(self, sentence: str) -> None:
        if self._on_note is None:
            warnings.warn(sentence, stacklevel=3)
        else:
            self._on_note(sentence)


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


def _contract_of(traits: Traits, name: str) -> Contract:
    """What is known of a model from elsewhere."""
    return Contract(
        task="upscale",
        name=name,
        version="",
        licence="unknown",
        trained_on="",
        recipe="",
        scale=traits.scale,
        radius=traits.radius,
    )


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
