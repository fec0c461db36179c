from __future__ import annotations

import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.metrics.recall import accuracy, balanced_accuracy, recalls


def test_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
    predictions = np.array([0, 0, 0, 1, 1, 0, 2, 2, 0, 1])
    assert accuracy(predictions, labels) == pytest.approx(0.6)
    assert recalls(predictions, labels, 3) == pytest.approx([0.75, 0.5, 0.5])
    assert balanced_accuracy(predictions, labels, 3) == pytest.approx((0.75 + 0.5 + 0.5) / 3)


def test_leading_axes_are_kept_and_each_row_is_measured_alone() -> None:
    random = np.random.default_rng(0)
    labels, predictions = random.permutation(np.arange(60) % 4), random.integers(4, size=(2, 5, 60))
    assert recalls(predictions, labels, 4).shape == (2, 5, 4)
    assert balanced_accuracy(predictions, labels, 4)[1, 3] == balanced_accuracy(predictions[1, 3], labels, 4)
    assert accuracy(predictions, labels)[0, 2] == accuracy(predictions[0, 2], labels)


def test_both_are_the_same_where_classes_are_alike() -> None:
    random = np.random.default_rng(1)
    labels, predictions = np.repeat(np.arange(5), 7), random.integers(5, size=35)
    assert accuracy(predictions, labels) == pytest.approx(balanced_accuracy(predictions, labels, 5))


def test_a_class_without_images_is_an_error() -> None:
    with pytest.raises(UsageError) as error:
        recalls(np.array([0, 2]), np.array([0, 2]), 3)
    assert str(error.value) == "every one of 3 classes needs an image, got counts [1, 0, 1]"
