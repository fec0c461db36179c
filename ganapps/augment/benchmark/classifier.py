"""How good the classifiers are that come with sets of pseudo-labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..proof.classifier_file import score_classifier


def classifier_score(expansions: Sequence[Path], test: Path) -> float | None:
    """Mean balanced accuracy, 0 to 1, of the classifiers that `augment` wrote; None where it wrote none.

    Args:
        expansions: folders that `augment` wrote.
        test: an .npz file with images of the classifiers' size, labels, and the same classes.
    """
    with np.load(test, allow_pickle=False) as arrays:
        images, labels, num_classes = arrays["images"], arrays["labels"], len(arrays["classes"])
    found = [score_classifier(out, images, labels, num_classes) for out in expansions]
    scores = [score for score in found if score is not None]
    return sum(scores) / len(scores) if scores else None
