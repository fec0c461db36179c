from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ganapps.augment.synthetic.selection import (
    NEAR,
    Selection,
    Verdict,
    describe,
    distances,
    near_copy_thresholds,
)

LABELS = np.repeat(np.arange(2), 12)


@pytest.fixture
def real(picture: Any) -> np.ndarray:
    return np.stack([picture(label, seed) for label in (0, 1) for seed in range(12)])


def judge(
    real: np.ndarray, images: np.ndarray, label: int = 0, confidence: list[float] | None = None
) -> list[Verdict]:
    belief = None if confidence is None else np.array(confidence, np.float32)
    return [j.verdict for j in Selection(real, LABELS, 2).judge(images, label, belief)]


def test_distance_is_the_root_mean_square_difference_of_normalised_images(real: np.ndarray) -> None:
    one, other = (real[i].astype(np.float64).ravel() for i in (0, 5))
    by_hand = np.sqrt(np.mean(((one - one.mean()) / one.std() - (other - other.mean()) / other.std()) ** 2))
    vectors = describe(real[[0, 5]])
    assert distances(vectors[:1], vectors[1:])[0, 0] == pytest.approx(by_hand, rel=1e-5)
    negative = describe(np.stack([real[0], 255 - real[0]]))
    assert distances(negative[:1], negative[1:])[0, 0] == pytest.approx(2, rel=1e-4)


def test_thresholds_agree_with_a_plain_loop(real: np.ndarray) -> None:
    vectors = describe(real)
    expected = []
    for label in (0, 1):
        nearest = [
            min(np.linalg.norm(vectors[i] - vectors[j]) for j in range(len(vectors)) if j != i)
            for i in np.flatnonzero(label == LABELS)
        ]
        expected.append(NEAR * np.median(nearest))
    assert near_copy_thresholds(vectors, LABELS, 2) == pytest.approx(expected, rel=1e-4)


def test_exact_duplicates_do_not_pull_the_threshold_down(real: np.ndarray) -> None:
    doubled = np.concatenate([real, real])
    twice = np.concatenate([LABELS, LABELS])
    alone = near_copy_thresholds(describe(real), LABELS, 2)
    assert near_copy_thresholds(describe(doubled), twice, 2) == pytest.approx(alone, rel=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: np.clip(image * 0.6 + 40, 0, 255),
        lambda image: np.clip(image + np.random.default_rng(1).normal(0, 6, image.shape), 0, 255),
    ],
    ids=["exact", "other brightness and contrast", "noise"],
)
def test_copies_are_dropped(change: Any, real: np.ndarray) -> None:
    copies = np.stack([change(image) for image in real[:12].astype(np.float64)]).astype(np.uint8)
    assert judge(real, copies) == [Verdict.NEAR_COPY] * 12


def test_new_images_of_the_same_kind_pass(real: np.ndarray, picture: Any) -> None:
    new = np.stack([picture(0, seed) for seed in range(100, 130)])
    assert judge(real, new).count(Verdict.ADDED) >= 28


def test_a_repeat_is_dropped_within_a_call_and_across_calls(real: np.ndarray, picture: Any) -> None:
    new = picture(0, 100)
    assert judge(real, np.stack([new, new, picture(0, 101)])) == [
        Verdict.ADDED,
        Verdict.REPEAT,
        Verdict.ADDED,
    ]
    selection = Selection(real, LABELS, 2)
    assert selection.judge(new[None], 0, None)[0].verdict is Verdict.ADDED
    assert selection.judge(new[None], 0, None)[0].verdict is Verdict.REPEAT
    assert selection.judge(new[None], 1, None)[0].verdict is Verdict.ADDED, "classes remember for themselves"


def test_an_image_that_was_dropped_makes_no_other_a_repeat(real: np.ndarray, picture: Any) -> None:
    new = np.stack([picture(0, 100)] * 2)
    assert judge(real, new, confidence=[0.1, 0.9]) == [Verdict.WRONG_LABEL, Verdict.ADDED]


def test_the_label_needs_more_belief_than_all_others_together(real: np.ndarray, picture: Any) -> None:
    new = np.stack([picture(0, seed) for seed in (100, 101, 102, 103)])
    verdicts = judge(real, new, confidence=[0.49, 0.5, 1.0, float("nan")])
    assert verdicts == [Verdict.WRONG_LABEL, Verdict.ADDED, Verdict.ADDED, Verdict.WRONG_LABEL]


def test_a_judgement_names_the_nearest_real_image(real: np.ndarray) -> None:
    (judgement,) = Selection(real, LABELS, 2).judge(real[[17]], 0, np.array([0.75], np.float32))
    assert judgement.nearest == 17
    assert judgement.distance == pytest.approx(0, abs=1e-3)
    assert judgement.confidence == 0.75


def test_blank_images_are_no_trouble(real: np.ndarray) -> None:
    blank = np.full((2, 16, 16, 1), 255, np.uint8)
    selection = Selection(np.concatenate([blank, blank]), np.array([0, 0, 1, 1]), 2)
    assert selection.thresholds.tolist() == [0, 0]
    assert selection.judge(blank[:1], 0, None)[0].verdict is Verdict.NEAR_COPY
    assert selection.judge(real[:1], 0, None)[0].verdict is Verdict.ADDED
