"""What a generator in training makes, to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..runtime.images import Image, Metadata, write_image
from .classifier import Classifier
from .networks import Architecture

_SHOWN_A_CLASS = 12
"""Images in a row."""


class Gallery:
    """Writes what a generator makes of fixed latent vectors, a row a class, and asks the classifier about
    it."""

    def __init__(self, path: Path, architecture: Architecture, classifier: Classifier) -> None:
        self._path, self._classifier = path, classifier
        random = np.random.default_rng(0)
        num = _SHOWN_A_CLASS * architecture.num_classes
        self._latent = torch.from_numpy(random.standard_normal((num, architecture.latent), dtype=np.float32))
        self._labels = torch.arange(architecture.num_classes).repeat_interleave(_SHOWN_A_CLASS)

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        device = next(generator.parameters()).device
        made = generator(self._latent.to(device), self._labels.to(device)).cpu()
        guesses = self._classifier(made).argmax(1)
        pixels = ((made + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
        rows = [np.hstack(list(row)) for row in np.split(pixels, len(pixels) // _SHOWN_A_CLASS)]
        write_image(self._path, Image(np.vstack(rows), None, Metadata(), "png"))
        return {"label agreement": float((guesses == self._labels).float().mean())}
