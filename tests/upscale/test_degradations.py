"""Damage is what its profile says, and the same for the same random state."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ganapps.metrics.bicubic import imresize
from ganapps.upscale.degradations import CLEAN, MILD, Profile, degrade


def picture(seed=0, side=64):
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("scale", [2, 4])
def test_clean_is_antialiased_bicubic_alone(scale):
    low = degrade(picture(), scale, CLEAN, np.random.default_rng(0))
    assert np.array_equal(low, imresize(picture(), 1 / scale))


def test_the_same_random_state_gives_the_same_damage():
    draws = [degrade(picture(), 4, MILD, np.random.default_rng(7)) for _ in range(2)]
    assert np.array_equal(*draws)
    assert draws[0].shape == (16, 16, 3) and draws[0].dtype == np.uint8


def test_the_clean_share_is_kept():
    clean = imresize(picture(), 0.25)
    random = np.random.default_rng(0)
    share = np.mean([np.array_equal(degrade(picture(), 4, MILD, random), clean) for _ in range(400)])
    assert share == pytest.approx(MILD.clean_share, abs=0.08)


def test_noise_has_the_stated_deviation():
    noisy_only = Profile(clean_share=0.0, noise_sigma=(4.0, 4.0))
    grey = np.full((256, 256, 3), 128, np.uint8)
    low = degrade(grey, 2, noisy_only, np.random.default_rng(1)).astype(float)
    assert low.std() == pytest.approx((4.0**2 + 1 / 12) ** 0.5, rel=0.03)
    assert low.mean() == pytest.approx(128, abs=0.1)


def test_colour_is_not_shifted_on_average():
    random = np.random.default_rng(2)
    shifts = [degrade(picture(i), 4, MILD, random).mean((0, 1)) - picture(i).mean((0, 1)) for i in range(60)]
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.5
