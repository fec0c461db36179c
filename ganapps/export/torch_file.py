"""Weights of other programs for PyTorch, as model files: `.pth`, `.pt`, `.ckpt` and `.safetensors`."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..runtime.files import display_name, write_atomically
from ..runtime.zoo import TORCH_ENDINGS
from .card import ModelCard
from .graph import trace
from .parity import check_parity, open_session
from .receptive_field import MOST_EXACT_PX, is_shift_invariant, measure_radius
from .upscaler import export_upscaler

Tell = Callable[[str], None]
_CHECKED_SIZES = ((24, 40), (32, 56), (64, 48))


class TorchUpscaler(nn.Module):
    """A network of another program with the face of ours: `[N, 3, H, W]` in [0, 1] to `[N, 3, sH, sW]`."""

    def __init__(self, network: nn.Module, scale: int, radius: int, channels: int) -> None:
        """Put the face on; with 1 channel, each colour is enlarged as a grey picture of its own."""
        super().__init__()
        self.network, self.scale, self.radius, self.channels = network, scale, radius, channels

    def forward(self, image: Tensor) -> Tensor:
        number, colours, height, width = image.shape
        if self.channels == 3:
            enlarged: Tensor = self.network(image)
            return enlarged
        planes: Tensor = self.network(image.reshape(number * colours, 1, height, width))
        return planes.reshape(number, colours, self.scale * height, self.scale * width)


def export_torch_file(
    source: Path,
    out: Path,
    *,
    name: str | None = None,
    licence: str | None = None,
    trained_on: str | None = None,
    tell: Tell,
) -> Path:
    """Write an upscaler of one of the architectures that spandrel knows as a model file; return its path.

    A network of small reach becomes a file of our contract, whose tiles are exact. Any other becomes a plain
    file, `[1, C, H, W]` in [0, 1], which is probed when it is opened.

    Args:
        source: the weights. Nothing in the file is run.
        out: the file to write.
        name, licence, trained_on: what the model's card says; None is the file's name, and unknown.
        tell: is given a sentence where the file is not of our contract.

    Raises:
        ModelError: damaged, not safe to load, of an unknown architecture, no upscaler, or not to be exported.
        OutputError: the file cannot be written.
    """
    network, scale, channels = _load(source)
    # A first guess for the face; the network itself is asked.
    face = TorchUpscaler(network, scale, 0, channels).eval()
    radius = measure_radius(face, scale)
    if radius is not None and radius <= MOST_EXACT_PX and is_shift_invariant(face, scale, radius):
        face.radius = radius
        card = ModelCard(
            name=name or source.stem,
            version="1",
            licence=licence or "unknown",
            trained_on=trained_on or "unknown",
            recipe=f"{type(network).__name__} from {source.name}",
        )
        _exporting(source, lambda: export_upscaler(face, out, card))
        return out
    reach = "the whole picture" if radius is None else f"{radius} px around"
    tell(
        f"a pixel of {display_name(source)} depends on {reach}, or on its place, so that tiles are not exact:"
        " a plain file is written, which is probed when it is opened"
    )
    _exporting(source, lambda: _export_plain(network, scale, channels, out))
    return out


def _load(source: Path) -> tuple[nn.Module, int, int]:
    """The network, its scale, and its channels: 1 or 3."""
    import spandrel

    weights = _read_weights(source)
    shown = display_name(source)
    try:
        found = spandrel.ModelLoader(device="cpu").load_from_state_dict(
            spandrel.canonicalize_state_dict(weights)
        )
    except Exception as error:  # spandrel's detection reads keys and shapes, and fails in many ways
        raise ModelError(
            f"{shown} holds no network that spandrel {spandrel.__version__} knows: export it to ONNX with the"
            " program that made it"
        ) from error
    kind = f"{shown} holds a network of {found.architecture.name}"
    if not isinstance(found, spandrel.ImageModelDescriptor):
        raise ModelError(f"{kind}, which takes more than a picture")
    channels = (found.input_channels, found.output_channels)
    if channels not in ((3, 3), (1, 1)):
        raise ModelError(f"{kind} with {channels[0]} channels in and {channels[1]} out: 1 or 3 are accepted")
    found.model.eval().float().requires_grad_(False)
    image = torch.rand(1, channels[0], 64, 64, generator=torch.Generator().manual_seed(0))
    try:
        with torch.no_grad():
            whole, bare = found(image), found.model(image)
    except Exception as error:
        raise ModelError(f"{kind}, which cannot be run on a picture of 64 x 64: {_line(error)}") from error
    if not isinstance(bare, Tensor) or not torch.allclose(bare.clamp(0, 1), whole, atol=1e-4):
        raise ModelError(f"{kind}, whose pictures spandrel prepares in a way that no file can hold")
    return found.model, found.scale, channels[0]


def _read_weights(source: Path) -> dict[str, Any]:
    """The tensors of a file. A pickle is read by PyTorch's own restricted reader, which calls nothing.

    Raises:
        ModelError: it is missing, damaged, or holds more than tensors.
    """
    shown = display_name(source)
    if source.suffix.lower() not in TORCH_ENDINGS:
        raise ModelError(f"{shown} must end in {', '.join(TORCH_ENDINGS)}")
    if not source.is_file():
        raise ModelError(f"the file {shown} does not exist")
    try:
        if source.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            weights: Any = load_file(source)
        else:
            weights = torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{shown} is refused: it is damaged or would run code when it is loaded, and only tensors are"
            " accepted; ask for it as .safetensors"
        ) from error
    except Exception as error:  # damaged archives raise RuntimeError, EOFError, SafetensorError and more
        raise ModelError(f"{shown} is damaged: {_line(error)}") from error
    if not isinstance(weights, dict) or not weights:
        raise ModelError(f"{shown} holds no named tensors")
    return weights


def _exporting(source: Path, export: Callable[[], None]) -> None:
    """Run an export; what PyTorch's exporter raises becomes one sentence."""
    from torch.onnx.errors import OnnxExporterError

    try:
        export()
    except OnnxExporterError as error:
        raise ModelError(
            f"{display_name(source)} cannot be written as a model file for pictures of any size: PyTorch's"
            f" exporter gives up ({type(error).__name__})"
        ) from error


def _export_plain(network: nn.Module, scale: int, channels: int, out: Path) -> None:
    clamped = _Clamped(network).eval()
    examples = {"input": torch.zeros(1, channels, 64, 48)}
    model = trace(clamped, examples, ("output",), {"input": {2: "H", 3: "W"}})
    data = model.SerializeToString(deterministic=True)
    random = torch.Generator().manual_seed(0)
    feeds = [{"input": torch.rand(1, channels, *size, generator=random)} for size in _CHECKED_SIZES]
    check_parity(open_session(data), clamped, ("output",), feeds)
    write_atomically(out, data)


class _Clamped(nn.Module):
    """A network with its result in [0, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor]:
        enlarged: Tensor = self.network(image)
        return (enlarged.clamp(0, 1),)


def _line(error: Exception) -> str:
    """The first line of an error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
