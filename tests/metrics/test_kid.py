from __future__ import annotations

import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.metrics.kid import kid


def naive(one: np.ndarray, other: np.ndarray) -> float:
    """The unbiased estimator by the paper's sums, pair by pair."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((sum(x * y for x, y in zip(a, b, strict=True)) / len(a) + 1) ** 3)

    def within(points: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(points)) for j in range(len(points)) if i != j]
        return sum(kernel(points[i], points[j]) for i, j in pairs) / len(pairs)

    across = [kernel(a, b) for a in one for b in other]
    return within(one) + within(other) - 2 * sum(across) / len(across)


def test_against_the_sums_of_the_paper() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(7, 5)), random.normal(0.4, 1.3, size=(4, 5))
    assert kid(one, other) == pytest.approx(naive(one, other), rel=1e-12)
    assert kid(other, one) == pytest.approx(kid(one, other), rel=1e-12)


def test_two_points_have_a_closed_form() -> None:
    # k(x, x) + k(y, y) - 2 k(x, y) where each sample is one point twice
    one, other = np.array([[2.0, 0.0]] * 2), np.array([[0.0, 4.0]] * 3)
    assert kid(one, other) == pytest.approx(3.0**3 + 9.0**3 - 2 * 1.0)


def test_it_is_zero_in_the_mean_for_one_distribution_at_any_size() -> None:
    random = np.random.default_rng(1)
    for sizes in ((3, 3), (3, 30)):
        values = np.array([kid(*(random.normal(size=(n, 8)) for n in sizes)) for _ in range(2000)])
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean()) < 4 * error
        assert (values < 0).any()
        assert (values > 0).any()


def test_its_mean_is_the_distance_of_the_distributions() -> None:
    """Points on a line, a fair coin at -1 and 1 against always 1: k sees moments up to the third."""
    random = np.random.default_rng(2)
    # E k(x, x') = (2^3 + 0) / 2, E k(y, y') = 2^3, E k(x, y) = (2^3 + 0) / 2
    expected = 4 + 8 - 2 * 4
    values = [kid(random.choice([-1.0, 1.0], size=(6, 1)), np.ones((5, 1))) for _ in range(4000)]
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / np.sqrt(len(values)))


def test_further_apart_is_more_and_order_is_nothing() -> None:
    random = np.random.default_rng(3)
    one, other = random.normal(size=(2, 60, 4))
    values = [kid(one, other + shift) for shift in (0.0, 0.5, 1.0, 2.0)]
    assert values == sorted(values)
    assert kid(one[::-1], random.permutation(other + 1)) == pytest.approx(values[2], rel=1e-9)


def test_single_precision_is_summed_in_double() -> None:
    random = np.random.default_rng(4)
    one, other = (random.uniform(0, 6, size=(40, 64)).astype(np.float32) for _ in range(2))
    assert kid(one, other) == kid(one.astype(np.float64), other.astype(np.float64))


def test_what_cannot_be_compared() -> None:
    with pytest.raises(UsageError) as error:
        kid(np.zeros((3, 2)), np.zeros((3, 4)))
    assert str(error.value) == "vectors to compare must be [N, D] and [M, D], got [3, 2] and [3, 4]"
    with pytest.raises(UsageError) as error:
        kid(np.zeros((1, 2)), np.zeros((3, 2)))
    assert str(error.value) == "the distance of two samples needs 2 vectors of each, got 1 and 3"
