"""A conditional generator as a model file: latent vectors and labels in, pixels out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..runtime.files import write_atomically
from .card import ModelCard
from .graph import describe, trace
from .parity import check_parity, open_session

_CHECKED_BATCHES = (1, 2, 5)


class SamplerGraph(nn.Module):
    """A generator with images in [-1, 1] and, where there is one, a classifier of such images.

    Shape: `latent` float32 `[N, Z]` and `label` int64 `[N]` to `image` uint8 `[N, H, W, C]` and `confidence`
    float32 `[N, K]`. The classifier judges the image as it will be written, rounded to 8 bits.
    """

    def __init__(self, generator: nn.Module, classifier: nn.Module | None) -> None:
        super().__init__()
        self.generator, self.classifier = generator, classifier

    def forward(self, latent: Tensor, label: Tensor) -> tuple[Tensor, ...]:
        levels = ((self.generator(latent, label) + 1) * 127.5).round().clamp(0, 255)
        image = levels.permute(0, 2, 3, 1).to(torch.uint8)
        if self.classifier is None:
            return (image,)
        return image, self.classifier(levels / 127.5 - 1).softmax(1)


def export_sampler(
    generator: nn.Module,
    path: Path,
    card: ModelCard,
    *,
    classes: Sequence[str],
    latent: int,
    classifier: nn.Module | None = None,
) -> None:
    """Write a generator, and the classifier that judges what it makes, to one `.onnx` file, checked.

    Args:
        generator: `(latent [N, Z], label int64 [N])` to `[N, C, H, W]` in [-1, 1].
        path: the file; it is written whole or not at all.
        card: what the file says of its origin.
        classes: names in the order of their labels.
        latent: Z.
        classifier: `[N, C, H, W]` in [-1, 1] to logits `[N, K]`; None for none.

    Raises:
        DependencyError: the exporter's packages are not installed.
        ModelError: ONNX Runtime computes something else than PyTorch by more than 1/255.
        OutputError: the file cannot be written.
    """
    wrapped = SamplerGraph(generator, classifier).eval().cpu()
    outputs = ("image",) if classifier is None else ("image", "confidence")
    feed = _feed(2, latent, len(classes))
    with torch.no_grad():
        made = wrapped(*feed.values())
    _, height, width, channels = made[0].shape
    if len(made) == 2 and made[1].shape[1] != len(classes):
        raise ModelError(f"the classifier knows {made[1].shape[1]} classes, but {len(classes)} have names")
    model = trace(wrapped, feed, outputs, {"latent": {0: "N"}, "label": {0: "N"}})
    contract = {
        "ganapps.task": "sample",
        "ganapps.classes": json.dumps(list(classes), ensure_ascii=False),
        "ganapps.latent": str(latent),
        "ganapps.height": str(height),
        "ganapps.width": str(width),
        "ganapps.channels": str(channels),
    }
    describe(model, contract | card.metadata())
    data = model.SerializeToString(deterministic=True)
    check_parity(
        open_session(data), wrapped, outputs, [_feed(num, latent, len(classes)) for num in _CHECKED_BATCHES]
    )
    write_atomically(path, data)


def _feed(num: int, latent: int, num_classes: int) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(num)
    return {
        "latent": torch.randn(num, latent, generator=random),
        "label": torch.randint(0, num_classes, (num,), generator=random),
    }
