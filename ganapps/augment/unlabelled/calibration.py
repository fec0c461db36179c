"""Probabilities that mean what they say: temperature scaling, and how well it did."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
Logits = NDArray[np.float64]
Labels = NDArray[np.int64]

_COLDEST, _HOTTEST = 0.05, 20.0
_GOLDEN = (5**0.5 - 1) / 2
_STEPS = 60


def log_softmax(logits: Logits) -> Logits:
    """Logarithms of probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(logits: Logits) -> Probabilities:
    """Probabilities along the last axis."""
    return np.exp(log_softmax(logits))


def even_weights(labels: Labels) -> NDArray[np.float64]:
    """Weights of images `[N]`, of sum 1, by which every class that there is counts the same."""
    counts = np.bincount(labels)
    return np.asarray(1 / (counts[labels] * np.count_nonzero(counts)))


def log_loss(log_probabilities: Logits, labels: Labels) -> float:
    """Mean negative log-likelihood of the labels, in nats; every class counts the same."""
    return float(-log_probabilities[np.arange(len(labels)), labels] @ even_weights(labels))


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature T by which `softmax(logits / T)` fits images it was not trained on best.

    It minimises the cross-entropy (Guo et al. 2017, arXiv 1706.04599, section 4.2), which is convex in 1 / T,
    by golden-section search from 0.05 to 20. Labels are softened as by Platt (1999, section 2.2): of n images
    each counts as 1 / (n + 2) of no class in particular, so that a few that are all right do not make it
    certain. Every class counts the same, as in the trainings behind the logits.

    Args:
        logits: `[N, K]` of held-out images.
        labels: `[N]`.
    """
    num, classes = logits.shape
    soft = 1 / (num + 2)

    def loss(log_sharpness: float) -> float:
        logs = log_softmax(logits * np.exp(log_sharpness))
        return float((1 - soft) * log_loss(logs, labels) - soft * logs.mean())

    low, high = np.log(1 / _HOTTEST), np.log(1 / _COLDEST)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    left_loss, right_loss = loss(left), loss(right)
    for _ in range(_STEPS):
        if left_loss <= right_loss:
            high, right, right_loss = right, left, left_loss
            left = high - _GOLDEN * (high - low)
            left_loss = loss(left)
        else:
            low, left, left_loss = left, right, right_loss
            right = low + _GOLDEN * (high - low)
            right_loss = loss(right)
    return float(np.exp(-(low + high) / 2))


def expected_calibration_error(probabilities: Probabilities, labels: Labels, num_bins: int = 10) -> float:
    """Mean difference of confidence and accuracy over bins of confidence, weighted by their images.

    Args:
        probabilities: `[N, K]`.
        labels: `[N]`.
        num_bins: bins of equal width.

    Source: Guo et al. 2017, arXiv 1706.04599, eq. 3.

    Example:
        >>> float(expected_calibration_error(np.array([[0.8, 0.2]] * 4), np.array([0, 0, 0, 1])).__round__(3))
        0.05
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * num_bins).astype(np.int64), num_bins - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(labels))
