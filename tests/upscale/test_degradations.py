"""Damage is what its profile says, and the same for the same random state."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.metrics.bicubic import imresize
from ganapps.metrics.psnr import psnr
from ganapps.runtime.images import read_image
from ganapps.upscale.degradations import CLEAN, MILD, PROFILES, STRONG, Profile, degrade, profile_named
from ganapps.upscale.degradations.jpeg import Jpeg
from ganapps.upscale.degradations.noise import Noise
from ganapps.upscale.degradations.resize import Resize
from ganapps.upscale.degradations.stage import Finish, Stage

DAMAGED = replace(MILD, clean_share=0.0)


def picture(seed=0, height=64, width=64):
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_clean_is_antialiased_bicubic_alone(scale):
    low = degrade(picture(0, 48, 72), scale, CLEAN, np.random.default_rng(0))
    assert np.array_equal(low, imresize(picture(0, 48, 72), 1 / scale))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_same_random_state_gives_the_same_damage(profile):
    for seed in range(10):
        first, second = (degrade(picture(), 4, profile, np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(first, second)


def test_damage_leaves_the_global_random_state_and_the_source_alone():
    high, before = picture(), np.random.get_state()[1].copy()
    kept = high.copy()
    for seed in range(10):
        degrade(high, 4, STRONG, np.random.default_rng(seed))
    assert np.array_equal(high, kept)
    assert np.array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("profile", [DAMAGED, STRONG], ids=lambda profile: profile.name)
def test_any_scale_and_shape_comes_out_at_its_size(profile, scale):
    turned = np.rot90(picture(1, 48, 120))  # a view that is not contiguous, as crops are
    for seed in range(12):
        low = degrade(turned, scale, profile, np.random.default_rng(seed))
        assert low.shape == (120 // scale, 48 // scale, 3)
        assert low.dtype == np.uint8 and low.flags.c_contiguous


def test_different_states_give_different_damage():
    lows = [degrade(picture(), 4, STRONG, np.random.default_rng(seed)) for seed in range(20)]
    assert len({low.tobytes() for low in lows}) == 20


def test_the_clean_share_is_kept():
    clean = imresize(picture(), 0.25)
    random = np.random.default_rng(0)
    share = np.mean([np.array_equal(degrade(picture(), 4, MILD, random), clean) for _ in range(300)])
    assert share == pytest.approx(MILD.clean_share, abs=0.09)


def test_noise_has_the_stated_deviation():
    noisy_only = Profile(name="noisy", stages=(Stage(noise=Noise(gaussian_share=1.0, sigma=(4.0, 4.0))),))
    grey = np.full((256, 256, 3), 128, np.uint8)
    low = degrade(grey, 2, noisy_only, np.random.default_rng(1)).astype(float)
    assert low.std() == pytest.approx((4.0**2 + 1 / 12) ** 0.5, rel=0.03)
    assert low.mean() == pytest.approx(128, abs=0.1)


def test_a_profile_of_nothing_is_a_resize_by_the_lottery():
    random = np.random.default_rng(0)
    lows = {degrade(picture(), 4, Profile(name="plain"), random).tobytes() for _ in range(40)}
    assert len(lows) == 3


def test_a_second_stage_comes_after_the_first():
    """Noise is smoothed by a later shrink, and is not by an earlier one."""
    enlarged = Resize(direct_share=0.0, exponent=(1.0, 1.0))
    noise = Noise(gaussian_share=1.0, sigma=(20.0, 20.0))
    at_once = Stage()
    grey = np.full((256, 256, 3), 128, np.uint8)

    def deviation(*stages):
        profile = Profile(name="two", stages=stages)
        return np.mean([degrade(grey, 4, profile, np.random.default_rng(s)).std() for s in range(9)])

    assert deviation(at_once, Stage(noise=noise)) == pytest.approx(20, rel=0.02)
    assert deviation(Stage(resize=enlarged, noise=noise), at_once) < 12


def test_jpeg_and_the_last_resize_change_places():
    """Eight-pixel blocks of a JPEG at twice the size are four pixels wide after the last resize."""
    larger = Stage(resize=Resize(direct_share=0.0, exponent=(0.5, 0.5)))  # twice the low resolution

    jpeg = Jpeg(share=1.0, quality=(6, 6), full_chroma_share=1.0)  # else colour has blocks of twice the size

    def edges(jpeg_first_share):
        finish = Finish(jpeg=jpeg, jpeg_first_share=jpeg_first_share)
        profile = Profile(name="blocks", stages=(larger,), finish=finish)
        lows = [degrade(picture(s, 256, 256), 4, profile, np.random.default_rng(s)) for s in range(16)]
        steps = np.mean([np.abs(np.diff(low.astype(float), axis=1)).mean((0, 2)) for low in lows], axis=0)
        of_eight, between = steps[7::8].mean(), steps[3::8].mean()
        return of_eight / between

    assert edges(0.0) > 1.5
    assert edges(1.0) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("profile", [DAMAGED, STRONG], ids=lambda profile: profile.name)
def test_colour_is_not_shifted_on_average(profile):
    random = np.random.default_rng(2)
    shifts = []
    for i in range(60):
        high = picture(i) // 2 + 64  # away from 0 and 255, where noise is clipped
        shifts.append(degrade(high, 4, profile, random).mean((0, 1)) - high.mean((0, 1)))
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.5


@pytest.mark.parametrize("scale", [2, 4])
def test_strong_is_worse_than_mild_is_worse_than_clean(scale):
    """On photographs, enlarged again and compared with what they were made from."""

    def quality(profile, seed=3):
        random = np.random.default_rng(seed)
        lows = [(high, degrade(high, scale, profile, random)) for high in photographs() for _ in range(16)]
        return np.mean([psnr(imresize(low, scale), high, border=scale) for high, low in lows])

    clean, mild, strong = quality(CLEAN), quality(DAMAGED), quality(STRONG)
    assert clean - 4 < mild < clean - 0.5
    assert mild - 8 < strong < mild - 1


def photographs():
    folder = Path(__file__).parents[2] / "examples/photographs"
    return [read_image(folder / name).pixels[:128, :128] for name in ("heron.png", "canyon.jpg")]


def test_sides_must_be_multiples_of_the_scale():
    with pytest.raises(UsageError) as caught:
        degrade(picture(0, 64, 56), 5, CLEAN, np.random.default_rng(0))
    assert str(caught.value) == "each side must be a multiple of 5 to be shrunk 5 times, got 56 x 64"


def test_profiles_are_found_by_name():
    assert [profile_named(name) for name in ("clean", "mild", "strong")] == [CLEAN, MILD, STRONG]
    with pytest.raises(UsageError) as caught:
        profile_named("harsh")
    assert str(caught.value) == "there is no degradation 'harsh'; degradations: clean, mild, strong"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_profiles_can_be_kept_as_json(profile):
    """Runs keep their recipe, profile included, in a JSON file."""
    assert json.loads(json.dumps(asdict(profile)))["name"] == profile.name


def test_a_profile_can_be_made_to_damage_every_picture():
    assert MILD.clean_share == 0.5 and MILD.always().clean_share == 0
    assert MILD.always().stages == MILD.stages and CLEAN.always() == CLEAN
