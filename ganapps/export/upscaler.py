"""An upscaling network as a model file: pixels in, pixels out."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..runtime.files import write_atomically
from .card import ModelCard
from .graph import describe, make_optional, trace
from .parity import check_parity, check_radius, open_session

OUTPUTS = ("upscaled", "upscaled_float")
_CHECKED_SIZES = ((1, 1, 1), (1, 19, 13), (2, 7, 24), (3, 32, 33))
"""Number, height and width of the random images that an export is compared on."""


class Upscaling(Protocol):
    """What a network must say of itself."""

    @property
    def scale(self) -> int:
        """Enlargement."""
        ...

    @property
    def radius(self) -> int:
        """Receptive radius in input pixels."""
        ...


class UpscalerGraph(nn.Module):
    """A network `[N, 3, H, W]` in [0, 1] to `[N, 3, sH, sW]`, between pixels.

    Shape: `image` uint8 `[N, H, W, 3]` and `fraction` float32, broadcast to it, to `upscaled` uint8
    `[N, sH, sW, 3]` and `upscaled_float` float32 in [0, 1], of the same shape. A 16-bit pixel v goes in as
    image v // 257 and fraction v / 257 - v // 257.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, fraction: Tensor) -> tuple[Tensor, Tensor]:
        unit = (image.to(torch.float32) + fraction) / 255
        upscaled = self.network(unit.permute(0, 3, 1, 2)).clamp(0, 1).permute(0, 2, 3, 1)
        return (upscaled * 255).round().to(torch.uint8), upscaled


def export_upscaler(network: nn.Module, path: Path, card: ModelCard) -> None:
    """Write an upscaling network with its pre- and post-processing to one `.onnx` file, checked.

    Args:
        network: `[N, 3, H, W]` in [0, 1] to `[N, 3, sH, sW]`, with `scale` and `radius`.
        path: the file; it is written whole or not at all.
        card: what the file says of its origin.

    Raises:
        DependencyError: the exporter's packages are not installed.
        ModelError: ONNX Runtime computes something else than PyTorch by more than 1/255, or the receptive
            radius is larger than the network says.
        OutputError: the file cannot be written.
    """
    scale, radius = _extent(network)
    wrapped = UpscalerGraph(network).eval().cpu()
    model = trace(
        wrapped,
        {"image": torch.zeros(2, 17, 19, 3, dtype=torch.uint8), "fraction": torch.zeros(1, 1, 1, 1)},
        OUTPUTS,
        {"image": {0: "N", 1: "H", 2: "W"}},
    )
    make_optional(model, "fraction", torch.zeros(1, 1, 1, 1))
    contract = {"ganapps.task": "upscale", "ganapps.scale": str(scale), "ganapps.radius": str(radius)}
    describe(model, contract | card.metadata())
    data = model.SerializeToString(deterministic=True)
    session = open_session(data)
    check_parity(session, wrapped, OUTPUTS, [_feed(*size) for size in _CHECKED_SIZES])
    check_radius(session, scale, radius)
    write_atomically(path, data)


def _extent(network: nn.Module) -> tuple[int, int]:
    scale, radius = getattr(network, "scale", None), getattr(network, "radius", None)
    if not (isinstance(scale, int) and isinstance(radius, int)):
        raise ModelError(
            f"{type(network).__name__} needs the whole numbers `scale` and `radius` for an export"
        )
    return scale, radius


def _feed(num: int, height: int, width: int) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(num * height * width)
    shape = (num, height, width, 3)
    image = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
    # White is 255 + 0: with a fraction above it the network would see what no pixel can be.
    fraction = torch.rand(shape, generator=random) * (image < 255)
    return {"image": image, "fraction": fraction}
