"""How many synthetic images are added: with learners of a few lines, so that the choice is tested."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from ganapps.augment import expand
from ganapps.augment.classic import ClassicPolicy
from ganapps.augment.proof.amount_choice import Candidates, choose_amount, standard_error
from ganapps.augment.proof.pool import Labelled, Pictures, Pool, Rows
from ganapps.augment.synthetic.amount import Amount, TriedAmount
from ganapps.augment.synthetic.draw import Filled, Judged
from ganapps.augment.synthetic.selection import Judgement, Verdict
from ganapps.metrics.recall import balanced_accuracy


@dataclass
class Nearest:
    """Names what the nearest image of the pool is; an image is its one value."""

    name: str = "of neighbours"
    pools: list[int] = field(default_factory=list)

    def keep_only(self, policy: ClassicPolicy) -> None:
        pass

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> np.ndarray:
        self.pools.append(len(pool))
        known = np.concatenate([part.pictures.pixels[part.rows].ravel() for part in pool.parts]).astype(int)
        values = asked.pixels[rows].ravel().astype(int)
        return pool.labels[np.abs(values[:, None] - known).argmin(1)]


class Blind(Nearest):
    """Always says 0."""

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, **seed: Any
    ) -> np.ndarray:
        self.pools.append(len(pool))
        return np.zeros(len(rows), dtype=np.int64)


def labelled(values: list[int], labels: list[int]) -> Labelled:
    pixels = np.array(values, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return Labelled(Pictures(pixels), np.array(labels, dtype=np.int64))


def strips(seed: int) -> Labelled:
    """40 images: even tens are of class 0, odd ones of class 1, too many tens to be known from 40 images."""
    values = np.random.default_rng(seed).permutation(250)[:40]
    return labelled(values.tolist(), (values // 10 % 2).tolist())


def far(made: Labelled) -> Rows:
    return np.full(len(made.labels), -1)


def test_images_that_help_are_all_added() -> None:
    made = labelled(list(range(250)), [value // 10 % 2 for value in range(250)])
    learner, blind, told = Nearest(), Blind("of nothing"), list[float]()
    amount = choose_amount(
        [blind, learner], strips(0), Candidates(made, far(made)), 2, seed=1, on_progress=told.append
    )
    assert amount.share > 0
    assert amount.network == "of neighbours"
    assert (amount.tried[0].images, amount.tried[-1].images) == (0, 250)
    assert amount.difference == pytest.approx(max(t.score for t in amount.tried) - amount.tried[0].score)
    assert told == sorted(told) and told[-1] == 1.0
    # The blind one is tried without synthetic images, and not asked again.
    assert (len(blind.pools), len(learner.pools)) == (3, 9)
    assert amount.phrase().startswith("on held-out real images a classifier of neighbours has ")


def test_images_that_harm_are_not_added() -> None:
    made = labelled(list(range(250)), [1 - value // 10 % 2 for value in range(250)])
    amount = choose_amount([Nearest()], strips(0), Candidates(made, far(made)), 2)
    assert amount.share == 0
    assert amount.difference < 0


def test_copies_of_held_out_images_do_not_help_to_name_them() -> None:
    real = strips(3)
    made = labelled(real.pictures.pixels.ravel().tolist(), real.labels.tolist())
    leaking = choose_amount([Nearest()], real, Candidates(made, far(made)), 2)
    assert leaking.tried[-1].score == 1.0
    amount = choose_amount([Nearest()], real, Candidates(made, np.arange(len(real.labels))), 2)
    assert amount.share == 0
    assert amount.difference == 0


def test_guessed_images_are_trained_on_and_not_asked() -> None:
    learner, made = Nearest(), labelled([1, 2], [0, 1])
    choose_amount([learner], strips(0), Candidates(made, far(made)), 2, guessed=strips(1))
    assert [pool > 40 + 26 - 1 for pool in learner.pools] == [True] * 9


def test_shares_are_the_first_of_each_class() -> None:
    made = labelled([5, 6, 7, 8, 9], [1, 0, 1, 1, 0])
    candidates = Candidates(made, np.array([0, 1, 2, 3, 4]))
    assert candidates.rows(0.5).tolist() == [0, 1, 2]
    assert candidates.rows(1.0).tolist() == [0, 1, 2, 3, 4]
    assert candidates.apart_from(np.array([1, 3]), 1.0).rows.tolist() == [0, 2, 4]
    half = Candidates(made, np.array([0, 1, 2, 3, 4]), part=0.5)
    assert half.rows(1.0).tolist() == [0, 1, 2]


def test_the_standard_error_is_that_of_drawing_images_again() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [30, 60, 90])
    one, other = (np.where(random.random(180) < share, labels, 3) for share in (0.6, 0.7))
    drawn = []
    for _ in range(4_000):
        rows = np.concatenate(
            [random.choice(np.flatnonzero(labels == k), (labels == k).sum()) for k in range(3)]
        )
        drawn.append(
            balanced_accuracy(other[rows], labels[rows], 3) - balanced_accuracy(one[rows], labels[rows], 3)
        )
    assert standard_error(one, other, labels, 3) == pytest.approx(np.std(drawn), rel=0.06)
    assert standard_error(np.array([0]), np.array([0]), np.array([0]), 1) == 1.0


def test_what_is_held_back_is_counted() -> None:
    drawn = Filled()
    for seed in range(5):
        drawn.add(Judged(np.zeros((1, 1, 1), np.uint8), seed, Judgement(Verdict.ADDED, 1.0, 0, 0.9)))
    drawn.hold_back(0.3)
    assert [image.seed for image in drawn.added] == [0, 1]
    assert drawn.verdicts == Counter({Verdict.ADDED: 2, Verdict.HELD_BACK: 3})
    assert [(image.seed, image.judgement.verdict) for image in drawn.rejected] == [
        (seed, Verdict.HELD_BACK) for seed in (2, 3, 4)
    ]


def amount(share: float, difference: float) -> Amount:
    tried = (
        TriedAmount(share=0.0, images=0, score=0.8),
        TriedAmount(share=1.0, images=8, score=0.8 + difference),
    )
    return Amount(share=share, network="from scratch", tried=tried, difference=difference, error=0.01)


@dataclass
class Chosen:
    """Takes the first ones that are wanted, and of these a share."""

    share: float
    difference: float
    surplus: int = 1

    def to_draw(self, wanted: list[int]) -> list[int]:
        return [self.surplus * number for number in wanted]

    def __call__(self, real: Any, labels: Any, filled: list[Filled], wanted: list[int]) -> Amount:
        for drawn, number in zip(filled, wanted, strict=True):
            drawn.keep(range(number), Verdict.SPARE)
            drawn.hold_back(self.share)
        return amount(self.share, self.difference)


def test_more_are_drawn_for_who_chooses(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler, per_class=14, choose=Chosen(1.0, 0.02, surplus=3))
    assert [(entry.wanted, entry.added, entry.spare) for entry in report.classes] == [(2, 2, 4), (6, 6, 12)]
    assert "dropped: spare" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_none_is_an_answer(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler, per_class=14, choose=Chosen(0.0, -0.02))
    assert (report.added, sum(entry.held_back for entry in report.classes)) == (0, 8)
    assert report.verdict() == (
        "nothing added: on held-out real images a classifier from scratch has 78.0% balanced accuracy with 8"
        " of them and 80.0% without (-2.0 +- 1.0 points), the 20 real images stand alone"
    )
    out = tmp_path / "out"
    assert not list((out / "images").rglob("synthetic-*.png"))
    assert len(list((out / "rejected").rglob("held-back-*.png"))) == 2 + 3
    assert (out / "manifest.jsonl").read_text() == ""
    assert "8 were held back" in (out / "README.md").read_text(encoding="utf-8")
    assert "dropped: held back" in (out / "report.html").read_text(encoding="utf-8")


def test_those_that_help_are_added(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler, per_class=14, choose=Chosen(1.0, 0.02))
    assert report.verdict() == (
        "8 synthetic images added to 20 real ones: on held-out real images a classifier from scratch has"
        " 82.0% balanced accuracy with 8 of them and 80.0% without (+2.0 +- 1.0 points)"
    )


def test_of_a_large_set_a_part_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from ganapps.augment import choosing
    from ganapps.augment.proof import tuning

    asked: dict[str, Any] = {}

    def stand_in(learners: Any, real: Labelled, candidates: Candidates, num: int, **more: Any) -> Amount:
        asked.update(real=len(real.labels), made=len(candidates.rows(1.0)))
        return amount(1.0, 0.0)

    monkeypatch.setattr(choosing, "choose_amount", stand_in)
    monkeypatch.setattr(choosing, "make_learners", lambda *_, **more: asked.update(more))
    monkeypatch.setattr(tuning, "_MOST_IMAGES", 20)
    labels = np.repeat([0, 1], 20)
    filled = []
    for _ in range(2):
        drawn = Filled()
        for seed in range(10):
            drawn.add(Judged(np.zeros((4, 4, 1), np.uint8), seed, Judgement(Verdict.ADDED, 1.0, seed, 0.9)))
        filled.append(drawn)
    monkeypatch.setattr(choosing, "Embedding", lambda job: lambda pixels: np.zeros((len(pixels), 2)))
    chooser = choosing.FeatureChooser(None, minutes=1e-6, images=64, seed=0)
    chooser(np.zeros((40, 4, 4, 1), np.uint8), labels, filled, [10, 10])
    assert asked == {"real": 20, "made": 10, "images": 30, "updates": 2, "seed": 0}
