"""What each arm is made of, and which test images are near-copies."""

from __future__ import annotations

from collections import Counter
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps.augment.proof.arms import Arm, Material
from ganapps.augment.proof.pool import Labelled, Pictures, Pool, draw_rows
from ganapps.augment.sets.overlap import find_overlap


def labelled(start: int, *counts: int) -> Labelled:
    """Images of one pixel whose values tell them apart."""
    labels = np.repeat(np.arange(len(counts)), counts)
    values = np.arange(start, start + len(labels), dtype=np.uint8)
    return Labelled(Pictures(values[:, None, None, None]), labels)


def values(pool: Pool) -> list[list[int]]:
    return [part.pictures.pixels[part.rows].ravel().tolist() for part in pool.parts]


@pytest.fixture
def material() -> Material:
    return Material(
        num_classes=2,
        real=labelled(0, 4, 3),
        selected=(labelled(50, 2, 5), labelled(60, 1, 0)),
        unfiltered=(labelled(70, 9, 9), labelled(90, 9, 9)),
        extra=labelled(100, 8, 4),
    )


def test_every_arm_holds_the_real_images_once_and_what_it_is_named_after(material: Material) -> None:
    assert material.arms == tuple(Arm)
    real = list(range(7))
    for arm in material.arms:
        assert values(material.pool(arm, 0, seed=0))[0] == real
    assert values(material.pool(Arm.REAL, 0, seed=0)) == [real]
    assert values(material.pool(Arm.CLASSIC, 0, seed=0)) == [real]
    assert values(material.pool(Arm.SELECTED, 0, seed=0))[1] == list(range(50, 57))
    assert values(material.pool(Arm.UNFILTERED, 0, seed=0))[1] == list(range(70, 88))


def test_duplicates_and_extra_images_are_as_many_of_each_class_as_are_added(material: Material) -> None:
    twice = material.pool(Arm.DUPLICATED, 0, seed=0)
    assert np.bincount(twice.labels).tolist() == [4 + 2, 3 + 5]
    counts = Counter(values(twice)[1])
    assert all(counts[row] in (1, 2) for row in (4, 5, 6))
    assert max(counts[row] for row in range(4)) == 1
    ceiling = material.pool(Arm.CEILING, 0, seed=0)
    # Of the second class there are but four more.
    assert np.bincount(ceiling.labels).tolist() == [4 + 2, 3 + 4]
    assert len(set(values(ceiling)[1])) == 6


def test_seeds_take_the_expansions_in_turn(material: Material) -> None:
    of_seed = [values(material.pool(Arm.SELECTED, number, seed=number))[1] for number in range(4)]
    assert of_seed == [list(range(50, 57)), [60], list(range(50, 57)), [60]]
    assert values(material.pool(Arm.UNFILTERED, 1, seed=1))[1][0] == 90


def test_arms_that_cannot_be_made_are_not_there() -> None:
    nothing = Material(
        num_classes=2,
        real=labelled(0, 2, 2),
        selected=(labelled(9, 0, 0),),
        unfiltered=(None,),
        extra=labelled(9, 1, 1),
    )
    assert nothing.arms == (Arm.REAL, Arm.CLASSIC)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30), st.lists(st.integers(0, 40), min_size=4, max_size=4)
)
@settings(max_examples=60, deadline=None)
def test_rows_are_drawn_evenly(labels: list[int], wanted: list[int]) -> None:
    known = np.array(labels)
    rows = draw_rows(known, np.array(wanted), seed=1)
    have = np.bincount(known, minlength=4)
    drawn = np.bincount(known[rows], minlength=4) if len(rows) else np.zeros(4, int)
    assert drawn.tolist() == [number if have[label] else 0 for label, number in enumerate(wanted)]
    for label in range(4):
        times = np.bincount(rows, minlength=len(known))[known == label] if len(rows) else np.zeros(1)
        assert not len(times) or times.max() - times.min() <= 1
    assert np.array_equal(rows, draw_rows(known, np.array(wanted), seed=1))


def test_exact_and_near_copies_are_told_apart(picture: Any) -> None:
    known = np.stack([picture(label, seed) for label in (0, 1) for seed in range(12)])
    labels = np.repeat([0, 1], 12)
    noise = np.random.default_rng(0).normal(0, 4, known.shape[1:])
    nearly = np.clip(known[5] * 0.8 + 20 + noise, 0, 255).astype(np.uint8)
    damaged = cv2.imdecode(cv2.imencode(".jpg", known[20], [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 0)[..., None]
    other = [picture(label, seed) for label in (0, 1) for seed in range(100, 120)]
    found = find_overlap(np.stack([known[13], nearly, *other, damaged, known[2]]), known, labels, 2)
    assert found.exact.tolist() == [0, 43]
    assert found.twins.tolist() == [13, 2]
    assert found.near.tolist() == [1, 42]
