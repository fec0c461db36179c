"""Colour shift and grid pattern: closed forms on pictures to which each was added."""

from __future__ import annotations

import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.metrics.bicubic import imresize
from ganapps.metrics.colour_shift import colour_shift
from ganapps.metrics.grid_pattern import grid_pattern

RANDOM = np.random.default_rng(0)


def test_a_shift_of_one_channel_is_found_exactly() -> None:
    low = RANDOM.integers(40, 200, (20, 30, 3), dtype=np.uint8)
    larger = low.repeat(4, 0).repeat(4, 1)
    assert colour_shift(larger, low) < 0.1
    shifted = larger + np.array([0, 7, 3], np.uint8)
    assert colour_shift(shifted, low) == pytest.approx(7, abs=0.1)
    darker = larger - np.array([0, 0, 9], np.uint8)
    assert colour_shift(darker, low) == pytest.approx(9, abs=0.1)


def test_bicubic_shifts_nothing() -> None:
    low = RANDOM.integers(60, 180, (24, 24, 3), dtype=np.uint8)
    assert colour_shift(imresize(low, 2), low) < 0.3


def ramp(height: int, width: int) -> np.ndarray:
    """A smooth slope, of which 4 x 4 blocks are flat."""
    slope = np.linspace(50, 120, width)[None, :, None] + np.linspace(0, 30, height)[:, None, None]
    return np.rint(np.broadcast_to(slope, (height, width, 3))).astype(np.uint8)


def test_a_pattern_that_repeats_is_found_at_its_height() -> None:
    high = ramp(128, 160)
    larger = high.copy()
    larger[::4, ::4, 1] += 8  # one of 16 positions: 8 above the rest, so 7.5 above the mean
    assert grid_pattern(larger, high, 4) == pytest.approx(7.5)
    assert grid_pattern(high, high, 4) == 0


def test_a_shift_noise_and_texture_are_no_grid() -> None:
    high = ramp(400, 400)
    noise = RANDOM.normal(0, 4, high.shape)
    larger = np.clip(np.rint(high + 6 + noise), 0, 255).astype(np.uint8)
    assert grid_pattern(larger, high, 4) < 4 / np.sqrt(98 * 98) * 5


def test_without_flat_areas_there_is_no_answer() -> None:
    high = RANDOM.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert grid_pattern(high, high, 4) is None
    assert grid_pattern(ramp(8, 8), ramp(8, 8), 4) is None, "two blocks have none inside"


def test_edges_beside_flat_areas_are_left_out() -> None:
    """Ringing at a straight edge has one phase; it is no grid."""
    high = np.full((160, 400, 3), 60, np.uint8)
    high[:, 202:] = 200
    larger = high.copy()
    larger[:, 196:200] -= np.array([9, 5, 2, 0], np.uint8)[None, :, None]
    assert grid_pattern(larger, high, 4) == 0


def test_shapes_that_do_not_fit() -> None:
    a, b = np.zeros((8, 8, 3), np.uint8), np.zeros((3, 4, 3), np.uint8)
    with pytest.raises(UsageError) as error:
        colour_shift(a, b)
    wanted = "a picture and one a whole number of times as large are needed, got [8, 8, 3] and [3, 4, 3]"
    assert str(error.value) == wanted
    with pytest.raises(UsageError) as error:
        grid_pattern(a, a, 3)
    wanted = "two pictures of one shape are needed, multiples of 3, got [8, 8, 3] and [8, 8, 3]"
    assert str(error.value) == wanted
