from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ganapps import UsageError
from ganapps.runtime import tiles
from ganapps.runtime.upscaler import Upscaler

length, radius = st.integers(1, 200), st.integers(0, 9)


@given(length, length, radius, st.integers(1, 60))
def test_kept_parts_cover_the_picture_once(height, width, radius, extra):
    plan = tiles.plan(height, width, 2 * radius + extra, radius)
    times = np.zeros((height, width), int)
    for row, column in plan:
        times[row.kept_start : row.kept_stop, column.kept_start : column.kept_stop] += 1
    assert (times == 1).all()


@given(length, radius, st.integers(1, 60))
def test_kept_pixels_are_a_radius_from_every_cut(length, radius, extra):
    for span in tiles.plan(length, 1, 2 * radius + extra, radius).rows:
        assert 0 <= span.start <= span.kept_start < span.kept_stop <= span.stop <= length
        assert span.start == 0 or span.kept_start - span.start >= radius
        assert span.stop == length or span.stop - span.kept_stop >= radius


@given(length, length, radius, st.integers(1, 60))
def test_all_tiles_have_one_shape_and_fit(height, width, radius, extra):
    tile_px = 2 * radius + extra
    plan = tiles.plan(height, width, tile_px, radius)
    shapes = {(row.stop - row.start, column.stop - column.start) for row, column in plan}
    assert len(shapes) == 1
    assert max(shapes.pop()) <= tile_px


def test_a_tile_that_keeps_nothing_is_refused():
    with pytest.raises(UsageError, match=r"^tile must be at least 9 px for a model of radius 4, got 8$"):
        tiles.plan(100, 100, 8, 4)


def box_sum(image: np.ndarray) -> np.ndarray:
    """Radius 2, scale 3, exact in integers: the sum of a 5 x 5 neighbourhood, each result three times."""
    padded = np.pad(image.astype(np.int64), 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return windows.sum(axis=(2, 3)).repeat(3, 0).repeat(3, 1)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)), st.integers(5, 50))
def test_any_local_function_is_exact(image, tile_px):
    result = tiles.apply(box_sum, image, scale=3, radius=2, tile_px=tile_px)
    np.testing.assert_array_equal(result, box_sum(image))


def test_a_wrong_radius_shows():
    image = np.random.default_rng(0).integers(0, 256, (40, 40))
    result = tiles.apply(box_sum, image, scale=3, radius=1, tile_px=10)
    assert not np.array_equal(result, box_sum(image))


@pytest.fixture(scope="module")
def whole(models: Path) -> Upscaler:
    return Upscaler(models / "x2.onnx", tile_px=10_000, threads=1, device="cpu")


@pytest.fixture(scope="module")
def tiled(models: Path) -> Upscaler:
    return Upscaler(models / "x2.onnx", threads=1, device="cpu")


# 16 bits show differences of the network's floats that 8 bits would round away.
@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(7, 40), st.integers(0, 2**32 - 1))
def test_tiled_network_equals_whole_bit_for_bit(tiled, whole, height, width, tile_px, seed):
    pixels = np.random.default_rng(seed).integers(0, 65536, (height, width, 3), np.uint16)
    tiled.tile_px = tile_px
    np.testing.assert_array_equal(tiled(pixels), whole(pixels))


def test_progress_rises_to_one():
    fractions: list[float] = []
    image = np.zeros((40, 40))
    tiles.apply(box_sum, image, scale=3, radius=2, tile_px=20, on_progress=fractions.append)
    assert fractions == pytest.approx([k / 9 for k in range(1, 10)])
