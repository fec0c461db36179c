"""The benchmark of augmenting: with a learner and a generator of a few lines, so that the rest is tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from ganapps.augment.benchmark import bout
from ganapps.augment.benchmark.answer import Answer, Skipped
from ganapps.augment.benchmark.bout import Method, benchmark_augment
from ganapps.augment.benchmark.case import Case, TooFewImages, carve
from ganapps.augment.classic import ClassicPolicy
from ganapps.augment.expand import expand
from ganapps.augment.proof import proof
from ganapps.augment.proof.pool import Pictures, Pool, Rows
from ganapps.errors import DataError, UsageError

CLASSES = ("across", "up and down")
METHOD = Method(images=64, expansions=2, updates=4, most_test=20)


class NearestMean:
    """Names the class whose mean image is nearest."""

    name = "nearest mean"

    def keep_only(self, policy: ClassicPolicy) -> None:
        pass

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> np.ndarray:
        pixels = np.concatenate([part.pictures.pixels[part.rows] for part in pool.parts]).astype(float)
        means = np.stack([pixels[pool.labels == label].mean(0) for label in (0, 1)])
        return ((asked.pixels[rows][:, None] - means) ** 2).sum((2, 3, 4)).argmin(1)


@pytest.fixture
def archive(tmp_path: Path, picture: Any) -> Path:
    """12 training images of each of two classes, 30 and 10 for testing."""
    rows = [(label, seed, "train") for label in (0, 1) for seed in range(12)]
    rows += [(0, seed, "test") for seed in range(100, 130)] + [(1, seed, "test") for seed in range(100, 110)]
    path = tmp_path / "stripes.npz"
    np.savez(
        path,
        images=np.stack([picture(label, seed)[..., 0] for label, seed, _ in rows]),
        labels=np.array([label for label, _, _ in rows]),
        split=np.array([split for _, _, split in rows]),
        classes=np.array(CLASSES),
    )
    return path


@pytest.fixture
def expanded(monkeypatch: pytest.MonkeyPatch, picture: Any, fake_sampler: Any) -> list[dict[str, Any]]:
    """What `augment` was asked for; it takes a generator of a few lines in place of a training."""
    calls: list[dict[str, Any]] = []

    def augment(data: Path, out: Path, **options: Any) -> None:
        calls.append({"data": data.name, "out": out.name, **options})
        sampler = fake_sampler(lambda label, seed: picture(label, 1_000 + seed % 100_000))
        expand(data, out, sampler, seed=options["seed"])

    monkeypatch.setattr(bout, "augment", augment)
    monkeypatch.setattr(proof, "_learners", lambda *args: (NearestMean(),))
    return calls


def images_of(path: Path) -> set[bytes]:
    with np.load(path) as arrays:
        return {image.tobytes() for image in arrays["images"]}


def test_a_set_is_carved_without_overlap_and_small_parts_lie_in_larger_ones(
    archive: Path, tmp_path: Path
) -> None:
    few = carve(Case(archive, 3), tmp_path / "few", seed=0, most_test=20)
    more = carve(Case(archive, 5), tmp_path / "more", seed=0, most_test=20)
    other = carve(Case(archive, 5), tmp_path / "other", seed=1, most_test=20)
    assert few.rest is not None
    some = carve(Case(archive, 3), tmp_path / "some", seed=0, most_test=20, most_rest=5).rest
    assert some is not None
    assert len(images_of(some)) == 5
    assert images_of(some) < images_of(few.rest)
    assert len(images_of(few.train)) == 6
    assert len(images_of(few.train) | images_of(few.rest)) == 24
    assert not images_of(few.train) & images_of(few.rest)
    assert images_of(few.train) < images_of(more.train)
    assert images_of(more.train) != images_of(other.train)
    with np.load(few.test) as arrays:
        # 20 of 40: of each class its share.
        assert np.bincount(arrays["labels"]).tolist() == [15, 5]
        assert arrays["classes"].tolist() == list(CLASSES)
    assert carve(Case(archive, 12), tmp_path / "all", seed=0, most_test=20).rest is None


def test_a_folder_of_two_sets_is_carved_like_an_archive(tmp_path: Path, picture: Any) -> None:
    for split, seeds in (("train", range(6)), ("test", range(100, 104))):
        for label, name in enumerate(CLASSES):
            (tmp_path / "set" / split / name).mkdir(parents=True)
            for seed in seeds:
                cv2.imwrite(str(tmp_path / "set" / split / name / f"{seed}.png"), picture(label, seed))
    carved = carve(Case(tmp_path / "set", 4), tmp_path / "work", seed=0, most_test=100)
    known = {picture(label, seed).tobytes() for label in (0, 1) for seed in range(6)}
    assert images_of(carved.train) < known
    assert len(images_of(carved.test)) == 8


def test_sets_that_cannot_be_carved(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(TooFewImages) as few:
        carve(Case(archive, 13), tmp_path / "work", seed=0, most_test=20)
    assert str(few.value) == f"class 'across' of {archive} has 12 training images, not 13"
    with np.load(archive) as arrays:
        parts = dict(arrays)
    parts["labels"][parts["split"] == "test"] = 0
    np.savez(tmp_path / "one.npz", **parts)
    with pytest.raises(DataError) as classes:
        carve(Case(tmp_path / "one.npz", 3), tmp_path / "work", seed=0, most_test=20)
    assert str(classes.value) == (
        f"{tmp_path / 'one.npz'} trains on the classes across, up and down and tests on across: both must be"
        " of the same classes"
    )
    assert not (tmp_path / "work").exists()


def test_rows_are_those_of_the_proof_and_are_not_made_twice(
    archive: Path, tmp_path: Path, expanded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    told: list[str] = []

    def stage(name: str) -> Callable[[float], None]:
        told.append(name)
        return lambda share: None

    row, skipped = benchmark_augment([archive], [4, 40], work, METHOD, on_stage=stage)
    assert isinstance(row, Answer)
    assert (row.source, row.per_class, row.classes, row.test) == ("stripes", 4, 2, 20)
    assert [call["out"] for call in expanded] == ["larger-0", "larger-1"]
    assert [call["seed"] for call in expanded] == [0, 1]
    assert all(call["data"] == "train.npz" and "unlabelled" not in call for call in expanded)
    assert row.added == np.mean(
        [len(list((work / f"stripes-4/larger-{n}").rglob("synthetic*"))) for n in (0, 1)]
    )
    assert row.added > 0
    assert row.selected is not None
    assert row.difference == pytest.approx(row.selected - row.classic, abs=1e-9)
    assert row.low <= row.difference <= row.high
    assert skipped == Skipped(
        source="stripes", per_class=40, reason=f"class 'across' of {archive} has 12 training images, not 40"
    )
    assert told == ["stripes-4: expanding 1/2", "stripes-4: expanding 2/2", "stripes-4: proving"]
    expanded.clear()
    monkeypatch.setattr(bout, "prove", None)
    assert list(benchmark_augment([archive], [4, 40], work, METHOD)) == [row, skipped]
    assert not expanded
    with pytest.raises(DataError, match="holds the answer to other options: give another folder with -o$"):
        list(benchmark_augment([archive], [4], work, replace(METHOD, seeds=7)))
    (work / "stripes-4/answer.json").write_text("{")
    with pytest.raises(DataError, match="answer.json is damaged: remove it, and it is made again"):
        list(benchmark_augment([archive], [4], work, METHOD))


def test_what_was_expanded_before_an_interruption_is_kept(
    archive: Path, tmp_path: Path, expanded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"

    def interrupted(*args: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(bout, "prove", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(benchmark_augment([archive], [4], work, METHOD))
    (work / "stripes-4/larger-1.json").unlink()
    assert len(expanded) == 2
    (row,) = benchmark_augment([archive], [4], work, METHOD)
    assert len(expanded) == 2
    assert isinstance(row, Answer)
    assert row.minutes is None


def test_the_rest_is_given_as_unlabelled_images(
    archive: Path, tmp_path: Path, expanded: list[dict[str, Any]]
) -> None:
    list(benchmark_augment([archive], [4], tmp_path / "work", replace(METHOD, unlabelled=True)))
    assert [call["unlabelled"].name for call in expanded] == ["rest.npz", "rest.npz"]
    some = replace(METHOD, unlabelled=True, most_unlabelled=7)
    list(benchmark_augment([archive], [4], tmp_path / "less", some))
    with np.load(expanded[-1]["unlabelled"]) as arrays:
        assert len(arrays["images"]) == 7


def test_requests_that_are_refused(archive: Path, tmp_path: Path) -> None:
    def refusal(sources: list[Path], counts: list[int], method: Method = METHOD) -> str:
        with pytest.raises(UsageError) as caught:
            list(benchmark_augment(sources, counts, tmp_path / "work", method))
        return str(caught.value)

    assert refusal([archive, archive], [4]) == (
        "stripes-4 is asked for twice: give sets of different names and different numbers"
    )
    assert refusal([archive], [1]) == "--per-class must be at least 2, got 1"
    assert refusal([archive], [4], replace(METHOD, most_test=0)) == "--test-images must be at least 1, got 0"
    some = replace(METHOD, most_unlabelled=0)
    assert refusal([archive], [4], some) == "--unlabeled-images must be at least 1, got 0"
    assert refusal([archive], [4], replace(METHOD, seeds=5)) == "--seeds must be from 6 to 20, got 5"
