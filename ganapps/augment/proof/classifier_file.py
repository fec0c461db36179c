"""The classifier that comes with a set of pseudo-labelled images, on images that it has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ...metrics.recall import balanced_accuracy
from ..sets.dataset import Pixels
from ..unlabelled.placing import CLASSIFIER

_BATCH = 256


def score_classifier(out: Path, images: Pixels, labels: NDArray[np.int64], num_classes: int) -> float | None:
    """Balanced accuracy, 0 to 1, of `OUT/classifier.onnx`; None where there is none.

    Args:
        out: the set.
        images: uint8 `[N, H, W, C]`, of the classifier's size.
        labels: theirs, `[N]`.
        num_classes: how many classes there are.
    """
    path = out / CLASSIFIER
    if not path.exists():
        return None
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    named = np.concatenate([session.run(["probability"], {"image": part})[0].argmax(1) for part in parts])
    return float(balanced_accuracy(named, labels, num_classes))
