"""The mean of eight turned and mirrored runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps import Image, Upscaler
from ganapps.runtime.ensemble import mean_of_copies


def lean(image: np.ndarray) -> np.ndarray:
    """Twice as large, and different for each direction."""
    y, x = np.mgrid[: 2 * len(image), : 2 * image.shape[1]]
    factor = 1 + y[..., None] % 2 + 5 * (x[..., None] % 2)
    return (image.repeat(2, 0).repeat(2, 1) * factor).astype(np.float32)


def test_against_the_eight_written_out():
    image = np.random.default_rng(0).random((3, 5, 2)).astype(np.float32)

    def swap(array: np.ndarray) -> np.ndarray:
        return array.transpose(1, 0, 2)

    total = np.zeros((6, 10, 2))
    for vertical in (1, -1):
        for horizontal in (1, -1):
            seen = image[::vertical, ::horizontal]
            total += lean(seen)[::vertical, ::horizontal].astype(np.float64)
            total += swap(lean(swap(seen)))[::vertical, ::horizontal]
    np.testing.assert_allclose(mean_of_copies(lean, image), total / 8, rtol=1e-6)


def test_what_is_the_same_in_all_directions_is_untouched():
    # Multiples of 1/256: their sums are exact.
    image = np.random.default_rng(1).integers(0, 256, (4, 7, 3)).astype(np.float32) / np.float32(256)

    def double(pixels: np.ndarray) -> np.ndarray:
        return pixels.repeat(2, 0).repeat(2, 1)

    np.testing.assert_array_equal(mean_of_copies(double, image), double(image))


@pytest.fixture(scope="module")
def eight(models) -> Upscaler:
    return Upscaler(models / "x2.onnx", tta=True, tile_px=10_000, threads=1, device="cpu")


def test_it_is_rounded_once(eight, models, photo):
    """A mean of eight rounded pictures would be off by one here and there."""
    single = Upscaler(models / "x2.onnx", threads=1, device="cpu")
    picture = photo(20, 30, np.uint16)
    exact = mean_of_copies(single._run_float, picture)
    np.testing.assert_array_equal(eight(picture), np.rint(np.clip(exact, 0, 1) * np.float32(65535)))
    assert not np.array_equal(eight(picture), single(picture))


def test_turning_the_picture_turns_the_result(eight, photo):
    """But for the order in which eight numbers are added."""
    picture = photo(12, 17, np.uint16)
    turned = np.rot90(eight(np.ascontiguousarray(np.rot90(picture))), -1)
    np.testing.assert_allclose(turned.astype(int), eight(picture).astype(int), atol=1)


@pytest.fixture(scope="module")
def tiled(models) -> Upscaler:
    return Upscaler(models / "x2.onnx", tta=True, threads=1, device="cpu")


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(7, 30), st.integers(0, 2**32 - 1))
def test_tiles_are_exact(tiled, eight, height, width, tile_px, seed):
    pixels = np.random.default_rng(seed).integers(0, 65536, (height, width, 3), np.uint16)
    tiled.tile_px = tile_px
    np.testing.assert_array_equal(tiled(pixels), eight(pixels))


def test_grey_and_alpha_take_part(eight, photo):
    picture = Image(photo(9, 11, channels=1), photo(9, 11, channels=1)[..., 0])
    result = eight.upscale(picture)
    assert result.pixels.shape == (18, 22, 1) and result.alpha.shape == (18, 22)
