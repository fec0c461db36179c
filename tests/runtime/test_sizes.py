"""The size of a result: asked for in four ways, met by passes of the model and one resampling."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganapps import Image, Upscaler, UsageError
from ganapps.runtime.images import Metadata
from ganapps.runtime.sizes import Size, parse_fit, resample

SIDES = st.integers(1, 4000)


def smooth(height: int, width: int, dtype: type, channels: int = 3) -> np.ndarray:
    """Waves of some twenty pixels around the middle of the range."""
    y, x = np.mgrid[:height, :width]
    most = np.iinfo(dtype).max
    wave = 0.5 + 0.3 * np.sin(y[..., None] / 3 + np.arange(channels)) * np.cos(x[..., None] / 4)
    return np.rint(wave * most).astype(dtype)


@given(SIDES, SIDES, SIDES, SIDES)
def test_fit_fills_a_box_and_no_more(width, height, across, down):
    found = Size(fit=(across, down)).of(width, height)
    assert found[0] <= across and found[1] <= down
    assert found[0] == across or found[1] == down


@given(SIDES, SIDES, SIDES)
def test_one_side_keeps_the_proportions(width, height, wanted):
    by_width, by_height = Size(width=wanted).of(width, height), Size(height=wanted).of(width, height)
    assert by_width[0] == wanted and abs(by_width[1] - wanted * height / width) <= max(
        0.5, 1 - wanted * height / width
    )
    assert by_height[1] == wanted and by_height[0] >= 1


def test_both_sides_are_taken_as_they_are():
    assert Size(width=30, height=7).of(100, 100) == (30, 7)


@pytest.mark.parametrize("given", [{}, {"scale": 2, "width": 3}, {"height": 3, "fit": (1, 1)}])
def test_one_way_only(given):
    with pytest.raises(
        UsageError, match=r"^give the size by scale, by width or height or both, or by fit: one of"
    ):
        Size(**given)


def test_numbers_out_of_range():
    with pytest.raises(UsageError, match=r"^scale must be above 0, got -1$"):
        Size(scale=-1)
    with pytest.raises(UsageError, match=r"^scale must be above 0, got inf$"):
        Size(scale=float("inf"))
    with pytest.raises(UsageError, match=r"^fit must be a box of at least 1 x 1 pixel, got 0 x 5$"):
        Size(fit=(0, 5))


@pytest.mark.parametrize("text", ["1920", "1920x", "x1080", "19.5x10", "-1x5", "1920x1080x3", "a" * 50, ""])
def test_boxes_that_are_none(text):
    with pytest.raises(UsageError) as refusal:
        parse_fit(text)
    assert str(refusal.value) == (f"a box is written as WIDTHxHEIGHT, for example 1920x1080, not {text!r}")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_shrinking_agrees_with_the_mean_of_areas(dtype, channels):
    """On a smooth picture every good filter gives nearly what OpenCV's area means give."""
    pixels = smooth(120, 160, dtype, channels)
    result = resample(Image(pixels, pixels[..., 0]), 40, 30)
    expected = cv2.resize(pixels, (40, 30), interpolation=cv2.INTER_AREA).reshape(30, 40, channels)
    assert result.pixels.dtype == dtype and result.pixels.shape == (30, 40, channels)
    unit = np.iinfo(dtype).max
    difference = np.abs(result.pixels[2:-2, 2:-2].astype(float) - expected[2:-2, 2:-2]) / unit
    assert difference.max() < 0.05 and difference.mean() < 0.02
    np.testing.assert_array_equal(result.alpha, result.pixels[..., 0])


def test_16_bits_stay_exact_and_in_range():
    flat = np.full((9, 9, 1), 65535, np.uint16)
    assert (resample(Image(flat), 4, 5).pixels == 65535).all()
    step = np.zeros((20, 20, 1), np.uint16)
    step[:, 10:] = 65535
    assert resample(Image(step), 13, 20).pixels.dtype == np.uint16, (
        "ringing beyond the range is cut, not wrapped"
    )
    assert resample(Image(step), 13, 20).pixels[:, -1].min() == 65535


def test_the_models_own_scale_is_untouched(double, photo):
    image = Image(photo(), None, Metadata(xmp=b"<x/>"), "jpeg")
    exact = double.upscale(image, size=Size(scale=2))
    np.testing.assert_array_equal(exact.pixels, double.upscale(image).pixels)
    assert exact.metadata == image.metadata and exact.format == "jpeg"


def test_between_and_beyond_the_models_scale(double, photo):
    image = Image(photo(10, 12))
    assert double.upscale(image, size=Size(scale=1.5)).pixels.shape == (15, 18, 3)
    twice = double.upscale(double.upscale(image)).pixels
    np.testing.assert_array_equal(double.upscale(image, size=Size(scale=4)).pixels, twice)
    three = double.upscale(image, size=Size(width=36)).pixels
    np.testing.assert_array_equal(three, resample(Image(twice), 36, 30).pixels)


def test_a_smaller_result_needs_no_model(double, photo, monkeypatch):
    monkeypatch.setattr(Upscaler, "_run", None)
    image = Image(photo(10, 12))
    np.testing.assert_array_equal(
        double.upscale(image, size=Size(fit=(6, 6))).pixels, resample(image, 6, 5).pixels
    )


def test_alpha_comes_along(double, photo):
    pixels = photo(10, 12, channels=4)
    result = double.upscale(Image(pixels[..., :3], pixels[..., 3]), size=Size(height=15))
    assert result.alpha is not None and result.alpha.shape == (15, 18)


def test_more_than_two_passes_are_refused(double, photo):
    with pytest.raises(UsageError) as refusal:
        double.upscale(Image(photo(10, 12)), size=Size(scale=4.5))
    assert str(refusal.value) == f"{double.contract.name} enlarges 4 times at most, not 4.5 times"


def test_more_than_memory_holds_is_refused(double):
    huge = Image(np.broadcast_to(np.uint8(0), (12_000, 12_000, 3)))
    with pytest.raises(UsageError) as refusal:
        double.upscale(huge, size=Size(scale=3))
    assert str(refusal.value) == (
        "36000 x 36000 would be computed from 2,304 megapixels, and 1,074 are the most:"
        " ask for less, or cut the image into parts"
    )


def test_progress_of_two_passes_rises_to_the_end(double, photo):
    told: list[float] = []
    double.upscale(Image(photo(40, 40)), size=Size(scale=4), on_progress=told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(1) and min(told) <= 0.2
