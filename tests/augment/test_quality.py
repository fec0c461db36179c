from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from ganapps.augment.generator.classifier import Classifier
from ganapps.augment.generator.gallery import Gallery
from ganapps.augment.generator.networks import Architecture, Generator
from ganapps.augment.generator.quality import HeldOutQuality, Quality, classes_apart, hold_out
from ganapps.metrics.coverage import coverage
from ganapps.metrics.kid import kid


def test_the_score_is_a_geometric_mean_by_hand() -> None:
    quality = Quality(agreement=0.9, distance=0.3, coverage=0.5, apart=0.1)
    assert quality.closeness == pytest.approx(0.25)
    assert quality.score == pytest.approx((0.9 * 0.25 * 0.5) ** (1 / 3))
    assert quality.scalars() == {
        "held-out score": quality.score,
        "held-out kernel distance": 0.3,
        "held-out coverage": 0.5,
    }


def test_one_virtue_cannot_be_bought_with_another() -> None:
    for values in ((0.0, 0.1, 1.0), (1.0, 0.1, 0.0)):
        agreement, distance, covered = values
        assert Quality(agreement=agreement, distance=distance, coverage=covered, apart=0.1).score == 0
    best = Quality(agreement=1, distance=-0.01, coverage=1, apart=0.1)
    assert best.score == 1  # an unbiased distance may be negative, and none is better than none


def test_the_scale_is_how_far_classes_lie_apart() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(20, 4)), random.normal(2, 1, size=(30, 4))
    vectors, labels = np.concatenate([one, other]), np.repeat([0, 1], [20, 30])
    assert classes_apart(vectors, labels) == pytest.approx(kid(one, other))
    lone = np.concatenate([labels, [2]])  # a class of one image has no distance
    everyone = np.concatenate([vectors, [[0.0] * 4]])
    expected = (kid(one, everyone[lone != 0]) + kid(other, everyone[lone != 1])) / 2
    assert classes_apart(everyone, lone) == pytest.approx(expected)
    assert classes_apart(np.zeros((2, 3)), np.array([0, 1])) > 0


def colours(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def test_quality_is_measured_against_what_was_held_out() -> None:
    random = np.random.default_rng(0)
    shown, held_out, made = random.integers(0, 256, (3, 40, 2, 2, 1), dtype=np.uint8)
    labels = np.arange(40) % 2
    found = HeldOutQuality(colours, shown, labels, held_out)(made, 0.7)
    assert found.agreement == 0.7
    assert found.distance == kid(colours(held_out), colours(made))
    assert found.coverage == coverage(colours(held_out), colours(made)).coverage
    assert found.apart == classes_apart(colours(shown), labels)
    # Images that repeat one of them cover less, and others lie further off.
    repeated = HeldOutQuality(colours, shown, labels, held_out)(made[:1].repeat(40, axis=0), 0.7)
    assert repeated.score < found.score


def test_a_tenth_of_each_class_is_held_out_where_that_is_enough() -> None:
    labels = np.repeat(np.arange(5), [100, 109, 200, 9, 100])
    chosen = hold_out(labels, seed=1)
    assert np.bincount(labels[chosen], minlength=5).tolist() == [10, 10, 20, 0, 10]
    assert np.array_equal(chosen, hold_out(labels, seed=1))
    assert not np.array_equal(chosen, hold_out(labels, seed=2))
    assert not hold_out(np.repeat(np.arange(5), 99), seed=1).any()


class Chosen(nn.Module):
    """A classifier that sees class 1 in bright images."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        bright = images.mean((1, 2, 3))
        return torch.stack([-bright, bright, -100 + 0 * bright], dim=1)


class Flat(Generator):
    """Draws dark images of class 0, bright ones of class 1, and dark ones of class 2."""

    def forward(self, latent: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        level = torch.where(label == 1, 0.5, -0.5) + 0.1 * torch.tanh(latent[:, 0])
        return level[:, None, None, None].expand(-1, 1, 8, 8)


@pytest.mark.parametrize("scored", [False, True])
def test_a_gallery_shows_a_row_a_class_and_scores(tmp_path: Path, scored: bool) -> None:
    sizes = Architecture(num_classes=3, height=8, width=8, channels=1)
    random = np.random.default_rng(0)
    real = random.integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
    quality = HeldOutQuality(colours, real, np.arange(60) % 3, real[::2]) if scored else None
    classifier: Classifier = Chosen()  # type: ignore[assignment]
    gallery = Gallery(tmp_path / "samples.png", sizes, classifier, quality)
    scores = gallery(Flat(sizes))
    assert scores["label agreement"] == pytest.approx(2 / 3)
    assert ("held-out score" in scores) == scored
    assert scores == gallery(Flat(sizes))  # what it looks at never changes
    shown = cv2.imread(str(tmp_path / "samples.png"), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (24, 96)
    assert shown[:8].max() < 128 < shown[8:16].min()
    assert shown[16:].max() < 128
