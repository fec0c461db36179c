"""Blur kernels against their closed forms, SciPy's Bessel function and SciPy's filters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage, special

from ganapps.upscale.degradations import kernels
from ganapps.upscale.degradations.blur import Blur, filtered

KERNELS = {
    "isotropic": kernels.gaussian((1.2, 1.2)),
    "turned": kernels.gaussian((2.0, 0.7), 0.6),
    "pointed": kernels.gaussian((2.0, 1.1), 1.1, shape=0.5),
    "flat": kernels.gaussian((2.0, 1.1), 2.9, shape=4.0),
    "plateau": kernels.plateau((1.7, 0.9), 0.3, shape=1.6),
    "low-pass": kernels.sinc(math.pi / 3, 21),
}


def moments(kernel):
    """Second moments about the middle: along x, along y, and mixed."""
    offsets = np.arange(len(kernel)) - len(kernel) // 2
    x, y = offsets[None, :], offsets[:, None]
    return (kernel * x**2).sum(), (kernel * y**2).sum(), (kernel * x * y).sum()


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_sums_to_one_and_moves_nothing(kernel):
    assert kernel.dtype == np.float32 and kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 == 1
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-8)


@pytest.mark.parametrize("name", ["isotropic", "low-pass"])
def test_isotropic_kernels_look_the_same_from_all_eight_sides(name):
    kernel = KERNELS[name]
    for same in (kernel.T, kernel[::-1], np.rot90(kernel)):
        np.testing.assert_allclose(kernel, same, atol=1e-8)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 3.0])
def test_second_moment_of_the_gaussian_is_sigma_squared(sigma):
    across, down, mixed = moments(kernels.gaussian((sigma, sigma), side=41))
    assert across == pytest.approx(sigma**2, rel=1e-4)
    assert down == pytest.approx(sigma**2, rel=1e-4)
    assert mixed == pytest.approx(0, abs=1e-6)


def test_second_moments_of_the_turned_gaussian_are_its_covariance():
    angle = 0.5
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    covariance = turn @ np.diag([2.5**2, 1.0]) @ turn.T
    measured = moments(kernels.gaussian((2.5, 1.0), angle, side=41))
    np.testing.assert_allclose(measured, [covariance[0, 0], covariance[1, 1], covariance[0, 1]], rtol=1e-4)


def test_the_line_is_the_factor_of_the_isotropic_kernel():
    line = kernels.gaussian_line(1.3, 9)
    np.testing.assert_allclose(np.outer(line, line), kernels.gaussian((1.3, 1.3), side=9), atol=1e-7)


def test_shapes_are_those_of_the_formulas():
    """Along the axis of sigma 2, `q` is (x / 2)^2: at x = 4 it is 4."""
    for shape in (0.5, 1.0, 3.0):
        gaussian = kernels.gaussian((2.0, 1.0), shape=shape, side=13)
        assert gaussian[6, 10] / gaussian[6, 6] == pytest.approx(math.exp(-0.5 * 4**shape), rel=1e-4)
        plateau = kernels.plateau((2.0, 1.0), shape=shape, side=13)
        assert plateau[6, 10] / plateau[6, 6] == pytest.approx(1 / (1 + 4**shape), rel=1e-4)
        assert plateau[10, 6] / plateau[6, 6] == pytest.approx(1 / (1 + 16**shape), rel=1e-4)


@pytest.mark.parametrize("side", [7, 13, 21])
@pytest.mark.parametrize("cutoff", [math.pi / 3, 2.0, math.pi])
def test_sinc_equals_the_formula_with_scipys_bessel_function(cutoff, side):
    x = np.arange(side) - side // 2
    radius = np.hypot(x[:, None], x)
    radius[side // 2, side // 2] = 1
    expected = cutoff * special.j1(cutoff * radius) / (2 * math.pi * radius)
    expected[side // 2, side // 2] = cutoff**2 / (4 * math.pi)
    np.testing.assert_allclose(kernels.sinc(cutoff, side), expected / expected.sum(), atol=1e-7)


@pytest.mark.parametrize("cutoff", [0.8, 1.6, 2.4])
def test_sinc_passes_what_lies_under_its_cutoff_and_stops_the_rest(cutoff):
    bins = 512
    response = np.abs(np.fft.fft2(kernels.sinc(cutoff, 101), (bins, bins)))[0, : bins // 2]
    frequency = np.arange(bins // 2) * 2 * math.pi / bins
    assert np.abs(response[frequency < cutoff - 0.15] - 1).max() < 0.08
    assert response[frequency > cutoff + 0.15].max() < 0.08
    assert frequency[np.argmax(response < 0.5)] == pytest.approx(cutoff, abs=0.03)


def test_sinc_overshoots_at_an_edge():
    edge = np.zeros((48, 48, 3), np.float32)
    edge[:, 24:] = 200
    assert filtered(edge, kernels.sinc(math.pi / 2, 21)).max() > 206
    assert filtered(edge, kernels.gaussian((1.5, 1.5))).max() < 200.01


@pytest.mark.parametrize("name", KERNELS)
def test_filtering_equals_scipys_convolution(name):
    picture = np.random.default_rng(0).uniform(0, 255, (31, 24, 3)).astype(np.float32)
    expected = np.stack(
        [ndimage.convolve(picture[..., c].astype(float), KERNELS[name], mode="mirror") for c in range(3)], -1
    )
    np.testing.assert_allclose(filtered(picture, KERNELS[name]), expected, atol=1e-3)


def test_the_drawn_gaussian_equals_scipys_at_every_scale():
    picture = np.random.default_rng(1).uniform(0, 255, (40, 33, 3)).astype(np.float32)
    blur = Blur(share=1.0, sigma=(0.4, 0.4))
    for px in (2.0, 4.0):
        blurred = blur.apply(picture, px, np.random.default_rng(0))
        radius = math.ceil(3 * 0.4 * px)
        expected = ndimage.gaussian_filter(
            picture.astype(float), 0.4 * px, axes=(0, 1), mode="mirror", radius=radius
        )
        np.testing.assert_allclose(blurred, expected, atol=1e-3)


@pytest.mark.parametrize(
    "kind",
    [
        {"anisotropic_share": 1.0},
        {"generalised_share": 1.0},
        {"plateau_share": 1.0},
        {"sinc_share": 1.0},
    ],
    ids=lambda kind: next(iter(kind)),
)
def test_every_kind_is_drawn_and_keeps_a_flat_picture_flat(kind):
    blur = Blur(share=1.0, sigma=(0.3, 0.5), **kind)
    flat = np.full((24, 24, 3), 77, np.float32)
    impulse = np.zeros((41, 41, 3), np.float32)
    impulse[20, 20] = 1
    responses = []
    for seed in range(3):
        np.testing.assert_allclose(blur.apply(flat, 4, np.random.default_rng(seed)), 77, atol=1e-3)
        responses.append(blur.apply(impulse, 4, np.random.default_rng(seed))[..., 0])
    assert not np.allclose(responses[0], responses[1], atol=1e-4)
    isotropic = Blur(share=1.0, sigma=(0.3, 0.5)).apply(impulse, 4, np.random.default_rng(0))[..., 0]
    separable = np.linalg.svd(isotropic, compute_uv=False)
    assert separable[1] < 1e-4 * separable[0]
    ranks = [np.linalg.svd(response, compute_uv=False) for response in responses]
    assert all(values[1] > 1e-3 * values[0] for values in ranks)  # no product of a row and a column


def test_what_is_not_to_be_blurred_is_left_alone():
    picture = np.random.default_rng(2).uniform(0, 255, (8, 8, 3)).astype(np.float32)
    assert Blur().apply(picture, 4, np.random.default_rng(0)) is picture
