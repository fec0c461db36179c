"""Classifiers that come with sets of pseudo-labelled images, on images that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ...metrics.recall import balanced_accuracy
from ..sets.dataset import Pixels
from ..unlabelled.placing import CLASSIFIER

_BATCH = 256


def score_classifiers(
    expanded: Sequence[Path], images: Pixels, labels: NDArray[np.int64], num_classes: int
) -> float | None:
    """Mean balanced accuracy, 0 to 1, of the files `classifier.onnx` in sets; None where there is none.

    Args:
        expanded: the sets.
        images: uint8 `[N, H, W, C]`, of the classifiers' size.
        labels: theirs, `[N]`.
        num_classes: how many classes there are.
    """
    found = [path / CLASSIFIER for path in expanded if (path / CLASSIFIER).exists()]
    scores = [float(balanced_accuracy(_named(path, images), labels, num_classes)) for path in found]
    return sum(scores) / len(scores) if scores else None


def _named(path: Path, images: Pixels) -> NDArray[np.int64]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    return np.concatenate([session.run(["probability"], {"image": part})[0].argmax(1) for part in parts])
