"""Resize, noise and JPEG against SciPy, scikit-image, Pillow and closed forms."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats
from skimage.transform import downscale_local_mean

from ganapps.metrics.bicubic import imresize
from ganapps.upscale.degradations.jpeg import Jpeg, compressed
from ganapps.upscale.degradations.noise import Noise, with_gaussian, with_poisson
from ganapps.upscale.degradations.picture import to_picture, to_pixels
from ganapps.upscale.degradations.resize import Resize, resized, resized_somehow


def picture(height=48, width=36, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)


def smooth(height=64, width=48):
    coarse = np.random.default_rng(3).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def footprint(num_in, num_out):
    """`[num_out, num_in]`: the part of every input pixel that lies within an output pixel."""
    ratio = num_in / num_out
    left, right = np.arange(num_out)[:, None] * ratio, np.arange(1, num_out + 1)[:, None] * ratio
    i = np.arange(num_in)
    return np.clip(np.minimum(right, i + 1) - np.maximum(left, i), 0, None) / ratio


def test_bicubic_is_antialiased():
    assert np.array_equal(resized(picture(), (12, 9), "bicubic"), imresize(picture(), 0.25))


def test_area_equals_scikit_images_block_mean():
    expected = downscale_local_mean(picture().astype(float), (4, 4, 1))
    np.testing.assert_allclose(resized(picture(), (12, 9), "area"), expected, atol=1e-3)


@pytest.mark.parametrize("size", [(31, 17), (47, 35), (13, 29)])
def test_area_equals_the_integral_over_the_footprint(size):
    down, across = footprint(48, size[0]), footprint(36, size[1])
    expected = np.einsum("ih,jw,hwc->ijc", down, across, picture().astype(float))
    np.testing.assert_allclose(resized(picture(), size, "area"), expected, atol=1e-2)


@pytest.mark.parametrize("size", [(12, 9), (31, 17), (80, 50)])
def test_bilinear_equals_scipys_interpolation_at_the_same_centres(size):
    rows = (np.arange(size[0]) + 0.5) * 48 / size[0] - 0.5
    columns = (np.arange(size[1]) + 0.5) * 36 / size[1] - 0.5
    grid = np.meshgrid(rows, columns, indexing="ij")
    expected = np.stack(
        [
            ndimage.map_coordinates(picture()[..., c].astype(float), grid, order=1, mode="nearest")
            for c in range(3)
        ],
        -1,
    )
    np.testing.assert_allclose(resized(picture(), size, "bilinear"), expected, atol=0.02)


@pytest.mark.parametrize("resampler", ["bicubic", "area", "bilinear"])
def test_no_resampler_moves_the_picture(resampler):
    ramp = np.broadcast_to(np.arange(64, dtype=np.float32)[:, None, None], (64, 40, 3)).copy()
    rows = (np.arange(16) + 0.5) * 4 - 0.5
    np.testing.assert_allclose(resized(ramp, (16, 10), resampler)[2:-2, 5, 0], rows[2:-2], atol=1e-3)


def test_the_lottery_draws_every_resampler_with_its_share():
    random = np.random.default_rng(0)
    outcomes = {name: resized(picture(), (12, 9), name).tobytes() for name in ("bicubic", "area", "bilinear")}
    draws = [resized_somehow(picture(), (12, 9), random).tobytes() for _ in range(900)]
    shares = {name: draws.count(bytes_) / 900 for name, bytes_ in outcomes.items()}
    assert shares == pytest.approx({"bicubic": 3 / 9, "area": 4 / 9, "bilinear": 2 / 9}, abs=0.05)


def test_enlarging_takes_no_area_mean():
    random = np.random.default_rng(0)
    outcomes = {resized(picture(), (60, 45), name).tobytes() for name in ("bicubic", "bilinear")}
    assert {resized_somehow(picture(), (60, 45), random).tobytes() for _ in range(20)} == outcomes


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_sizes_lie_between_the_ends_and_keep_the_aspect(scale):
    random = np.random.default_rng(0)
    resize = Resize(direct_share=0.25, exponent=(-0.2, 1.0))
    sizes = [resize.size((100, 60), scale, random) for _ in range(600)]
    heights = np.array([height for height, _ in sizes])
    assert heights.min() >= round(100 * scale**-0.2) and heights.max() <= 100 * scale
    assert all(abs(width - 0.6 * height) <= 1 for height, width in sizes)
    assert np.mean(heights == 100) == pytest.approx(0.25, abs=0.06)
    exponents = np.log(heights[heights != 100] / 100) / np.log(scale)
    assert exponents.mean() == pytest.approx(0.4, abs=0.06)  # even between -0.2 and 1


@pytest.mark.parametrize("grey", [False, True])
def test_gaussian_noise_has_the_stated_deviation_and_shape(grey):
    flat = np.full((256, 256, 3), 128, np.float32)
    noise = with_gaussian(flat, 6.0, np.random.default_rng(1), grey=grey) - flat
    assert noise.std() == pytest.approx(6, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.1)
    assert stats.kurtosis(noise[..., 0], axis=None) == pytest.approx(0, abs=0.1)
    correlation = np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]
    assert correlation == pytest.approx(1.0 if grey else 0.0, abs=0.02)


@pytest.mark.parametrize("grey", [False, True])
def test_variance_of_poisson_noise_is_gain_times_the_level(grey):
    random = np.random.default_rng(2)
    for level in (4, 30, 128, 250):
        flat = np.full((200, 200, 3), level, np.float32)
        noise = with_poisson(flat, 0.8, random, grey=grey) - flat
        assert noise.var() == pytest.approx(0.8 * level, rel=0.04)
        assert noise.mean() == pytest.approx(0, abs=0.25)
        assert np.ptp(noise, axis=2).max() < 1e-3 if grey else np.ptp(noise, axis=2).max() > 1


def test_poisson_counts_follow_scipys_distribution():
    flat = np.full((300, 300, 3), 3.0, np.float32)
    counts = np.rint(with_poisson(flat, 1.0, np.random.default_rng(3), grey=False)).astype(int)
    observed = np.bincount(counts.ravel(), minlength=12)[:12] / counts.size
    np.testing.assert_allclose(observed, stats.poisson.pmf(np.arange(12), 3), atol=0.004)


def test_black_takes_no_poisson_noise():
    black = np.full((16, 16, 3), -2.0, np.float32)  # below 0 after a bicubic resize
    assert np.array_equal(with_poisson(black, 0.5, np.random.default_rng(0), grey=False), black)


def test_noise_is_drawn_with_its_shares_and_clipped():
    noise = Noise(gaussian_share=0.3, poisson_share=0.3, sigma=(60, 60), gain=(9, 9))
    random = np.random.default_rng(4)
    source = picture()
    results = [noise.apply(source, random) for _ in range(400)]
    assert np.mean([result is source for result in results]) == pytest.approx(0.4, abs=0.07)
    assert min(r.min() for r in results) == 0 and max(r.max() for r in results) == 255


@pytest.mark.parametrize("full_chroma", [False, True])
@pytest.mark.parametrize("quality", [25, 60, 92])
def test_jpeg_equals_pillows(quality, full_chroma):
    pixels = smooth(61, 43)
    file = io.BytesIO()
    subsampling = "4:4:4" if full_chroma else "4:2:0"
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    decoded = np.asarray(Image.open(file)).astype(int)
    difference = np.abs(decoded - compressed(pixels, quality, full_chroma=full_chroma))
    assert difference.max() <= 1  # both are libjpeg-turbo, not always of one version


def test_quarter_colour_smears_colour_and_spares_luminance():
    pixels = np.full((32, 32, 3), 128, np.uint8)
    pixels[:, ::2] = (200, 90, 90)
    full = np.abs(compressed(pixels, 98, full_chroma=True).astype(int) - pixels).mean()
    quarter = np.abs(compressed(pixels, 98).astype(int) - pixels).mean()
    assert full < 3 and quarter > 10


def test_jpeg_is_drawn_with_its_share_and_lower_quality_is_worse():
    source = to_picture(smooth())
    random = np.random.default_rng(5)
    untouched = [Jpeg(share=0.3, quality=(50, 60)).apply(source, random) is source for _ in range(400)]
    assert np.mean(untouched) == pytest.approx(0.7, abs=0.07)
    errors = [
        np.abs(Jpeg(share=1.0, quality=(q, q)).apply(source, random) - source).mean() for q in (10, 40, 90)
    ]
    assert errors[0] > errors[1] > errors[2] > 0


def test_pixels_and_pictures_are_each_others_inverse():
    pixels = np.arange(256, dtype=np.uint8).reshape(-1, 1, 1).repeat(3, 2)
    assert to_picture(pixels[::-1]).flags.c_contiguous
    assert np.array_equal(to_pixels(to_picture(pixels)), pixels)
