"""A small classifier of the real images, which says whether a generated one is what its label names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from ...adversarial.diffaugment import DiffAugment
from ..sets.labelled import mark_share
from .game import signed
from .networks import Architecture

_BATCH = 32
_HELD_OUT = 0.2
"""Share of each class, at least one image, that the first of two classifiers is scored on."""
_COLOUR = DiffAugment(brightness=0.2, saturation=0.3, contrast=0.2, translation=0)
_MOVE, _ZOOM, _TURN = 0.2, 0.1, 0.17
"""Most that an image is moved, in half sides; enlarged or reduced, as a share; turned, in radians."""


class Classifier(nn.Module):
    """`forward(images [N, C, H, W] in [-1, 1]) -> logits [N, K]`; the first layer has `width` channels, the
    last four times as many."""

    def __init__(self, architecture: Architecture, *, width: int = 32) -> None:
        super().__init__()
        # Larger images are halved at once: what tells classes apart is not in single pixels.
        stride = 2 if max(architecture.height, architecture.width) > 40 else 1
        layers = _layer(architecture.channels, width, stride)
        for channels, out in ((width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
            layers += [nn.MaxPool2d(2, ceil_mode=True), *_layer(channels, out)]
        self.features = nn.Sequential(*layers, nn.Dropout2d(0.2))
        self.logits = nn.Linear(2 * 4 * width, architecture.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images).flatten(2)
        logits: Tensor = self.logits(torch.cat([features.mean(2), features.amax(2)], dim=1))
        return logits


@dataclass(frozen=True)
class Accuracy:
    """How often a classifier was right on images it was not trained on."""

    right: int
    total: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.right / self.total


def train_classifier(
    images: Tensor, labels: NDArray[np.int64], architecture: Architecture, *, shown: int, seed: int
) -> tuple[Classifier, Accuracy]:
    """Train on all images; how good that is, is measured by a first one trained on four fifths of each class.

    Args:
        images: uint8 `[N, C, H, W]`.
        labels: `[N]`.
        architecture: sizes of the images.
        shown: images that each of the two is shown.
        seed: what batches and weights are drawn from.

    Returns:
        The classifier of all images, ready to use, and the accuracy of the first one on the fifth it did not
        see.
    """
    held_out = mark_share(labels, _HELD_OUT, np.random.default_rng((seed, 1)), least=1)
    first = _fit(images[~held_out], labels[~held_out], architecture, shown, seed)
    with torch.no_grad():
        guesses = torch.cat([first(signed(part)).argmax(1) for part in torch.split(images[held_out], 256)])
    right = int((guesses.numpy() == labels[held_out]).sum())
    return _fit(images, labels, architecture, shown, seed), Accuracy(right, int(held_out.sum()))


def _fit(
    images: Tensor, labels: NDArray[np.int64], architecture: Architecture, shown: int, seed: int
) -> Classifier:
    steps, targets = math.ceil(shown / _BATCH), torch.from_numpy(labels)
    draw = BalancedDraw(labels, _BATCH, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = Classifier(architecture).train()
        optimizer = torch.optim.AdamW(classifier.parameters(), lr=2e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)
        for step in range(steps):
            chosen = draw(step)
            loss = cross_entropy(classifier(_vary(signed(images[chosen]))), targets[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return classifier.eval().requires_grad_(False)


class BalancedDraw:
    """Draws indices of images so that every class comes up equally often, whatever its size.

    Called with the number of a batch; what it returns, int64 `[batch_size]`, depends on that and the seed
    alone.
    """

    def __init__(self, labels: NDArray[np.int64], batch_size: int, seed: int) -> None:
        self._of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        self._batch_size, self._seed = batch_size, seed

    def __call__(self, index: int) -> NDArray[np.int64]:
        random = np.random.default_rng((self._seed, index))
        classes = random.integers(len(self._of_class), size=self._batch_size)
        drawn = [random.choice(self._of_class[label]) for label in classes]
        return np.array(drawn, dtype=np.int64)


def _vary(images: Tensor) -> Tensor:
    """Classic augmentation that no class can mind: small turns, shifts, zooms and changes of colour; no
    mirroring."""
    num = len(images)
    angle, zoom = _TURN * _symmetric(num), 1 + _ZOOM * _symmetric(num)
    cosine, sine = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across, down = _MOVE * _symmetric(num), _MOVE * _symmetric(num)
    matrices = torch.stack([cosine, -sine, across, sine, cosine, down], dim=1).view(num, 2, 3)
    grid = affine_grid(matrices, list(images.shape), align_corners=False)
    return _COLOUR(grid_sample(images, grid, padding_mode="border", align_corners=False))


def _symmetric(num: int) -> Tensor:
    return torch.rand(num) * 2 - 1


def _layer(channels: int, width: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(width), nn.ReLU()]
