"""Classifiers that come with sets, scored: one that is easily computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from ganapps.augment.proof.classifier_file import score_classifiers
from ganapps.export.card import ModelCard
from ganapps.export.classifier import export_classifier


class FirstPixel(torch.nn.Module):
    """Takes an image for the second class where its first pixel is not black, or where it is."""

    def __init__(self, *, inverted: bool) -> None:
        super().__init__()
        self.inverted = inverted

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        second = (image[:, 0, 0, 0] > 0).to(torch.float32)
        columns = [second, 1 - second] if self.inverted else [1 - second, second]
        return torch.stack(columns, 1)


def test_classifiers_are_scored_where_there_are_some(tmp_path: Path) -> None:
    images = np.zeros((6, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0] = [0, 1, 1, 0, 0, 0]
    labels = np.array([0, 1, 1, 1, 0, 0])
    card = ModelCard(name="pixel", version="1", licence="CC0-1.0", trained_on="nothing", recipe="none")
    folders = [tmp_path / name for name in ("none", "right", "wrong")]
    for folder in folders:
        folder.mkdir()
    assert score_classifiers(folders, images, labels, 2) is None
    for folder, inverted in zip(folders[1:], (False, True), strict=True):
        export_classifier(
            FirstPixel(inverted=inverted),
            folder / "classifier.onnx",
            card,
            classes=("across", "up and down"),
            shape=images.shape[1:],
        )
    # All three of the first class and two of three of the second; and the other way round.
    assert score_classifiers(folders[:2], images, labels, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert score_classifiers(folders, images, labels, 2) == pytest.approx(1 / 2)
