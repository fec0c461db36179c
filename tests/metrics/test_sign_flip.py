from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps.errors import UsageError
from ganapps.metrics.sign_flip import sign_flip_p_value

numbers = st.lists(st.integers(-50, 50), min_size=1, max_size=8)


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_agrees_with_counting_every_pattern_of_signs(differences: list[int]) -> None:
    observed = abs(sum(differences))
    patterns = list(product((1, -1), repeat=len(differences)))
    as_far = sum(
        abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= observed for signs in patterns
    )
    assert sign_flip_p_value(differences) == as_far / len(patterns)


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_order_sign_and_scale_do_not_matter(differences: list[int]) -> None:
    p_value = sign_flip_p_value(differences)
    assert p_value == sign_flip_p_value(differences[::-1])
    assert p_value == sign_flip_p_value([-d for d in differences])
    assert p_value == sign_flip_p_value([0.1 * d for d in differences])


def test_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for seed in range(5):
        differences = np.random.default_rng(seed).normal(0.3, 1, 9)
        expected = stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
        )
        assert sign_flip_p_value(differences) == pytest.approx(expected.pvalue)


def test_six_agreeing_pairs_are_the_fewest_that_reach_one_in_twenty() -> None:
    assert sign_flip_p_value([1.0] * 5) == 2 / 32
    assert sign_flip_p_value([1.0] * 6) == 2 / 64


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ([], "a sign-flip test takes 1 to 20 differences, got shape (0,)"),
        ([0.0] * 21, "a sign-flip test takes 1 to 20 differences, got shape (21,)"),
        ([1.0, float("nan")], "a sign-flip test takes finite differences"),
    ],
)
def test_what_cannot_be_tested(differences: list[float], sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        sign_flip_p_value(differences)
    assert str(error.value) == sentence
