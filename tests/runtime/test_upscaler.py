from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ganapps import Image, ImageError, ModelError, Upscaler, UsageError
from ganapps.runtime import transparency
from ganapps.runtime.images import Metadata
from ganapps.runtime.tile_side import default_tile


def test_an_array_is_what_the_model_says(models, photo):
    """Against ONNX Runtime called by hand."""
    session = onnxruntime.InferenceSession(str(models / "x4.onnx"), providers=["CPUExecutionProvider"])
    expected = session.run(["upscaled"], {"image": photo()[None]})[0][0]
    np.testing.assert_array_equal(Upscaler(models / "x4.onnx")(photo()), expected)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (4,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_same_kind_out(double, photo, shape, dtype):
    pixels = photo(7, 5, dtype, channels=4)[..., : (shape or (1,))[0]].reshape(7, 5, *shape)
    result = double(pixels)
    assert (result.shape, result.dtype) == ((14, 10, *shape), dtype)


def test_16_bits_agree_with_8(double, photo):
    deep = double(photo().astype(np.uint16) * 257)
    np.testing.assert_allclose(deep / 257, double(photo()), atol=0.501)


def test_16_bits_see_what_8_cannot_say(double):
    """A ramp of one step of 8 bits in all must not come out flat."""
    ramp = np.linspace(30_000, 30_256, 40).astype(np.uint16)[None, :, None].repeat(8, 0).repeat(3, 2)
    assert len(np.unique(double(ramp))) > 30


def test_grey_is_the_mean_of_equal_channels(double, photo):
    grey = photo(channels=1).astype(np.uint16) * 257
    colour = double(np.repeat(grey, 3, axis=2))
    np.testing.assert_allclose(double(grey)[..., 0], colour.mean(axis=2), atol=1)


@pytest.mark.parametrize("height,width", [(1, 1), (1, 30), (2, 3)])
def test_tiny_pictures(double, height, width):
    assert double(np.zeros((height, width, 3), np.uint8)).shape == (2 * height, 2 * width, 3)


def test_metadata_and_format_stay(double, photo):
    image = Image(photo(), None, Metadata(xmp=b"<x/>"), "jpeg")
    result = double.upscale(image)
    assert (result.metadata, result.format) == (image.metadata, "jpeg")


def test_constant_alpha_stays_constant(double, photo):
    for value in (0, 77, 255):
        result = double.upscale(Image(photo(), np.full((12, 17), value, np.uint8)))
        assert (result.alpha == value).all()


def test_what_is_hidden_leaves_no_fringe(double, photo):
    """A disc on see-through ground: the colour that a program left under alpha 0 must not show."""
    y, x = np.mgrid[0:30, 0:30]
    alpha = np.where((y - 15) ** 2 + (x - 15) ** 2 < 100, 255, 0).astype(np.uint8)
    on_black, on_white = photo(30, 30), photo(30, 30)
    on_black[alpha == 0], on_white[alpha == 0] = 0, 255
    black = double.upscale(Image(on_black, alpha))
    white = double.upscale(Image(on_white, alpha))
    np.testing.assert_array_equal(black.pixels, white.pixels)
    np.testing.assert_array_equal(black.alpha, white.alpha)


def test_solid_stays_solid_and_empty_empty(double, photo):
    alpha = np.zeros((20, 20), np.uint8)
    alpha[:, 10:] = 255
    result = double.upscale(Image(photo(20, 20), alpha)).alpha
    assert (result[:, :18] == 0).all()
    assert (result[:, 22:] == 255).all()


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3)))
def test_hidden_pixels_take_the_colour_of_a_nearest_visible_one(alpha):
    pixels = np.arange(alpha.size * 3).reshape(*alpha.shape, 3).astype(np.uint8)
    filled = transparency.fill_hidden(pixels, alpha)
    seen = np.argwhere(alpha)
    for y, x in np.ndindex(alpha.shape):
        if alpha[y, x] or not len(seen):
            np.testing.assert_array_equal(filled[y, x], pixels[y, x])
            continue
        distance = np.hypot(*(seen - (y, x)).T)
        # DIST_MASK_5 is within 2 % of the Euclidean distance.
        near = seen[distance <= distance.min() * 1.05 + 1e-9]
        assert any((filled[y, x] == pixels[a, b]).all() for a, b in near)


def test_alpha_lies_within_its_neighbours():
    random = np.random.default_rng(0)
    alpha = random.integers(0, 256, (6, 7), np.uint8)
    enlarged = random.integers(0, 256, (18, 21), np.uint8)
    result = transparency.within_neighbours(enlarged, alpha, 3)
    for y, x in np.ndindex(result.shape):
        around = alpha[max(y // 3 - 1, 0) : y // 3 + 2, max(x // 3 - 1, 0) : x // 3 + 2]
        assert result[y, x] == np.clip(enlarged[y, x], around.min(), around.max())


@pytest.mark.parametrize("with_alpha", [False, True])
def test_progress_rises_to_one(models, photo, with_alpha):
    fractions: list[float] = []
    upscaler = Upscaler(models / "x2.onnx", tile_px=16)
    alpha = photo(40, 40, channels=1)[..., 0] if with_alpha else None
    upscaler.upscale(Image(photo(40, 40), alpha), on_progress=fractions.append)
    assert len(fractions) > 3
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_it_enlarges(models, photo):
    """The tiny model repeats pixels and adds a little: the mean of each block is near its pixel."""
    result = Upscaler(models / "x4.onnx")(photo(20, 20))
    blocks = cv2.resize(result, (20, 20), interpolation=cv2.INTER_AREA)
    assert np.abs(blocks.astype(int) - photo(20, 20)).mean() < 30


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros(4, np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((4, 4)),
    ],
)
def test_other_arrays_are_refused(double, pixels):
    with pytest.raises(ImageError, match="^pixels must be "):
        double(pixels)


def test_a_tile_too_small(models):
    with pytest.raises(UsageError, match="^tile must be at least 7 px for tiny-upscale, got 6$"):
        Upscaler(models / "x2.onnx", tile_px=6)


def test_a_generator_does_not_enlarge(models):
    with pytest.raises(ModelError, match=r"sample\.onnx makes images \(sample\), it does not enlarge them$"):
        Upscaler(models / "sample.onnx")


@pytest.mark.parametrize(("radius", "side"), [(3, 256), (18, 360), (35, 512), (345, 1380)])
def test_default_tile(radius, side):
    assert default_tile(radius) == side
