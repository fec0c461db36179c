"""How often a classifier is right: over all images, and class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Labels = NDArray[np.int64]


def accuracy(predictions: Labels, labels: Labels) -> NDArray[np.float64]:
    """Share of right predictions, 0 to 1.

    Args:
        predictions: `[..., N]`; the leading axes may be seeds, or nothing.
        labels: `[N]`.

    Returns:
        `[...]`

    Example:
        >>> float(accuracy(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])))
        0.75
    """
    return np.asarray((predictions == labels).mean(axis=-1), dtype=np.float64)


def recalls(predictions: Labels, labels: Labels, num_classes: int) -> NDArray[np.float64]:
    """Share of right predictions among the images of each class, `[..., K]`, 0 to 1.

    Args:
        predictions: `[..., N]`.
        labels: `[N]`, 0 to K - 1.
        num_classes: K.

    Raises:
        UsageError: a class has no images.

    Example:
        >>> recalls(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), 2).tolist()
        [0.5, 1.0]
    """
    counts = np.bincount(labels, minlength=num_classes)
    if len(counts) > num_classes or not counts.all():
        raise UsageError(f"every one of {num_classes} classes needs an image, got counts {counts.tolist()}")
    right = predictions == labels
    return np.stack([right[..., labels == label].mean(axis=-1) for label in range(num_classes)], axis=-1)


def balanced_accuracy(predictions: Labels, labels: Labels, num_classes: int) -> NDArray[np.float64]:
    """Mean over classes of their recall, `[...]`, 0 to 1: every class counts the same, however many images it
    has.

    Args, Raises: as `recalls`.

    Example:
        >>> float(balanced_accuracy(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]), 2))
        0.5
    """
    return np.asarray(recalls(predictions, labels, num_classes).mean(axis=-1), dtype=np.float64)
