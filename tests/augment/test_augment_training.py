from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from ganapps.adversarial import Report, TrainingOptions
from ganapps.augment.generator import training
from ganapps.augment.generator.classifier import BalancedDraw, train_classifier
from ganapps.augment.generator.model_file import load_classifier, load_generator
from ganapps.augment.generator.networks import Architecture
from ganapps.augment.generator.training import LabelledBatches, train_generator, training_options
from ganapps.errors import CheckpointError, OutputError, TrainingError, UsageError

IMAGES = 4_800


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_CLASSIFIER_SHOWN", 1_500)


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporting takes seconds and is no matter here."""
    monkeypatch.setattr(training, "write_model", lambda run, out: out)


@pytest.fixture
def tiny_set(write_set: Any, tmp_path: Path) -> Path:
    """Two classes of 20 images, 8 x 8."""
    folder: Path = write_set(tmp_path / "tiny", {"across": 20, "up and down": 20}, 8)
    return folder


def made_by(run: Path, num: int = 64) -> np.ndarray:
    """`[2, num, 8, 8]` images of both classes by the averaged generator, in [0, 255]."""
    latent = torch.from_numpy(np.random.default_rng(5).standard_normal((2 * num, 64), dtype=np.float32))
    with torch.no_grad():
        images = load_generator(run)(latent, torch.arange(2).repeat_interleave(num))
    return ((images.numpy() + 1) * 127.5).reshape(2, num, 8, 8)


def test_a_tiny_training_learns(tiny_set: Path, tmp_path: Path) -> None:
    run, reports = tmp_path / "run", []
    model = train_generator(tiny_set, run, images=IMAGES, seed=1, on_report=reports.append)
    assert model == run / "generator.onnx"
    assert model.is_file()
    real = np.stack(
        [
            np.stack([cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.iterdir())])
            for folder in sorted(tiny_set.iterdir())
        ]
    ).astype(float)
    made = made_by(run)
    # Each class's mean image is its own and not the other's.
    for label in (0, 1):
        own, other = (np.abs(made[label].mean(0) - real[k].mean(0)).mean() for k in (label, 1 - label))
        assert own < 25
        assert own < 0.5 * other
    # A spread of more than one picture.
    assert made.std(1).mean() > 0.3 * real.std(1).mean()
    with torch.no_grad():
        guesses = load_classifier(run)(
            torch.from_numpy(made / 127.5 - 1).float().reshape(128, 1, 8, 8)
        ).argmax(1)
    assert (guesses == torch.arange(2).repeat_interleave(64)).float().mean() > 0.9
    assert {path.name for path in run.iterdir()} == {
        "checkpoint.pt", "classifier.pt", "generator.onnx", "log.jsonl", "options.json", "samples.png",
    }  # fmt: skip
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert log[0]["classifier/held-out images"] == 8
    assert 0.5 <= log[0]["classifier/held-out accuracy"] <= 1
    assert log[-1]["label agreement"] > 0.9
    assert reports[-1].progress == 1
    options = json.loads((run / "options.json").read_text())
    assert options["classes"] == ["across", "up and down"]
    assert options["licence"] == "unknown: that of your data"
    assert options["trained_on"] == "tiny: 40 images of 2 classes"
    assert str(tmp_path) not in (run / "options.json").read_text()


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize(("discriminator", "whole"), [("plain", 320), ("projected", 128)])
def test_a_resumed_run_equals_an_unbroken_one(
    tiny_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, discriminator: str, whole: int
) -> None:
    def options(*given: Any) -> TrainingOptions:
        return replace(training_options(*given), checkpoint_every_sec=0, report_every_sec=0)

    def interrupt(report: Report) -> None:
        if report.images >= whole // 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "training_options", options)
    train_generator(tiny_set, tmp_path / "unbroken", images=whole, discriminator=discriminator)
    run = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        train_generator(tiny_set, run, images=whole, discriminator=discriminator, on_report=interrupt)
    # What a run began with it goes on with, unasked.
    train_generator(tiny_set, run, images=whole, resume=True)
    states = [torch.load(tmp_path / n / "checkpoint.pt", weights_only=True) for n in ("unbroken", "resumed")]
    for part in ("game", "ema"):
        for key, value in states[0][part].items():
            assert torch.equal(value, states[1][part][key]), f"{part}: {key}"
    assert np.array_equal(made_by(tmp_path / "unbroken"), made_by(tmp_path / "resumed"))


def test_a_folder_that_holds_a_run_is_not_overwritten(tiny_set: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(b"x")
    with pytest.raises(UsageError) as caught:
        train_generator(tiny_set, run, images=32)
    assert str(caught.value) == f"{run} already holds a run: add --resume to go on, or choose another folder"


def test_there_is_no_run_to_resume(tiny_set: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        train_generator(tiny_set, tmp_path / "run", images=32, resume=True)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} is not the folder of a training run: it has no options.json"
    )


@pytest.mark.usefixtures("without_export")
def test_a_run_goes_on_with_its_own_images_only(tiny_set: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_generator(tiny_set, run, images=32)
    path = tiny_set / "across" / "real 000.png"
    path.write_bytes((tiny_set / "across" / "real 001.png").read_bytes())
    with pytest.raises(CheckpointError) as caught:
        train_generator(tiny_set, run, images=64, resume=True)
    assert str(caught.value) == (
        f"the run in {run} began with other images than {tiny_set} has now; start a new run in another folder"
    )


@pytest.mark.usefixtures("without_export")
def test_a_run_goes_on_with_its_own_discriminator_only(tiny_set: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_generator(tiny_set, run, images=32, discriminator="plain")
    options = json.loads((run / "options.json").read_text())
    assert options["discriminator"] == "plain"
    with pytest.raises(CheckpointError) as caught:
        train_generator(tiny_set, run, images=64, resume=True, discriminator="projected")
    assert str(caught.value) == (
        f"the run in {run} began with the plain discriminator, not with the projected one: resume it with"
        " --discriminator plain or without that option"
    )
    # A run from before there was a choice began with the plain one.
    del options["discriminator"]
    (run / "options.json").write_text(json.dumps(options))
    train_generator(tiny_set, run, images=64, resume=True)
    (run / "options.json").write_text(json.dumps(options | {"discriminator": "of tomorrow"}))
    with pytest.raises(CheckpointError) as caught:
        train_generator(tiny_set, run, images=64, resume=True)
    assert str(caught.value) == f"the run in {run} has a discriminator 'of tomorrow', which is not known here"


def test_there_is_no_such_discriminator(tiny_set: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no discriminator 'auto'"):
        train_generator(tiny_set, tmp_path / "run", images=32, discriminator="auto")
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("without_export")
def test_held_out_images_are_not_shown_and_the_best_generator_is_shipped(
    tiny_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_CLASSIFIER_SHOWN", 100)
    monkeypatch.setattr("ganapps.augment.generator.quality._HELD_OUT", 0.2)
    monkeypatch.setattr("ganapps.augment.generator.quality._LEAST_HELD_OUT", 8)
    shown: list[int] = []

    class Counting(LabelledBatches):
        def __init__(self, images: Any, labels: Any, seed: int) -> None:
            shown.append(len(images))
            super().__init__(images, labels, seed)

    monkeypatch.setattr(training, "LabelledBatches", Counting)
    run, reports = tmp_path / "run", []
    train_generator(tiny_set, run, images=32, on_report=reports.append)
    assert shown == [32]
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    scores = [report.scalars["held-out score"] for report in reports if "held-out score" in report.scalars]
    assert min(scores) >= 0
    assert max(scores) <= 1
    assert state["best"]["value"] == max(scores)
    # A later state that scores worse leaves what is shipped as it is.
    train_generator(tiny_set, run, images=64, resume=True)
    before, state = state["best"], torch.load(run / "checkpoint.pt", weights_only=True)
    state["best"] = before
    torch.save(state, run / "checkpoint.pt")
    generator = load_generator(run).state_dict()
    assert all(torch.equal(value, generator[key]) for key, value in before["weights"].items())
    assert any(not torch.equal(value, generator[key]) for key, value in state["ema"].items())


def test_a_run_inside_its_data_would_become_a_class(tiny_set: Path) -> None:
    with pytest.raises(UsageError) as caught:
        train_generator(tiny_set, tiny_set / "run", images=32)
    assert str(caught.value) == (
        f"the output {tiny_set / 'run'} lies inside the input {tiny_set}; give a folder outside of it"
    )
    assert not (tiny_set / "run").exists()


def test_a_file_is_no_folder_for_a_run(tiny_set: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file is a file where a folder is needed"):
        train_generator(tiny_set, tmp_path / "file", images=32)


def test_no_budget(tiny_set: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="training needs a budget"):
        train_generator(tiny_set, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_networks_of_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not the folder of a training run"):
        load_generator(tmp_path)


def test_batches_are_balanced_and_depend_on_their_index_alone() -> None:
    labels = np.array([0] * 500 + [1] * 5 + [2] * 50)
    draw = BalancedDraw(labels, 64, seed=3)
    drawn = np.concatenate([draw(index) for index in range(100)])
    share = np.bincount(labels[drawn]) / len(drawn)
    assert np.abs(share - 1 / 3).max() < 0.03
    assert np.array_equal(draw(7), BalancedDraw(labels, 64, seed=3)(7))
    assert not np.array_equal(draw(7), draw(8))


def test_the_classifier_learns_and_its_accuracy_is_honest(picture: Any) -> None:
    real = np.stack([picture(label, seed, 8) for label in (0, 1) for seed in range(30)])
    images = torch.from_numpy(real).permute(0, 3, 1, 2).contiguous()
    labels = np.repeat(np.arange(2), 30)
    sizes = Architecture(num_classes=2, height=8, width=8, channels=1)
    classifier, accuracy = train_classifier(images, labels, sizes, shown=2_000, seed=0)
    assert accuracy.total == 12
    assert accuracy.share > 0.9
    new = np.stack([picture(label, seed, 8) for label in (0, 1) for seed in range(100, 150)])
    with torch.no_grad():
        guesses = classifier(torch.from_numpy(new).permute(0, 3, 1, 2) / 127.5 - 1).argmax(1)
    assert (guesses == torch.arange(2).repeat_interleave(50)).float().mean() > 0.9
    # Labels without meaning cannot be guessed, however well they are learnt by heart.
    shuffled = np.random.default_rng(0).permutation(labels)
    _, accuracy = train_classifier(images, shuffled, sizes, shown=2_000, seed=0)
    assert accuracy.share < 0.85
