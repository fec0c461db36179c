from __future__ import annotations

import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.metrics.coverage import Coverage, coverage


def naive(real: np.ndarray, made: np.ndarray, k: int) -> Coverage:
    """All four by their definitions, ball by ball."""

    def radius(points: np.ndarray, index: int) -> float:
        others = [np.linalg.norm(points[index] - p) for j, p in enumerate(points) if j != index]
        return float(sorted(others)[k - 1])

    def inside(point: np.ndarray, points: np.ndarray, index: int) -> bool:
        return bool(np.linalg.norm(point - points[index]) <= radius(points, index))

    in_real = [[inside(m, real, i) for m in made] for i in range(len(real))]
    in_made = [[inside(r, made, j) for r in real] for j in range(len(made))]
    return Coverage(
        precision=sum(any(row[j] for row in in_real) for j in range(len(made))) / len(made),
        recall=sum(any(row[i] for row in in_made) for i in range(len(real))) / len(real),
        density=sum(map(sum, in_real)) / (k * len(made)),
        coverage=sum(map(any, in_real)) / len(real),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
def test_against_the_definitions(k: int) -> None:
    random = np.random.default_rng(k)
    real, made = random.normal(size=(23, 3)), random.normal(0.5, 0.8, size=(17, 3))
    ours, theirs = coverage(real, made, neighbours=k), naive(real, made, k)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name)), name


def test_by_hand_on_a_line() -> None:
    # Balls of the first neighbour: 0 and 1 reach 1 far, 4 reaches 3 far, so 5 lies in one and 50 in none.
    real, made = np.array([[0.0], [1.0], [4.0]]), np.array([[0.5], [5.0], [50.0]])
    found = coverage(real, made, neighbours=1)
    assert found.precision == pytest.approx(2 / 3)
    assert found.density == pytest.approx((2 + 1 + 0) / 3)
    assert found.coverage == 1
    # Balls of made ones: 0.5 and 5 reach 4.5 far, 50 reaches 45 far and none.
    assert found.recall == 1


def test_a_sample_against_itself() -> None:
    points = np.random.default_rng(0).normal(size=(40, 6))
    found = coverage(points, points)
    # Every ball holds its own centre and k others.
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == pytest.approx(6 / 5)


def test_expectations_for_one_distribution() -> None:
    """Naeem et al. 2020, lemmas 1 and 2: density 1, and coverage 1 - C(M - 1 of N + M - 1) falling with k."""
    random = np.random.default_rng(1)
    num, k = 30, 3
    found = [
        coverage(random.normal(size=(num, 2)), random.normal(size=(num, 2)), neighbours=k) for _ in range(600)
    ]
    densities, coverages = (np.array([getattr(f, n) for f in found]) for n in ("density", "coverage"))
    assert densities.mean() == pytest.approx(1, abs=4 * densities.std() / np.sqrt(len(found)))
    # A ball stays empty when the k nearest of the 2 N - 1 other points are all real.
    empty = np.prod([(num - 1 - i) / (2 * num - 1 - i) for i in range(k)])
    assert coverages.mean() == pytest.approx(1 - empty, abs=4 * coverages.std() / np.sqrt(len(found)))


def test_a_dropped_mode_costs_coverage_and_a_wild_one_costs_precision() -> None:
    random = np.random.default_rng(2)
    left, right = random.normal(size=(50, 2)), random.normal(size=(50, 2)) + 100
    real = np.concatenate([left, right])
    one_mode = coverage(real, random.normal(size=(100, 2)))
    assert one_mode.coverage <= 0.5
    assert one_mode.precision > 0.8
    wild = coverage(real, np.concatenate([left + 0.1, right - 0.1, random.normal(size=(100, 2)) - 300]))
    assert wild.precision == pytest.approx(0.5, abs=0.05)
    assert wild.coverage > 0.95


def test_what_cannot_be_compared() -> None:
    points = np.zeros((6, 2))
    for real, made, k, sentence in (
        (points, np.zeros((6, 3)), 5, "vectors to compare must be [N, D] and [M, D], got [6, 2] and [6, 3]"),
        (points, points, 0, "balls must reach to the first neighbour at least, got 0"),
        (
            points,
            points[:5],
            5,
            "balls that reach to 5 neighbours need more vectors than that in each sample, got 6 and 5",
        ),
    ):
        with pytest.raises(UsageError) as error:
            coverage(real, made, neighbours=k)
        assert str(error.value) == sentence
