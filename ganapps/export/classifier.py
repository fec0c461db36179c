"""A classifier as a model file: pixels in, calibrated probabilities out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from ..errors import ModelError
from ..runtime.files import write_atomically
from .card import ModelCard
from .graph import describe, trace
from .parity import check_parity, open_session

OUTPUTS = ("probability",)
_CHECKED_BATCHES = (1, 2, 5)


class Calibrated(nn.Module):
    """One network or several, each with its temperature, averaged and corrected for how frequent classes are.

    Shape: `image` uint8 `[N, H, W, C]` to `probability` float32 `[N, K]`: the softmax of the mean over
    networks of their log-probabilities at their own temperature, at a common temperature, times the shares
    of the classes.

    Args:
        networks: `[N, C, H, W]` in [-1, 1] to logits `[N, K]`.
        temperatures: one for each network.
        temperature: of their mean.
        prior: shares of the classes where the classifier is used, `[K]`; all were the same in training.
    """

    bias: Tensor

    def __init__(
        self, networks: Sequence[nn.Module], temperatures: Sequence[float], temperature: float, prior: Tensor
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.temperatures, self.temperature = tuple(temperatures), temperature
        self.register_buffer("bias", prior.log())

    def forward(self, image: Tensor) -> Tensor:
        images = image.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1
        logs = [
            log_softmax(network(images) / temperature, 1)
            for network, temperature in zip(self.networks, self.temperatures, strict=True)
        ]
        return torch.softmax(torch.stack(logs).mean(0) / self.temperature + self.bias, 1)


class _Outputs(nn.Module):
    """The outputs as a tuple, which the parity check expects."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor]:
        return (self.network(image),)


def export_classifier(
    network: nn.Module, path: Path, card: ModelCard, *, classes: Sequence[str], shape: Sequence[int]
) -> None:
    """Write what `serialise_classifier` makes to a file, whole or not at all.

    Raises:
        DependencyError, ModelError: as there.
        OutputError: the file cannot be written.
    """
    write_atomically(path, serialise_classifier(network, card, classes=classes, shape=shape))


def serialise_classifier(
    network: nn.Module, card: ModelCard, *, classes: Sequence[str], shape: Sequence[int]
) -> bytes:
    """A classifier with its pre-processing as an `.onnx` file, checked.

    Args:
        network: uint8 `[N, H, W, C]` to probabilities `[N, K]`, as `Calibrated`.
        card: what the file says of its origin.
        classes: names in the order of their labels.
        shape: H, W and C.

    Raises:
        DependencyError: the exporter's packages are not installed.
        ModelError: the network knows another number of classes, or ONNX Runtime computes something else than
            PyTorch by more than 1/255.
    """
    height, width, channels = shape
    wrapped = _Outputs(network).eval().cpu()
    feed = _feed(2, shape)
    with torch.no_grad():
        known = wrapped(**feed)[0].shape[1]
    if known != len(classes):
        raise ModelError(f"the classifier knows {known} classes, but {len(classes)} have names")
    model = trace(wrapped, feed, OUTPUTS, {"image": {0: "N"}})
    contract = {
        "ganapps.task": "classify",
        "ganapps.classes": json.dumps(list(classes), ensure_ascii=False),
        "ganapps.height": str(height),
        "ganapps.width": str(width),
        "ganapps.channels": str(channels),
    }
    describe(model, contract | card.metadata())
    data: bytes = model.SerializeToString(deterministic=True)
    check_parity(open_session(data), wrapped, OUTPUTS, [_feed(num, shape) for num in _CHECKED_BATCHES])
    return data


def _feed(num: int, shape: Sequence[int]) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(num)
    return {"image": torch.randint(0, 256, (num, *shape), dtype=torch.uint8, generator=random)}
