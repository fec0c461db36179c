"""What a generator in training makes, to look at and to score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ...runtime.images import Image, Metadata, write_image
from ..sets.dataset import Pixels
from .classifier import Classifier
from .networks import Architecture
from .quality import HeldOutQuality

_SHOWN_A_CLASS = 12
"""Images in a row."""
_LEAST_SCORED = 200
"""Images that are made for a score; as many of each class, and those shown among them."""
_AT_ONCE = 64


class Gallery:
    """Writes what a generator makes of fixed latent vectors, a row a class, and asks the classifier about
    it.

    Args:
        path: the picture.
        architecture: sizes of the images.
        classifier: of such images.
        quality: scores what is made, see `HeldOutQuality`; None for no score.
    """

    def __init__(
        self,
        path: Path,
        architecture: Architecture,
        classifier: Classifier,
        quality: HeldOutQuality | None = None,
    ) -> None:
        self._path, self._classifier, self._quality = path, classifier, quality
        self._num_classes, self._of_each = architecture.num_classes, _SHOWN_A_CLASS
        if quality is not None:
            self._of_each = max(_SHOWN_A_CLASS, -(-_LEAST_SCORED // self._num_classes))
        random = np.random.default_rng(0)
        # Class after class of the first image, then of the second: what is shown is what comes first.
        num = self._of_each * self._num_classes
        self._latent = torch.from_numpy(random.standard_normal((num, architecture.latent), dtype=np.float32))
        self._labels = torch.arange(self._num_classes).repeat(self._of_each)

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        device = next(generator.parameters()).device
        parts = zip(torch.split(self._latent, _AT_ONCE), torch.split(self._labels, _AT_ONCE), strict=True)
        made = torch.cat([generator(z.to(device), label.to(device)).cpu() for z, label in parts])
        guesses = torch.cat([self._classifier(part).argmax(1) for part in torch.split(made, _AT_ONCE)])
        agreement = float((guesses == self._labels).float().mean())
        pixels = _levels(made)
        self._show(pixels[: _SHOWN_A_CLASS * self._num_classes])
        scores = {"label agreement": agreement}
        if self._quality is not None:
            scores |= self._quality(pixels, agreement).scalars()
        return scores

    def _show(self, pixels: Pixels) -> None:
        rows = [np.hstack(list(pixels[label :: self._num_classes])) for label in range(self._num_classes)]
        write_image(self._path, Image(np.vstack(rows), None, Metadata(), "png"))


def _levels(images: Tensor) -> Pixels:
    """Images `[N, C, H, W]` in [-1, 1] as they are written, uint8 `[N, H, W, C]`."""
    levels: Pixels = ((images + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return levels
