"""The proof that `ganapps augment --test` ends in: asked for early, made late, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment import proving
from ganapps.augment.augmentation import request
from ganapps.augment.expand import expand
from ganapps.augment.output.earlier import describe_request, find_earlier, settle_training
from ganapps.augment.output.origin import Origin
from ganapps.augment.proving import PACKAGES, ProofRequest, require_packages, require_testable
from ganapps.errors import DataError, DependencyError, OutputError


@pytest.fixture
def write_test(tmp_path: Path, picture: Any) -> Any:
    """Writes a set of so many images of each of the two classes."""

    def write(name: str, seeds: range, classes: tuple[str, ...] = ("across", "up and down")) -> Path:
        for label, of_class in enumerate(classes):
            (tmp_path / name / of_class).mkdir(parents=True)
            for seed in seeds:
                cv2.imwrite(str(tmp_path / name / of_class / f"{seed}.png"), picture(label, seed))
        return tmp_path / name

    return write


ASKED = {"seed": 2, "per_class": None, "model": None, "minutes": 15.0, "images": None}


@pytest.fixture
def made(small_set: Path, tmp_path: Path, sampler: Any) -> Path:
    """A set that the request `ASKED` has made."""
    expand(small_set, tmp_path / "out", sampler, seed=2, origin=Origin(request=ASKED))
    return tmp_path / "out"


def test_the_same_command_finds_what_it_made(small_set: Path, made: Path, tmp_path: Path) -> None:
    asked = request(seed=2)
    assert asked == ASKED
    found = find_earlier(small_set, made, asked)
    assert found is not None
    assert found.report["seed"] == 2
    assert find_earlier(small_set, tmp_path / "elsewhere", asked) is None
    (tmp_path / "empty").mkdir()
    assert find_earlier(small_set, tmp_path / "empty", asked) is None


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"seed": 3}, "--seed"),
        ({"seed": 2, "per_class": 9}, "--per-class"),
        ({"seed": 2, "minutes": 1.0}, "--minutes"),
        ({"seed": 2, "minutes": 15.0, "classic_only": True}, "--classic-only"),
    ],
)
def test_another_command_does_not_take_it_for_its_own(
    small_set: Path, made: Path, options: dict[str, Any], option: str
) -> None:
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    with pytest.raises(OutputError) as error:
        find_earlier(small_set, made, describe_request(**({"minutes": 15.0} | options)))
    assert str(error.value) == (
        f"the output folder {made} holds a set that was made with another {option}; give the name of a new"
        f" folder, or measure that set: ganapps prove {small_set} {made} --test TEST"
    )
    assert before == {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}


def test_another_model_is_another_command(small_set: Path, made: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"one")
    first = request(seed=2, model=model)
    model.write_bytes(b"other")
    assert request(seed=2, model=model)["model"] != first["model"]
    assert first["minutes"] is None
    with pytest.raises(OutputError, match="made with another --model;"):
        find_earlier(small_set, made, first)


def test_changed_images_are_another_set(small_set: Path, made: Path, picture: Any) -> None:
    (small_set / "across" / "real 001.png").unlink()
    cv2.imwrite(str(small_set / "across" / "real 001.png"), picture(0, 400))
    with pytest.raises(OutputError) as error:
        find_earlier(small_set, made, ASKED)
    assert str(error.value) == (
        f"the output folder {made} holds a set that was made from other images; give the name of a new folder"
    )


def test_a_folder_of_something_else_is_left_alone(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("a")
    expand(small_set, tmp_path / "bare", sampler)  # made by a program, which named no request
    for folder in (other, tmp_path / "bare"):
        with pytest.raises(OutputError) as error:
            find_earlier(small_set, folder, ASKED)
        assert str(error.value) == (f"the output folder {folder} is not empty; give the name of a new folder")


def test_the_training_is_moved_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    settle_training(out)
    assert list(out.iterdir()) == []
    (tmp_path / "out-training").mkdir()
    (tmp_path / "out-training" / "log.jsonl").write_text("x")
    settle_training(out)
    assert (out / "training" / "log.jsonl").read_text() == "x"
    (tmp_path / "out-training").mkdir()
    settle_training(out)
    assert (tmp_path / "out-training").is_dir(), "another training is not thrown upon it"


def test_what_a_proof_would_refuse_is_said_first(small_set: Path, write_test: Any, tmp_path: Path) -> None:
    test = write_test("test", range(100, 106))
    require_testable(small_set, ProofRequest(test=test))
    require_testable(small_set, ProofRequest(test=test, extra=write_test("extra", range(50, 53))))
    half = write_test("half", range(100, 103), ("across",))
    with pytest.raises(DataError) as error:
        require_testable(small_set, ProofRequest(test=half))
    assert str(error.value) == (
        f"{half} has no image of class 'up and down', which {small_set} has; every class needs one"
    )
    with pytest.raises(DataError, match="has no image that is not in"):
        require_testable(small_set, ProofRequest(test=test, extra=small_set))
    with pytest.raises(DataError, match="are in the extra images as well"):
        require_testable(small_set, ProofRequest(test=test, extra=test))


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for module, package in PACKAGES.items():
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(DependencyError) as error:
                require_packages("the proof", "leave it out", [module])
        assert str(error.value) == (
            f"the proof needs {package}: pip install 'ganapps[train]', or leave it out"
        )


class Centroids:
    """Names the class whose mean image is nearest; without a classic policy it is wrong now and then."""

    name = "centroids"

    def keep_only(self, policy: Any) -> None:
        pass

    def predict(self, pool: Any, policy: Any, asked: Any, rows: Any, *, seed: int) -> np.ndarray:
        pixels = np.concatenate([part.pictures.pixels[part.rows] for part in pool.parts]).astype(np.float64)
        means = np.stack([pixels[pool.labels == label].mean(0) for label in (0, 1)])
        right = ((asked.pixels[rows][:, None] - means) ** 2).sum((2, 3, 4)).argmin(1)
        if not policy.changes_nothing:
            return right
        sums = asked.pixels[rows].sum(axis=(1, 2, 3), dtype=np.int64)
        luck = [np.random.default_rng((seed, int(total))).random() for total in sums]
        return np.where(np.array(luck) > 0.6, 1 - right, right)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from ganapps.augment.proof import proof

    monkeypatch.setattr(proof, "_learners", lambda *args: [Centroids()])


@pytest.mark.usefixtures("quick")
def test_the_proof_is_written_beside_the_set(
    small_set: Path, made: Path, tmp_path: Path, write_test: Any
) -> None:
    before = json.loads((made / "report.json").read_text())
    told: list[float] = []
    report, values = proving.prove_expansion(
        small_set,
        made,
        ProofRequest(test=write_test("test", range(100, 120)), extra=write_test("extra", range(50, 60))),
        seed=0,
        on_progress=told.append,
    )
    assert told[-1] == pytest.approx(1)
    assert json.loads((made / "proof.json").read_text()) == values == json.loads(json.dumps(report.as_json()))
    after = json.loads((made / "report.json").read_text())
    assert after.pop("proof") == {
        "file": "proof.json",
        "verdict": report.effect.value,
        "sentence": report.sentence(),
    }
    assert before == after | {"proof": None}
    assert report.sentence() in (made / "README.md").read_text().replace("\\", "")
    assert report.sentence()[1:] in (made / "report.html").read_text()
    with pytest.raises(OutputError) as error:
        find_earlier(small_set, made, ASKED)
    assert str(error.value) == (
        f"{made} is finished, its proof too: see {made / 'report.html'}; to make another set give the name of"
        " a new folder"
    )


@pytest.mark.usefixtures("quick")
def test_the_classifier_of_the_set_is_measured_too(
    small_set: Path, made: Path, write_test: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from ganapps.export.card import ModelCard
    from ganapps.export.classifier import export_classifier

    class Across(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            sums = image.float().flatten(1).mean(1)
            return torch.stack([sums * 0 + 1, sums * 0], 1)

    card = ModelCard(name="classifier", version="1", licence="CC0", trained_on="nothing", recipe="none")
    classes = ("across", "up and down")
    export_classifier(Across(), made / "classifier.onnx", card, classes=classes, shape=(16, 16, 1))
    request_ = ProofRequest(test=write_test("test", range(100, 110)))
    _, values = proving.prove_expansion(small_set, made, request_, seed=0)
    said = "classifier.onnx itself, which labelled the unlabelled images, has 50.0% balanced accuracy"
    assert values["also"] == [said]
    assert said[1:] in (made / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick")
def test_a_proof_that_is_stopped_leaves_the_set_as_it_was(
    small_set: Path, made: Path, write_test: Any
) -> None:
    request_ = ProofRequest(test=write_test("test", range(100, 110)))

    def files() -> dict[Path, bytes]:
        found = (path for path in made.rglob("*") if path.is_file() and proving.UNFINISHED not in path.parts)
        return {path: path.read_bytes() for path in found}

    before = files()

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        proving.prove_expansion(small_set, made, request_, seed=0, on_progress=stop)
    assert before == files()
    assert find_earlier(small_set, made, ASKED) is not None
    proving.prove_expansion(small_set, made, request_, seed=0)
    assert (made / "proof.json").is_file()


@pytest.mark.usefixtures("quick")
def test_a_page_that_was_not_written_any_more_is_written_by_the_same_command(
    small_set: Path, made: Path, write_test: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganapps.augment.output import dossier

    request_ = ProofRequest(test=write_test("test", range(100, 110)))

    def stop(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dossier, "write_page", stop)
        with pytest.raises(KeyboardInterrupt):
            proving.prove_expansion(small_set, made, request_, seed=0)
    assert (made / "proof.json").is_file()
    assert find_earlier(small_set, made, ASKED) is not None, "the report does not name the proof yet"
    proving.prove_expansion(small_set, made, request_, seed=0)
    assert "The proof" in (made / "report.html").read_text()


@pytest.mark.usefixtures("quick")
def test_of_classic_copies_the_verdict_is_on_classic_augmentation(
    small_set: Path, tmp_path: Path, write_test: Any
) -> None:
    pytest.importorskip("albumentations")
    from ganapps.augment.classic_copies import copy_classic
    from ganapps.augment.policy_choice import named_policy

    out = tmp_path / "out"
    copy_classic(small_set, out, policy=named_policy("light"))
    test = write_test("test", range(100, 140))
    report, values = proving.prove_expansion(small_set, out, ProofRequest(test=test), seed=0)
    assert values["verdict"] == "helps"
    assert values["sentence"].startswith("helps: +")
    assert values["sentence"].endswith(
        "tuned classic augmentation applied in training beside the real images as they are (centroids)"
    )
    assert values["also"] == [f"stored copies on top of that: {report.sentence()}"]
    assert report.missing["+ unfiltered synthetic"] == (
        "there is no generator: what was added are classic-augmented copies"
    )
    page = (out / "report.html").read_text()
    assert "+ stored classic copies" in page
    assert "+ selected images" not in page
