"""What a model file declares of its input and output, and the layouts that this leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engines.onnxruntime_engine import OnnxRuntimeEngine, Port

TYPES: dict[str, np.dtype] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(uint8)": np.dtype(np.uint8),
}


class NotAnUpscaler(Exception):
    """Why a model is none, as the rest of a sentence that begins with its name."""


@dataclass(frozen=True)
class Layout:
    """One way to understand the input's dimensions."""

    channels_first: bool
    channels: int
    fixed: tuple[int | None, int | None]
    """Height and width; None is any."""


def read_ports(engine: OnnxRuntimeEngine) -> tuple[Port, Port]:
    """The one input and the one output.

    Raises:
        NotAnUpscaler: there are several, or they cannot hold a picture.
    """
    inputs, outputs = engine.ports
    for what, ports in (("input", inputs), ("output", outputs)):
        if len(ports) != 1:
            names = ", ".join(port.name for port in ports[:4]) + (", ..." if len(ports) > 4 else "")
            raise NotAnUpscaler(f"it has {len(ports)} {what}s ({names}), and one picture is accepted")
        if ports[0].type not in TYPES:
            accepted = "float32, float16 or uint8"
            raise NotAnUpscaler(f"its {what} is a {ports[0].type}, and pictures of {accepted} are accepted")
    return inputs[0], outputs[0]


def possible_layouts(port: Port) -> list[Layout]:
    """The layouts that fit the declared shape, the likeliest first.

    Raises:
        NotAnUpscaler: none does.
    """
    shape = port.shape
    if len(shape) != 4:
        raise NotAnUpscaler(
            f"its input has {len(shape)} dimensions, and the 4 of a batch of pictures are accepted"
        )
    if shape[0] not in (None, 1):
        raise NotAnUpscaler(f"it takes {shape[0]} pictures at once, and one is accepted")
    found = [
        Layout(first, channels, (shape[2], shape[3]) if first else (shape[1], shape[2]))
        for channels in (3, 1)
        for first in (True, False)
        if shape[1 if first else 3] in (None, channels)
    ]
    # A dimension that is declared as 3 or 1 is the channels; one that is open may be.
    found.sort(key=lambda layout: shape[1 if layout.channels_first else 3] is None)
    if not found:
        raise NotAnUpscaler(f"its input is {_shown(shape)}, and no dimension of it is 1 or 3 channels")
    return found


def _shown(shape: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in shape) + "]"
