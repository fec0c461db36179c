"""ONNX Runtime, on the CPU or on what else its build knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort

from ...errors import DependencyError, ModelError
from .devices import CPU, Device, check_present
from .engine import Engine, first_line, is_int8


@dataclass(frozen=True)
class Port:
    """An input or an output as the file declares it."""

    name: str
    type: str
    """As ONNX Runtime says it: "tensor(float)"."""
    shape: tuple[int | None, ...]
    """None is any size."""


class OnnxRuntimeEngine(Engine):
    """A model opened in ONNX Runtime. May be used by several threads."""

    def __init__(
        self,
        model: bytes,
        name: str,
        *,
        threads: int,
        device: Device = CPU,
        unit: str = "",
        precision: str = "fp32",
    ) -> None:
        """Open a model.

        Args:
            model: the bytes of an .onnx file. Not its path: a model can then name no other file to read.
            name: of the file, for errors.
            threads: that a run may use on the CPU.
            device: not OpenVINO.
            unit: number of the device where there are several.
            precision: one of the device's.

        Raises:
            ModelError: not an ONNX model, or damaged.
            DependencyError: the device is not there. ONNX Runtime alone would go on with the CPU.
        """
        check_present(device)
        self.device = f"{device.name}:{unit}" if unit else device.name
        self.precision = "int8" if is_int8(model) else precision
        self.software = f"ONNX Runtime {ort.__version__}"
        self._name = name
        try:
            self._session = ort.InferenceSession(
                model, _options(threads), providers=_providers(device, unit, precision), enable_fallback=0
            )
        except Exception as error:  # ONNX Runtime's own classes are private, and derive from it directly
            if device is CPU:
                raise ModelError(
                    f"{name} is not an ONNX model that can be run: {first_line(error)}"
                ) from error
            raise DependencyError(f"{self.device} cannot be used: {first_line(error)}") from error
        if self._session.get_providers()[0] != device.provider:
            raise DependencyError(
                f"{self.device} cannot be used: ONNX Runtime is built for it, but finds no device, driver or"
                " library and would go on with the CPU; mend that, or ask for --device cpu"
            )

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what the model can compute."""
        return tuple(output.name for output in self._session.get_outputs())

    @property
    def ports(self) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
        """The inputs that must be given, and the outputs."""
        inputs, outputs = (
            tuple(
                Port(item.name, item.type, tuple(n if isinstance(n, int) else None for n in item.shape))
                for item in found
            )
            for found in (self._session.get_inputs(), self._session.get_outputs())
        )
        return inputs, outputs

    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        try:
            return list(self._session.run(list(outputs), dict(feeds)))
        except Exception as error:  # as above
            raise ModelError(f"{self._name} cannot be run: {first_line(error)}") from error


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Errors come as exceptions, and what runs out of memory is tried again with less; the warnings are about
    # `fraction`, which is meant to be overridable.
    options.log_severity_level = 4
    return options


def _providers(device: Device, unit: str, precision: str) -> list[Any]:
    """Execution providers and their settings, the wanted one first."""
    number = {"device_id": unit} if unit else {}
    # Without TF32, whose 10 bits show in 8-bit pictures.
    cuda = ("CUDAExecutionProvider", {**number, "use_tf32": "0"})
    settings: dict[str, list[Any]] = {
        "cuda": [cuda],
        "tensorrt": [
            (
                "TensorrtExecutionProvider",
                {
                    **number,
                    "trt_fp16_enable": str(precision == "fp16"),
                    "trt_bf16_enable": str(precision == "bf16"),
                },
            ),
            cuda,
        ],
        "directml": [("DmlExecutionProvider", number)],
        # The newer format keeps fp32; the older one computes in fp16 on Apple's accelerator.
        "coreml": [("CoreMLExecutionProvider", {"ModelFormat": "MLProgram"})],
    }
    return [*settings.get(device.name, []), "CPUExecutionProvider"]
