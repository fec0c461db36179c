"""OpenVINO, an optional package: from the same bytes of the same file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import DependencyError, ModelError, UsageError
from .devices import OPENVINO, check_present
from .engine import Engine, is_int8

# A run of one shape costs 5 to 15 % less when the model is compiled for it, which takes as long as a fifth of
# the run on a tile of 256 px: so it is done when a shape comes back. Both give the same bits.
_SHAPES_KEPT = 4

Shapes = tuple[tuple[str, tuple[int, ...]], ...]


class OpenVinoEngine(Engine):
    """A model opened in OpenVINO. May be used by several threads, one at a time."""

    def __init__(
        self, model: bytes, name: str, *, threads: int, unit: str = "", precision: str = "fp32"
    ) -> None:
        """Open a model.

        Args:
            model: the bytes of an .onnx file.
            name: of the file, for errors.
            threads: that a run may use on the CPU.
            unit: OpenVINO's name of the device, such as "gpu"; empty is the CPU.
            precision: "fp32", "bf16" or "fp16".

        Raises:
            DependencyError: OpenVINO is not installed, or finds no such device.
            ModelError: OpenVINO does not understand the model.
            UsageError: the device does not compute in this precision; OpenVINO alone would take another.
        """
        check_present(OPENVINO)
        import openvino

        self._openvino = openvino
        self._core = openvino.Core()
        self._target = unit.upper() or "CPU"
        self.device = f"openvino:{unit}" if unit else "openvino"
        self.precision = "int8" if is_int8(model) else precision
        self.software = f"OpenVINO {openvino.__version__.split('-')[0]}"
        self._check_target(precision)
        self._name, self._bytes = name, model
        self._settings = {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "fp16": "f16"}.get(precision, precision),
            "PERFORMANCE_HINT": "LATENCY",
        }
        if self._target == "CPU":
            # Threads that are nailed to cores wait there for other programs.
            self._settings |= {"INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": "NO"}
        self._lock = threading.Lock()
        self._any_shape: dict[tuple[Any, ...], Any] = {}
        self._one_shape: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._read()

    def _check_target(self, precision: str) -> None:
        present = self._core.available_devices
        if self._target not in present:
            found = ", ".join(map(str, present)) or "nothing"
            raise DependencyError(f"{self.device} cannot be used: OpenVINO finds {found} here")
        able = self._core.get_property(self._target, "OPTIMIZATION_CAPABILITIES")
        if precision != "fp32" and precision.upper() not in able:
            raise UsageError(
                f"{self.device} does not compute in {precision} on this processor, which knows"
                f" {', '.join(sorted(a.lower() for a in able if a[:2] in ('FP', 'BF')))}: --precision fp32"
            )

    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        with self._lock:
            try:
                request = self._request(tuple(outputs), tuple((k, v.shape) for k, v in feeds.items()))
                result = request.infer(dict(feeds), share_inputs=True)
                return [np.asarray(result[name]) for name in outputs]
            except RuntimeError as error:
                raise ModelError(f"{self._name} cannot be run: {_reason(error)}") from error

    def _request(self, outputs: tuple[str, ...], shapes: Shapes) -> Any:
        """A run for inputs of these shapes: for any shape at its first, for this one when it comes back."""
        key = (outputs, shapes)
        if key not in self._one_shape:
            self._one_shape[key] = None
            while len(self._one_shape) > _SHAPES_KEPT:
                self._one_shape.popitem(last=False)
            names = (outputs, tuple(name for name, _ in shapes))
            if names not in self._any_shape:
                self._any_shape[names] = self._compile(outputs, tuple((name, None) for name in names[1]))
            return self._any_shape[names]
        self._one_shape.move_to_end(key)
        if self._one_shape[key] is None:
            self._one_shape[key] = self._compile(outputs, shapes)
        return self._one_shape[key]

    def _read(self) -> Any:
        try:
            return self._core.read_model(model=self._bytes, weights=b"")
        except RuntimeError as error:
            raise ModelError(f"{self._name} is not read by OpenVINO: {_reason(error)}") from error

    def _compile(
        self, outputs: tuple[str, ...], shapes: tuple[tuple[str, tuple[int, ...] | None], ...]
    ) -> Any:
        """The model with these inputs and outputs alone, so that nothing else is computed or copied."""
        read = self._read()
        inputs = {name for node in read.inputs for name in node.get_names()}
        for name, _ in shapes:
            if name not in inputs:
                self._open_default(read, name)
        wanted = [node.get_node() for name in outputs for node in read.outputs if name in node.get_names()]
        model = self._openvino.Model(wanted, read.get_parameters(), "model")
        fixed = {name: list(shape) for name, shape in shapes if shape is not None}
        if fixed:
            model.reshape(fixed)
        compiled = self._core.compile_model(model, self._target, self._settings)
        return compiled.create_infer_request()

    def _open_default(self, model: Any, name: str) -> None:
        """Make an input of what OpenVINO took for a constant: an input of the file that has a default value.

        Raises:
            ModelError: there is none of this name.
        """
        constant = next((node for node in model.get_ops() if node.get_friendly_name() == name), None)
        if constant is None or constant.get_type_name() != "Constant":
            raise ModelError(f"{self._name} cannot be run: it has no input {name}")
        any_size = self._openvino.PartialShape([-1] * len(constant.get_output_shape(0)))
        parameter = self._openvino.opset13.parameter(any_size, constant.get_output_element_type(0))
        parameter.output(0).set_names({name})
        parameter.set_friendly_name(name)
        constant.output(0).replace(parameter.output(0))
        model.add_parameters([parameter])
        model.validate_nodes_and_infer_types()


def _reason(error: Exception) -> str:
    """The line of an error that says what was wrong: the last; those before it say where."""
    return ([type(error).__name__] + [line for line in str(error).splitlines() if line.strip()])[-1].strip()
