from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ganapps.augment.classic import NONE, POLICIES, ClassicPolicy, draw_views
from ganapps.errors import UsageError


@pytest.fixture
def grey(picture: Any) -> np.ndarray:
    return np.stack([picture(label, seed) for label in (0, 1) for seed in range(3)])


def test_importing_the_policies_loads_no_albumentations() -> None:
    code = "import sys, ganapps.augment.classic; print('albumentations' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_views_have_the_size_of_their_images_and_come_again_from_the_seed(
    policy: ClassicPolicy, channels: int, grey: np.ndarray
) -> None:
    images = np.repeat(grey, channels, axis=3)
    views = draw_views(images, policy, 2, seed=5)
    assert views.dtype == np.uint8
    if policy.changes_nothing:
        assert np.array_equal(views, images[None])
        return
    assert views.shape == (2, *images.shape)
    assert np.array_equal(views, draw_views(images, policy, 2, seed=5))
    assert not np.array_equal(views, draw_views(images, policy, 2, seed=6))
    assert not np.array_equal(views[0], views[1])


def test_only_the_first_policy_changes_nothing() -> None:
    assert [policy.changes_nothing for policy in POLICIES] == [True] + [False] * (len(POLICIES) - 1)
    assert len({policy.name for policy in POLICIES}) == len(POLICIES)


def test_mirroring_alone_gives_an_image_or_its_mirror_image(grey: np.ndarray) -> None:
    views = draw_views(grey, replace(NONE, mirror=True), 20, seed=0)
    kept = (views == grey).all(axis=(2, 3, 4))
    mirrored = (views == grey[:, :, ::-1]).all(axis=(2, 3, 4))
    assert (kept | mirrored).all()
    assert 0.3 < mirrored.mean() < 0.7


def test_moving_alone_moves_and_repeats_the_border() -> None:
    image = np.zeros((1, 20, 20, 1), np.uint8)
    image[0, 8:12, 8:12] = 255
    views = draw_views(image, replace(NONE, move=0.2), 30, seed=0).astype(np.float64)[:, 0, :, :, 0]
    assert views.sum(axis=(1, 2)) == pytest.approx(np.full(30, 16 * 255.0), rel=0.05)
    grid = np.arange(20)
    rows = (views.sum(2) * grid).sum(1) / views.sum((1, 2)) - 9.5
    columns = (views.sum(1) * grid).sum(1) / views.sum((1, 2)) - 9.5
    for moved in (rows, columns):
        assert np.abs(moved).max() <= 4.1
        assert np.abs(moved).max() > 2
    white = np.full((1, 20, 20, 3), 255, np.uint8)
    assert draw_views(white, replace(NONE, move=0.2, turn_deg=30), 5, seed=0).min() == 255


def test_colour_leaves_grey_images_grey_and_shapes_in_place(grey: np.ndarray) -> None:
    views = draw_views(grey, replace(NONE, colour=0.25), 6, seed=0).astype(np.float64)
    for view in views.reshape(-1, *grey.shape[1:]):
        correlations = [np.corrcoef(view.ravel(), image.ravel())[0, 1] for image in grey]
        assert max(correlations) > 0.97


def test_no_view_at_all_is_an_error(grey: np.ndarray) -> None:
    with pytest.raises(UsageError) as error:
        draw_views(grey, NONE, 0, seed=0)
    assert str(error.value) == "at least 1 view of each image must be drawn, got 0"
