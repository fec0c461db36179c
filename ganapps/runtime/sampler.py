"""Labels and seeds in, images out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ModelError, UsageError
from . import zoo
from .session import Contract, Session

# Every run has this many rows, padded where fewer are asked for: an image made alone then equals the same
# image made among others, bit for bit, because the same kernels run on the same shape.
_BATCH = 8


@dataclass(frozen=True)
class Samples:
    """Generated images and what they were made from."""

    images: np.ndarray
    """[N, H, W, C] uint8, RGB or grey."""
    labels: np.ndarray
    """[N] int64."""
    seeds: tuple[int, ...]
    """One for each image."""
    confidence: np.ndarray | None
    """[N, K] float32, each row sums to 1: how sure a classifier trained on the real images is of each class;
    None where the model carries no classifier."""


class Sampler:
    """A trained generator, ready to use."""

    def __init__(self, model: str | Path, *, threads: int | None = None) -> None:
        """Open a generator.

        Args:
            model: a name of `ganapps models` or the path of an .onnx file.
            threads: None is all cores that this process may use.

        Raises:
            ModelError: unknown, damaged, not exported by ganapps, or for another task.
        """
        path = zoo.find_weights(model)
        self._session = Session(path, threads=threads)
        contract = self._session.contract
        if contract.latent is None:
            raise ModelError(f"{path} enlarges images ({contract.task}), it does not make them")
        self.contract: Contract = contract
        self.classes: tuple[str, ...] = contract.classes
        """Names by label."""
        self.model_hash: str = self._session.sha256
        """sha256 of the model file, in hexadecimal."""
        self._latent: int = contract.latent

    def __call__(self, labels: Sequence[int | str], seeds: Sequence[int] | int) -> Samples:
        """Make one image for each label.

        The same model, label and seed give the same image, whatever else is asked for in the same call.

        Args:
            labels: numbers or names of classes.
            seeds: one for each label, each 0 or more; a single number n stands for n, n + 1, n + 2, ...

        Raises:
            UsageError: an unknown label, a negative seed, or not as many seeds as labels.
        """
        numbers = np.array([self._label(label) for label in labels], np.int64)
        each = _seeds(seeds, len(numbers))
        latents = np.stack([latent(seed, self._latent) for seed in each]) if each else np.empty((0, 0))
        wanted = ["image", "confidence"] if "confidence" in self._session.outputs else ["image"]
        batches = [
            self._run(wanted, latents[start : start + _BATCH], numbers[start : start + _BATCH])
            for start in range(0, len(numbers), _BATCH)
        ]
        if not batches:
            return self._nothing("confidence" in wanted)
        images, *confidence = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        return Samples(images, numbers, each, confidence[0] if confidence else None)

    def _run(self, wanted: list[str], latents: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
        """One run on the fixed batch, padding cut off again."""
        count = len(labels)
        feeds = {
            "latent": np.concatenate([latents, np.zeros((_BATCH - count, self._latent), np.float32)]),
            "label": np.concatenate([labels, np.zeros(_BATCH - count, np.int64)]),
        }
        return [output[:count] for output in self._session.run(wanted, feeds)]

    def _label(self, label: int | str) -> int:
        if isinstance(label, str):
            if label not in self.classes:
                raise UsageError(f"no class is called {label!r}: there are {', '.join(self.classes)}")
            return self.classes.index(label)
        if not 0 <= label < len(self.classes):
            raise UsageError(f"label must be 0 to {len(self.classes) - 1}, got {label}")
        return int(label)

    def _nothing(self, with_confidence: bool) -> Samples:
        contract = self.contract
        shape = (0, contract.height or 0, contract.width or 0, contract.channels or 0)
        confidence = np.empty((0, len(self.classes)), np.float32) if with_confidence else None
        return Samples(np.empty(shape, np.uint8), np.empty(0, np.int64), (), confidence)


def latent(seed: int, size: int) -> np.ndarray:
    """The latent of a seed, [size] float32: standard normal numbers from numpy's PCG64.

    Example:
        >>> bool((latent(3, 4) == latent(3, 4)).all())
        True
    """
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


def _seeds(seeds: Sequence[int] | int, count: int) -> tuple[int, ...]:
    if isinstance(seeds, int | np.integer):
        each = tuple(range(int(seeds), int(seeds) + count))
    else:
        each = tuple(int(seed) for seed in seeds)
    if len(each) != count:
        raise UsageError(f"there must be one seed for each of the {count} labels, got {len(each)}")
    if any(seed < 0 for seed in each):
        raise UsageError(f"a seed must be 0 or more, got {min(each)}")
    return each
