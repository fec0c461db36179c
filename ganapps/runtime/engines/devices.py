"""The devices by their names, and which of them are here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec

import onnxruntime as ort

from ...errors import DependencyError, UsageError

AUTO = "auto"
PRECISIONS = (AUTO, "fp32", "bf16", "fp16", "int8")
"""What can be asked for."""


@dataclass(frozen=True)
class Device:
    """A kind of device."""

    name: str
    provider: str | None
    """Of ONNX Runtime; None for OpenVINO."""
    precisions: tuple[str, ...]
    """That it may be told to compute in; the first is what it does by itself."""
    install: str
    """What brings it."""


CPU = Device("cpu", "CPUExecutionProvider", ("fp32",), "pip install onnxruntime")
OPENVINO = Device("openvino", None, ("fp32", "bf16", "fp16"), "pip install 'ganapps[openvino]'")
_GPU = "install onnxruntime-gpu in place of onnxruntime"
DEVICES = {
    device.name: device
    for device in (
        CPU,
        OPENVINO,
        Device("cuda", "CUDAExecutionProvider", ("fp32",), _GPU),
        Device("tensorrt", "TensorrtExecutionProvider", ("fp32", "fp16", "bf16"), f"{_GPU}, and tensorrt"),
        Device(
            "directml",
            "DmlExecutionProvider",
            ("fp32",),
            "install onnxruntime-directml in place of onnxruntime",
        ),
        Device("coreml", "CoreMLExecutionProvider", ("fp32",), "install onnxruntime on macOS"),
    )
}
"""By what is typed."""


def parse_device(text: str) -> tuple[Device, str]:
    """The device and, after a colon, which one of its kind.

    Raises:
        UsageError: no such device.

    Example:
        >>> device, unit = parse_device("cuda:1")
        >>> device.name, unit
        ('cuda', '1')
    """
    name, _, unit = text.lower().partition(":")
    device = DEVICES.get(name)
    numbered = name in ("cuda", "tensorrt", "directml") and unit.isascii() and unit.isdigit()
    named = name == "openvino" and unit.replace(".", "").isalnum()
    if device is None or (":" in text and not (numbered or named)):
        known = ", ".join((AUTO, *DEVICES))
        raise UsageError(f"device must be {known}, or one of several as in cuda:1, got {text!r}")
    return device, unit


def present_devices() -> tuple[str, ...]:
    """Names of the devices that the installed packages are built for; a driver may still be missing."""
    built = ort.get_available_providers()
    return tuple(
        device.name
        for device in DEVICES.values()
        if (find_spec("openvino") is not None if device.provider is None else device.provider in built)
    )


def check_present(device: Device) -> None:
    """Check that the installed packages are built for a device.

    Raises:
        DependencyError: they are not.
    """
    here = present_devices()
    if device.name not in here:
        raise DependencyError(
            f"{device.name} is not there: ONNX Runtime {ort.__version__} and what else is installed here"
            f" offer {', '.join(here)}; for {device.name}, {device.install}"
        )


def openvino_version() -> str | None:
    """Of the installed package; None where there is none."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and for the doctor alone

    try:
        return version("openvino")
    except PackageNotFoundError:
        return None


def has_wide_vectors() -> bool:
    """Whether the CPU has AVX-512, where OpenVINO computes these networks faster than ONNX Runtime.

    Measured with 256 x 256 pixels in fp32: 1.4 times as fast with AVX-512, 0.95 times with AVX2 alone.
    """
    try:
        # numpy keeps this list to itself, so that a later one may not have it here.
        features = importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):
        return False
    return bool(features.get("AVX512F", False))
