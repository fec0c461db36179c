"""Scene statistics against a plain implementation by SciPy and known distributions, and the evaluator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import correlate
from scipy.special import gamma

from ganapps.errors import UsageError
from ganapps.metrics.bicubic import imresize
from ganapps.metrics.luma import luma
from ganapps.metrics.niqe import Naturalness, learn_naturalness, niqe
from ganapps.metrics.scene_statistics import block_features, fit_asymmetric, normalise
from ganapps.upscale.naturalness import shipped_naturalness


def picture(height=200, width=210, seed=0):
    """Something with edges, slopes and texture."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = sum(
        40 * np.sin((columns * np.cos(a) + rows * np.sin(a)) / s + p)
        for a, s, p in zip(random.uniform(0, 3, 5), (3, 5, 9, 20, 40), random.uniform(0, 6, 5), strict=True)
    )
    coarse = np.kron(random.normal(0, 25, (height // 5, width // 5)), np.ones((5, 5)))
    plane = 120 + waves + np.pad(coarse, ((0, height % 5), (0, width % 5))) + random.normal(0, 3, waves.shape)
    return np.repeat(plane.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def plain_fit(x):
    """One row, with the sums written out and the shape by search."""
    shapes = np.arange(0.2, 10, 0.001)
    ratios = gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))
    left, right = np.sqrt(np.mean(x[x < 0] ** 2)), np.sqrt(np.mean(x[x > 0] ** 2))
    g = left / right
    wanted = np.mean(np.abs(x)) ** 2 / np.mean(x**2) * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    shape = shapes[np.argmin((ratios - wanted) ** 2)]
    width = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * width, right * width


def plain_normal(plane):
    side = np.exp(-(np.arange(-3, 4) ** 2) / (2 * (7 / 6) ** 2))
    window = np.outer(side, side) / side.sum() ** 2
    mean = correlate(plane, window, mode="nearest")
    return (plane - mean) / (np.sqrt(np.abs(correlate(plane**2, window, mode="nearest") - mean**2)) + 1)


def plain_features(plane, top, left):
    found = []
    for scale in (1, 2):
        normal = plain_normal(plane if scale == 1 else imresize(plane, 0.5))
        part = np.s_[top // scale : (top + 96) // scale, left // scale : (left + 96) // scale]
        shape, low, high = plain_fit(normal[part].ravel())
        found += [shape, (low + high) / 2]
        for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
            shape, low, high = plain_fit((normal * np.roll(normal, shift, (0, 1)))[part].ravel())
            found += [shape, (high - low) * gamma(2 / shape) / gamma(1 / shape), low, high]
    return found


def test_features_equal_a_plain_implementation():
    plane = picture()[..., 0].astype(float)
    features, contrast = block_features(plane)
    assert features.shape == (4, 36) and contrast.shape == (4,)
    cropped = plane[:192, :192]
    for row, (top, left) in zip(features, ((0, 0), (0, 96), (96, 0), (96, 96)), strict=True):
        # Between two shapes of the search, ours interpolates.
        assert row == pytest.approx(plain_features(cropped, top, left), abs=2e-3)
    assert normalise(plane)[0] == pytest.approx(plain_normal(plane), abs=1e-9)


@pytest.mark.parametrize(("shape", "left", "right"), [(2.0, 1.0, 1.0), (1.0, 0.5, 0.5), (0.8, 0.4, 1.1)])
def test_a_distribution_is_found_again(shape, left, right):
    random = np.random.default_rng(0)
    modulus = random.gamma(1 / shape, 1, (3, 400_000)) ** (1 / shape)  # density exp(-x ** shape)
    below = random.random(modulus.shape) < left / (left + right)
    found = fit_asymmetric(np.where(below, -left, right) * modulus)
    assert np.array(found) == pytest.approx(np.repeat([[shape], [left], [right]], 3, axis=1), rel=0.02)


def test_damage_is_seen_without_the_original():
    known = learn_naturalness(picture(300, 300, seed) for seed in range(1, 9))
    original = picture(300, 300)
    random = np.random.default_rng(0)
    noise = random.normal(0, 25, original.shape)
    worse = {
        "enlarged": imresize(imresize(original, 0.25), 4)[:300, :300],
        "noisy": (original + noise).clip(0, 255).astype(np.uint8),
    }
    for name, damaged in worse.items():
        assert niqe(damaged, known) > 2 * niqe(original, known), name


def test_the_distance_by_hand():
    known = Naturalness(np.zeros(36), np.eye(36))
    original = picture()
    features, _ = block_features(luma(original))
    mean, covariance = features.mean(0), np.cov(features.T)
    solved = np.linalg.solve((covariance + np.eye(36)) / 2, mean)
    assert niqe(original, known) == pytest.approx(math.sqrt(mean @ solved))


@pytest.mark.parametrize("size", [(95, 400), (96, 96), (96, 191)])
def test_too_small_to_say(size):
    assert niqe(picture(*size), shipped_naturalness()) is None


def test_flat_blocks_are_left_out():
    flat = np.full((288, 288, 3), 77, np.uint8)
    assert niqe(flat, shipped_naturalness()) is None
    framed = np.pad(picture(288, 288), ((0, 96), (0, 0), (0, 0)), constant_values=77)
    features, contrast = block_features(luma(np.pad(framed, ((0, 96), (0, 0), (0, 0)), mode="edge")))
    # An edge is in reach of the first row of flat blocks, and nothing at all of the second.
    assert np.isnan(features).any(axis=1).tolist()[:9] == [False] * 9
    assert np.isnan(features[12:]).any(axis=1).all() and not contrast[12:].any()


def test_only_sharp_blocks_teach():
    sharp = picture(96, 960)
    blurred = sharp.copy()
    blurred[:, 480:] = imresize(imresize(sharp[:, 480:], 0.125), 8)
    alone = learn_naturalness([sharp[:, :480], *(picture(96, 960, s) for s in range(1, 6))])
    both = learn_naturalness([blurred, *(picture(96, 960, s) for s in range(1, 6))])
    assert both.mean == pytest.approx(alone.mean, abs=0.02)


def test_too_little_to_learn_from():
    with pytest.raises(UsageError) as error:
        learn_naturalness([picture(192, 192), picture(50, 50), np.full((96, 96, 3), 9, np.uint8)])
    message = "sharp blocks of 96 px do not say what is natural; more than 36 are needed"
    assert str(error.value).endswith(message)
    with pytest.raises(UsageError, match="luma needs"):
        niqe(picture()[..., 0], shipped_naturalness())
