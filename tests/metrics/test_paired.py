from __future__ import annotations

import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.metrics.paired import paired_difference
from ganapps.metrics.recall import accuracy, balanced_accuracy

Z = 1.959964
"""97.5 % quantile of the normal distribution."""


def crossed(
    num_seeds: int, labels: np.ndarray, *, seeds: float, images: float, both: float, draw: int
) -> np.ndarray:
    """Differences with an effect of each seed, of each image, and of each pair of them; 0 in expectation."""
    random = np.random.default_rng(draw)
    return (
        random.normal(0, seeds, (num_seeds, 1))
        + random.normal(0, images, len(labels))
        + random.normal(0, both, (num_seeds, len(labels)))
    )


def test_the_mean_is_the_difference_of_the_measures() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [5, 20, 10])
    first, second = random.integers(3, size=(2, 6, 35))
    measured = {
        True: balanced_accuracy(second, labels, 3) - balanced_accuracy(first, labels, 3),
        False: accuracy(second, labels) - accuracy(first, labels),
    }
    for balanced, by_seed in measured.items():
        found = paired_difference(first == labels, second == labels, labels, balanced=balanced, resamples=50)
        assert found.of_seeds == pytest.approx(by_seed)
        assert found.mean == pytest.approx(by_seed.mean())


def test_half_widths_are_those_of_the_closed_form() -> None:
    labels = np.repeat([0, 1], [300, 100])
    table = crossed(8, labels, seeds=0.05, images=0.5, both=0.3, draw=1)
    found = paired_difference(np.zeros_like(table), table, labels, resamples=8000)
    # Variance of a mean over classes of class means, unbiased for each.
    images = sum(table[:, labels == k].mean(0).var(ddof=1) / (labels == k).sum() / 4 for k in (0, 1))
    assert found.images_half_width == pytest.approx(Z * np.sqrt(images), rel=0.04)
    # Seven draws of eight values are no normal distribution yet.
    assert found.seeds_half_width == pytest.approx(Z * np.std(found.of_seeds, ddof=1) / np.sqrt(8), rel=0.08)
    apart = np.hypot(found.images_half_width, found.seeds_half_width)
    assert apart * 0.97 < found.half_width < apart * 1.3


def test_with_one_source_of_chance_it_is_the_plain_bootstrap_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(2).normal(0.1, 1, 200)
    table = np.tile(values, (6, 1))
    found = paired_difference(np.zeros_like(table), table, np.zeros(200, np.int64), resamples=8000)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=8000, random_state=0
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.02)
    assert found.seeds_half_width == pytest.approx(0, abs=1e-12)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    labels = np.zeros(150, np.int64)
    covered = 0
    for draw in range(200):
        table = crossed(6, labels, seeds=0.01, images=0.3, both=0.3, draw=draw)
        found = paired_difference(np.zeros_like(table), table, labels, resamples=400, seed=draw)
        covered += found.low <= 0 <= found.high
    # 95 of 100, with three standard errors of 200 draws below, and above what the crossed draws err by.
    assert 180 <= covered <= 199


def test_swapping_the_two_mirrors_the_interval() -> None:
    random = np.random.default_rng(3)
    first, second, labels = random.random((6, 40)) < 0.5, random.random((6, 40)) < 0.7, np.arange(40) % 4
    there, back = paired_difference(first, second, labels), paired_difference(second, first, labels)
    assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))


def test_a_class_of_one_image_has_no_spread_of_its_own() -> None:
    table = np.array([[1.0, 0.5], [1.0, 0.5]])
    found = paired_difference(np.zeros_like(table), table, np.array([0, 1]), resamples=20)
    assert (found.mean, found.low, found.high) == (0.75, 0.75, 0.75)


def test_many_images_are_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(4).random((6, 50))
    labels = np.zeros(50, np.int64)
    whole = paired_difference(np.zeros_like(table), table, labels, resamples=3000)
    monkeypatch.setattr("ganapps.metrics.paired._AT_ONCE", 7 * 50)
    parts = paired_difference(np.zeros_like(table), table, labels, resamples=3000)
    assert (parts.low, parts.high) == pytest.approx((whole.low, whole.high), rel=0.02)


@pytest.mark.parametrize(
    ("first", "second", "labels", "sentence"),
    [
        (
            np.zeros((6, 4)),
            np.zeros((6, 5)),
            np.zeros(4, np.int64),
            "scores must be two tables of seeds and images with a label for each image,"
            " got (6, 4), (6, 5) and (4,)",
        ),
        (
            np.zeros((1, 4)),
            np.zeros((1, 4)),
            np.zeros(4, np.int64),
            "an interval needs at least 2 seeds and 1 image, got (1, 4)",
        ),
    ],
)
def test_tables_that_do_not_fit(
    first: np.ndarray, second: np.ndarray, labels: np.ndarray, sentence: str
) -> None:
    with pytest.raises(UsageError) as error:
        paired_difference(first, second, labels)
    assert str(error.value) == sentence
