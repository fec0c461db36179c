"""How good the classifiers are that come with sets of pseudo-labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from ...metrics.recall import balanced_accuracy

CLASSIFIER = "classifier.onnx"
_BATCH = 256


def classifier_score(expansions: Sequence[Path], test: Path) -> float | None:
    """Mean balanced accuracy, 0 to 1, of the classifiers that `augment` wrote; None where it wrote none.

    Args:
        expansions: folders that `augment` wrote.
        test: an .npz file with images of the classifiers' size, labels, and the same classes.
    """
    with np.load(test, allow_pickle=False) as arrays:
        images, labels, num_classes = arrays["images"], arrays["labels"], len(arrays["classes"])
    scores = []
    for out in expansions:
        if not (out / CLASSIFIER).exists():
            continue
        session = onnxruntime.InferenceSession(out / CLASSIFIER, providers=["CPUExecutionProvider"])
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        named = np.concatenate([session.run(["probability"], {"image": part})[0].argmax(1) for part in parts])
        scores.append(float(balanced_accuracy(named, labels, num_classes)))
    return sum(scores) / len(scores) if scores else None
