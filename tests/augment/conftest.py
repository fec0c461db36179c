"""Small labelled sets on disk and generators that need no model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def picture(label: int, seed: int, side_px: int = 16) -> Pixels:
    """A grey image `[side, side, 1]` of a class: smooth noise over vertical (0) or horizontal (1) stripes."""
    random = np.random.default_rng((7, label, seed))
    noise = cv2.resize(random.uniform(-60, 60, (6, 6)), (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    stripes = 60 * np.sign(np.sin(np.arange(side_px) * 2 * np.pi / 8 + 0.4))
    stripes = stripes[None, :] if label == 0 else stripes[:, None]
    return np.clip(128 + noise + stripes, 0, 255).astype(np.uint8)[..., None]


def write_set(root: Path, counts: dict[str, int], side_px: int = 16) -> Path:
    """Writes `counts[name]` PNG images for each class."""
    for label, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(root / name / f"real {number:03d}.png"), picture(label, number, side_px))
    return root


@dataclass
class FakeSamples:
    images: Pixels
    confidence: NDArray[np.float32] | None


class FakeSampler:
    """Draws each image from its seed, as a generator would, and believes what `believe` says."""

    def __init__(
        self,
        draw: Callable[[int, int], Pixels],
        classes: tuple[str, ...] = ("across", "up and down"),
        believe: Callable[[int, int], float] | None = lambda label, seed: 0.9,
    ) -> None:
        self.classes, self._draw, self._believe = classes, draw, believe
        self.model_hash = hashlib.sha256(b"fake").hexdigest()
        self.calls = 0

    def __call__(self, labels: Sequence[int], seeds: Sequence[int]) -> FakeSamples:
        self.calls += len(seeds)
        images = np.stack([self._draw(label, seed) for label, seed in zip(labels, seeds, strict=True)])
        if self._believe is None:
            return FakeSamples(images, None)
        belief = np.zeros((len(seeds), len(self.classes)), dtype=np.float32)
        for row, (label, seed) in enumerate(zip(labels, seeds, strict=True)):
            belief[row] = (1 - self._believe(label, seed)) / max(1, len(self.classes) - 1)
            belief[row, label] = self._believe(label, seed)
        return FakeSamples(images, belief)


@pytest.fixture(name="picture")
def _picture() -> Callable[..., Pixels]:
    return picture


@pytest.fixture(name="write_set")
def _write_set() -> Callable[..., Path]:
    return write_set


@pytest.fixture(name="fake_sampler")
def _fake_sampler() -> type[FakeSampler]:
    return FakeSampler


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """12 images of one class and 8 of another, 16 x 16, grey."""
    return write_set(tmp_path / "my data", {"across": 12, "up and down": 8})


@pytest.fixture
def sampler() -> FakeSampler:
    """A generator of images that are new, and right."""
    return FakeSampler(lambda label, seed: picture(label, seed))
