"""How near synthetic images lie, and whether that is nearer than chance."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganapps.augment.expand import expand
from ganapps.augment.synthetic.memorisation import leave_one_out, measure, nearest_distances
from ganapps.augment.synthetic.nearness import nearest_test, rank_test
from ganapps.augment.synthetic.selection import describe


def zeros(values: np.ndarray) -> np.ndarray:
    return np.zeros(len(values), dtype=np.int64)


def test_the_p_value_is_that_of_all_ways_to_part_the_distances() -> None:
    random = np.random.default_rng(3)
    first, second = random.normal(0.0, 1, 8), random.normal(0.8, 1, 7)
    found = rank_test(first, zeros(first), second, zeros(second))
    assert found is not None
    pooled = np.concatenate([first, second])

    def pairs(chosen: tuple[int, ...]) -> int:
        ours = pooled[list(chosen)]
        theirs = np.delete(pooled, list(chosen))
        return int((ours[:, None] < theirs[None]).sum())

    seen = pairs(tuple(range(8)))
    ways = [pairs(chosen) for chosen in combinations(range(15), 8)]
    exact = np.mean([way >= seen for way in ways])
    assert found.nearer == pytest.approx(seen / 56)
    assert found.p_value == pytest.approx(exact, abs=0.015)


def test_one_class_is_the_test_of_mann_and_whitney_with_its_ties() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(4)
    first, second = np.round(random.normal(0, 1, 40), 1), np.round(random.normal(0.2, 1, 30), 1)
    found = rank_test(first, zeros(first), second, zeros(second))
    known = stats.mannwhitneyu(first, second, alternative="less", method="asymptotic", use_continuity=False)
    assert found is not None
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-9)


def test_classes_of_other_distances_do_not_mislead() -> None:
    """Within each class nothing is nearer; over all, the synthetic images come from the nearer class."""
    random = np.random.default_rng(5)
    first = np.concatenate([random.normal(1, 0.1, 90), random.normal(5, 0.1, 10)])
    second = np.concatenate([random.normal(1, 0.1, 10), random.normal(5, 0.1, 90)])
    labels, others = np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [10, 90])
    apart = rank_test(first, labels, second, others)
    together = rank_test(first, zeros(first), second, zeros(second))
    assert apart is not None and together is not None
    assert together.p_value < 1e-6
    assert apart.p_value > 0.05
    assert 0.3 < apart.nearer < 0.7


def test_what_cannot_be_compared() -> None:
    some, none = np.arange(4.0), np.empty(0)
    assert rank_test(none, zeros(none), some, zeros(some)) is None
    assert rank_test(some, zeros(some), some, zeros(some) + 1) is None
    same = np.ones(3)
    assert rank_test(same, zeros(same), same, zeros(same)) is None


def test_the_nearest_are_counted_against_all_exchanges_within_classes() -> None:
    times = np.array([5, 3, 0, 1, 2, 0, 4])
    is_training = np.array([True, True, False, False, True, False, False])
    labels = np.array([0, 0, 0, 0, 1, 1, 1])
    found = nearest_test(times, is_training, labels)
    assert found is not None
    assert found.training == pytest.approx(10 / 15)
    assert found.expected == pytest.approx((9 * 2 / 4 + 6 * 1 / 3) / 15)
    ways = [
        times[list(first)].sum() + times[4 + second]
        for first in combinations(range(4), 2)
        for second in range(3)
    ]
    exact = np.mean([way >= 10 for way in ways])
    assert found.p_value == pytest.approx(exact, abs=0.03)


def test_nothing_nearest_and_nothing_to_exchange() -> None:
    none, both = np.zeros(4, dtype=np.int64), np.array([True, False, True, False])
    assert nearest_test(none, both, np.zeros(4, dtype=np.int64)) is None
    assert nearest_test(none + 1, both, np.array([0, 1, 0, 1])) is None


def test_where_training_makes_no_difference_p_values_are_even() -> None:
    random = np.random.default_rng(8)
    found = []
    for _ in range(60):
        is_training = random.permutation(np.repeat([True, False], 15))
        result = nearest_test(random.poisson(2, 30), is_training, np.zeros(30, dtype=np.int64))
        assert result is not None
        found.append(result.p_value)
    assert 0.35 < np.mean(found) < 0.65
    assert np.mean(np.array(found) <= 0.05) <= 0.15


def test_copies_of_an_image_are_no_unseen_images(picture: Any) -> None:
    images = np.stack([picture(0, 1), picture(0, 1), picture(0, 2), picture(0, 3)])
    vectors = describe(images)
    found = leave_one_out(vectors)
    plain = np.sqrt(((vectors[:, None] - vectors[None]) ** 2).sum(2))
    assert found[0] == pytest.approx(plain[0, 2:].min(), abs=1e-3)
    assert found[2] == pytest.approx(np.delete(plain[2], 2).min(), abs=1e-3)
    assert np.isinf(leave_one_out(vectors[:2])).all()
    assert nearest_distances(vectors[2:], vectors[:2]) == pytest.approx(plain[2:, :2].min(1), abs=1e-3)


@pytest.mark.parametrize(
    ("shift", "start"),
    [
        (-0.5, "synthetic images lie nearer to the training images than unseen real images do ("),
        (0.0, "synthetic images lie about as far from the training images as unseen real images do ("),
        (0.5, "synthetic images lie farther from the training images than unseen real images do ("),
    ],
)
def test_the_sentence_says_what_the_ranks_do(shift: float, start: str) -> None:
    real = np.random.default_rng(0).normal(1.0, 0.2, 60)
    added = np.random.default_rng(1).normal(1.0, 0.2, 60) + shift
    found = measure(added, zeros(added), added, zeros(added), real, zeros(real), reference="held-out")
    assert found.sentence().startswith(start)
    assert ("no sign of copies" in found.sentence()) == (shift >= 0)


def test_a_generator_that_repeats_what_it_learned_is_found_out(
    write_set: Any, tmp_path: Path, fake_sampler: Any, picture: Any
) -> None:
    """It mixes real images with others: far enough off for the selection to pass some, and yet too near."""
    data = write_set(tmp_path / "data", {"across": 30, "up and down": 30})
    test = tmp_path / "test"
    write_set(test, {"across": 1, "up and down": 1})
    import cv2

    for label, name in enumerate(("across", "up and down")):
        (test / name / "real 000.png").unlink()
        for seed in range(500, 520):
            cv2.imwrite(str(test / name / f"{seed}.png"), picture(label, seed))

    def repeat(label: int, seed: int) -> np.ndarray:
        mixed = 0.62 * picture(label, seed % 30) + 0.38 * picture(label, 10_000 + seed)
        return np.clip(mixed, 0, 255).astype(np.uint8)

    honest = expand(data, tmp_path / "honest", fake_sampler(picture_of(picture)), test=test).memorisation
    copying = expand(data, tmp_path / "copying", fake_sampler(repeat), test=test).memorisation
    assert honest is not None and honest.added is not None
    assert copying is not None and copying.added is not None
    assert honest.reference == "held-out"
    assert honest.images == 40
    assert honest.added.p_value > 0.05
    assert copying.added.p_value < 0.01
    assert honest.nearest is not None and copying.nearest is not None
    assert honest.nearest.p_value > 0.05
    assert "no sign of copies" in honest.sentence()
    assert copying.nearest.p_value < 0.001
    assert copying.nearest.training > 0.9
    assert "follows its training images more closely than their classes" in copying.sentence()
    alone = expand(data, tmp_path / "alone", fake_sampler(picture_of(picture))).memorisation
    assert alone is not None
    assert (alone.reference, alone.images, alone.nearest) == ("leave-one-out", 60, None)


def picture_of(picture: Any) -> Any:
    return lambda label, seed: picture(label, 20_000 + seed)
