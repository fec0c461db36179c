"""Which synthetic images are taken where many passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ganapps.augment.synthetic.draw import Filled, Judged
from ganapps.augment.synthetic.selection import Judgement, Verdict
from ganapps.augment.synthetic.spread import inside_class, spread_out


def test_inside_is_no_farther_than_the_third_neighbour_in_the_class() -> None:
    real = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [100, 0]], dtype=np.float32)
    # Of the four in a row the outer ones reach 3, the inner ones 2; the one apart reaches 99.
    made = np.array([[-2.9, 0], [-3.1, 0], [1, 1.9], [5.9, 0], [60, 95], [0, 4]], dtype=np.float32)
    assert inside_class(real, made).tolist() == [True, False, True, True, False, False]
    assert inside_class(real[:2], made).tolist() == [False, False, False, False, False, False]
    assert inside_class(real[:2], np.array([[2.0, 0]], dtype=np.float32)).tolist() == [True]


def clusters(sizes: list[int]) -> np.ndarray:
    random = np.random.default_rng(0)
    parts = [random.normal(0, 0.1, (size, 3)) + 10 * np.eye(3)[number] for number, size in enumerate(sizes)]
    return np.concatenate(parts).astype(np.float32)


def test_a_crowd_of_one_kind_takes_one_place_and_the_least_sure_is_among_the_taken() -> None:
    vectors = clusters([40, 3, 2])
    sure: list[float | None] = [0.9] * 45
    rows = spread_out(vectors, sure, 3, seed=0)
    assert [int(np.searchsorted([40, 43], row, side="right")) for row in rows] == [0, 1, 2]
    middle = [
        ((vectors[a:b] - vectors[a:b].mean(0)) ** 2).sum(1).argmin() + a for a, b in ((0, 40), (40, 43))
    ]
    assert len({*rows.tolist()} & {*middle}) >= 1
    for row in range(45):
        sure[row] = 0.6 + 0.3 * np.random.default_rng(row).random()
    harder = spread_out(vectors, sure, 3, seed=0)
    least = {min(range(a, b), key=lambda row: sure[row] or 1) for a, b in ((0, 40), (40, 43), (43, 45))}
    assert len({*harder.tolist()} & least) >= 1


@pytest.mark.parametrize("wanted", [45, 60])
def test_all_are_taken_where_no_more_are_there(wanted: int) -> None:
    assert spread_out(clusters([40, 3, 2]), [None] * 45, wanted, seed=0).tolist() == list(range(45))


@pytest.mark.parametrize("wanted", [1, 7, 44])
def test_as_many_as_are_wanted_the_same_for_the_same_seed(wanted: int) -> None:
    vectors, sure = clusters([40, 3, 2]), [None] * 45
    rows = spread_out(vectors, sure, wanted, seed=3)
    assert len(set(rows.tolist())) == wanted
    assert rows.tolist() == sorted(rows.tolist())
    assert rows.tolist() == spread_out(vectors, sure, wanted, seed=3).tolist()


def test_of_few_clusters_each_gives_several_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    from ganapps.augment.synthetic import spread

    monkeypatch.setattr(spread, "_MOST_CLUSTERS", 3)
    sure: list[float | None] = [0.9] * 45
    sure[17] = sure[41] = sure[44] = 0.6
    rows = spread_out(clusters([40, 3, 2]), sure, 20, seed=0)
    # All of the small ones, the rest from the crowd, and the hard ones before many others.
    assert [int(((rows >= a) & (rows < b)).sum()) for a, b in ((0, 40), (40, 43), (43, 45))] == [15, 3, 2]
    assert {17, 41, 44} <= set(rows.tolist())


def test_very_many_are_not_spread() -> None:
    pytest.importorskip("torch")
    from ganapps.augment.choosing import FeatureChooser

    chooser = FeatureChooser(None, minutes=None, images=None, seed=0)
    assert chooser.to_draw([100, 0, 7]) == [300, 0, 21]
    assert chooser.to_draw([5_000, 1]) == [5_000, 1]


def test_copies_of_one_image_do_not_break_it() -> None:
    rows = spread_out(np.zeros((9, 4), np.float32), [0.9] * 9, 4, seed=0)
    assert 1 <= len(rows) <= 4


def test_what_is_not_kept_gets_its_verdict() -> None:
    drawn = Filled()
    for seed in range(6):
        drawn.add(Judged(np.zeros((1, 1, 1), np.uint8), seed, Judgement(Verdict.ADDED, 1.0, 0, 0.9)))
    drawn.keep([1, 4], Verdict.FAR)
    assert [image.seed for image in drawn.added] == [1, 4]
    assert (drawn.verdicts[Verdict.ADDED], drawn.verdicts[Verdict.FAR]) == (2, 4)
    assert [(image.seed, image.judgement.verdict) for image in drawn.rejected] == [
        (seed, Verdict.FAR) for seed in (0, 2, 3)
    ]


def test_what_is_far_from_its_class_is_dropped_and_the_rest_thinned(
    monkeypatch: pytest.MonkeyPatch, picture: Callable[..., Any]
) -> None:
    pytest.importorskip("torch")
    from ganapps.augment import choosing
    from ganapps.augment.synthetic.amount import NOTHING

    real = np.stack([picture(label, seed) for label in (0, 1) for seed in range(6)])
    labels = np.repeat([0, 1], 6)
    # An image is its first pixel here: of the second class everything generated is far.
    monkeypatch.setattr(
        choosing, "Embedding", lambda job: lambda pixels: pixels[:, :1, 0, 0].astype(np.float32)
    )
    filled = [Filled(), Filled()]
    for label, drawn in enumerate(filled):
        own = real[labels == label, 0, 0, 0]
        for seed in range(9):
            level = own[seed % 6] if label == 0 else (int(own.min()) + 128) % 256
            image = np.full((16, 16, 1), level, np.uint8)
            drawn.add(Judged(image, seed, Judgement(Verdict.ADDED, 1.0, seed % 6, 0.9)))
    monkeypatch.setattr(choosing.FeatureChooser, "_amount", lambda *args: NOTHING)
    chooser = choosing.FeatureChooser(None, minutes=None, images=None, seed=0)
    assert chooser(real, labels, filled, [3, 3]) is NOTHING
    assert filled[0].verdicts[Verdict.SPARE] >= 6
    assert filled[0].verdicts[Verdict.HELD_BACK] == 9 - filled[0].verdicts[Verdict.SPARE]
    assert filled[1].verdicts[Verdict.FAR] == 9
    assert NOTHING.phrase() == "none of the images that passed lies inside its class in pretrained features"
