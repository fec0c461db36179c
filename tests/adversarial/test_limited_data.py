"""What helps where images are few: adaptive augmentation, instance noise, and whether either shows."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganapps.adversarial import (
    NON_SATURATING,
    AdaptiveAugment,
    DiffAugment,
    InstanceNoise,
    Leak,
    Match,
    leak_check,
)
from ganapps.errors import UsageError

SURE, UNSURE = torch.ones(32), torch.tensor([1.0, -1.0]).repeat(16)
"""Logits of 32 real images with r = 1 and r = 0."""


def adaptive(**changes):
    return AdaptiveAugment(lambda images: images + 1, **{"images_to_certain": 1000, "every": 2, **changes})


def seen(augment, logits, turns):
    for _ in range(turns):
        augment.observe(logits)
    return augment.probability.item()


class TestAdaptiveAugment:
    def test_it_rises_by_the_images_seen(self):
        """Every second turn, by 64 of the 1000 images from 0 to 1."""
        augment = adaptive()
        assert seen(augment, SURE, 1) == 0
        assert seen(augment, SURE, 1) == pytest.approx(0.064)
        assert seen(augment, SURE, 5) == pytest.approx(3 * 0.064), (
            "the seventh turn still waits for its eighth"
        )

    def test_it_falls_where_the_discriminator_is_unsure_of_real_images(self):
        augment = adaptive()
        seen(augment, SURE, 10)
        assert seen(augment, UNSURE, 4) == pytest.approx((5 - 2) * 0.064)

    def test_the_target_is_compared_with_the_mean_sign(self):
        """r is 1 in one turn and 0 in the other: 0.5, however large the logits are."""
        for target, expected in ((0.4, 0.064), (0.6, 0.0)):
            augment = adaptive(target=target)
            augment.observe(1e-3 * SURE)
            assert seen(augment, 1e6 * UNSURE, 1) == pytest.approx(expected)

    def test_it_stays_where_r_is_the_target(self):
        augment = adaptive(target=0.0)
        augment.probability.fill_(0.3)
        assert seen(augment, UNSURE, 10) == pytest.approx(0.3)

    def test_it_is_kept_between_0_and_the_most(self):
        augment = adaptive(most=0.5)
        assert seen(augment, SURE, 100) == 0.5
        assert seen(augment, UNSURE, 100) == 0

    def test_it_remembers_by_its_state_dict(self):
        """The tally of a started period is part of it."""
        augment, other = adaptive(), adaptive()
        seen(augment, SURE, 3)
        other.load_state_dict(augment.state_dict())
        assert set(augment.state_dict()) == {"probability", "tally"}
        assert seen(other, SURE, 1) == seen(augment, SURE, 1) == pytest.approx(2 * 0.064)

    def test_it_changes_the_stated_share_of_images_whole(self):
        torch.manual_seed(0)
        augment = adaptive()
        images = torch.rand(10_000, 3, 2, 2)
        assert torch.equal(augment(images), images), "it starts at 0"
        augment.probability.fill_(0.3)
        changed = augment(images) != images
        each = changed.flatten(1)
        assert torch.equal(each.all(1), each.any(1)), "an image is changed as a whole or not at all"
        assert each.all(1).float().mean().item() == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 10_000) ** 0.5)

    def test_gradients_pass_changed_and_unchanged_images(self):
        augment = AdaptiveAugment(lambda images: 3 * images)
        augment.probability.fill_(0.5)
        torch.manual_seed(0)
        images = torch.ones(100, 1, requires_grad=True)
        augment(images).sum().backward()
        assert set(images.grad.flatten().tolist()) == {1.0, 3.0}

    def test_a_match_shows_it_the_real_logits_of_the_discriminators_turns_only(self):
        augment = adaptive(every=1)
        match = Match(objective=NON_SATURATING, augment=augment)
        critic = nn.Flatten(0)
        real, fake = torch.ones(32, 1), -2 * torch.ones(32, 1)
        match.discriminator_losses(critic, real, fake)
        assert augment.probability.item() == pytest.approx(0.032), "real logits are positive, fake ones not"
        match.generator_losses(critic, real, fake)
        assert augment.probability.item() == pytest.approx(0.032)
        assert "augment.probability" in match.state_dict()

    @pytest.mark.parametrize("name", ["target", "most"])
    def test_shares_are_from_0_to_1(self, name):
        with pytest.raises(UsageError, match=rf"^{name} must be from 0 to 1, got 1.5$"):
            adaptive(**{name: 1.5})


class TestInstanceNoise:
    def test_its_deviation_is_sigma(self):
        torch.manual_seed(0)
        images = torch.rand(100_000, 1) - 0.5
        noise = InstanceNoise(0.2)(images) - images
        assert noise.mean().item() == pytest.approx(0, abs=4 * 0.2 / 100_000**0.5)
        assert noise.std().item() == pytest.approx(0.2, rel=4 / (2 * 100_000) ** 0.5)
        correlation = torch.corrcoef(torch.cat([noise, images], 1).T)[0, 1].item()
        assert correlation == pytest.approx(0, abs=4 / 100_000**0.5)

    def test_it_fades_with_the_function(self):
        level = [1.0]
        noise = InstanceNoise(lambda: level[0])
        images = torch.zeros(1000, 2)
        torch.manual_seed(0)
        strong = noise(images)
        level[0] = 0.25
        torch.manual_seed(0)
        torch.testing.assert_close(noise(images), strong / 4)

    @pytest.mark.parametrize("sigma", [0.0, lambda: 0.0, lambda: -1e-9])
    def test_0_leaves_images_and_the_dice_alone(self, sigma):
        images = torch.rand(4, 3)
        torch.manual_seed(0)
        assert InstanceNoise(sigma)(images) is images
        after = torch.rand(1)
        torch.manual_seed(0)
        assert torch.equal(after, torch.rand(1))


def pictures(seed, count=200):
    """Smooth colour pictures in [-1, 1] with nowhere a flat line."""
    dice = torch.Generator().manual_seed(seed)
    small = torch.rand(count, 3, 4, 4, generator=dice) * 2 - 1
    large = nn.functional.interpolate(small, size=(16, 16), mode="bilinear", align_corners=True)
    return (large + 0.05 * torch.randn(large.shape, generator=dice)).clamp(-1, 1)


def leaking(fake, augment):
    torch.manual_seed(5)
    return {leak.what for leak in leak_check(pictures(0), fake, augment) if leak.leaks}


class TestLeakCheck:
    brighter = DiffAugment(brightness=1.0, saturation=0, contrast=0, translation=0)
    moved = DiffAugment(brightness=0, saturation=0, contrast=0, translation=0.25)

    def test_held_out_real_images_do_not_leak(self):
        for augment in (self.brighter, self.moved, DiffAugment(), DiffAugment(cutout=0.5), lambda x: x):
            assert leaking(pictures(1), augment) == set()

    def test_brightness_leaks(self):
        torch.manual_seed(1)
        assert leaking(self.brighter(pictures(1)), self.brighter) == {"brightness"}

    def test_flat_borders_leak(self):
        torch.manual_seed(1)
        assert "flat borders" in leaking(self.moved(pictures(1)), self.moved)

    def test_saturation_leaks(self):
        grey = DiffAugment(brightness=0, saturation=1.0, contrast=0, translation=0)
        torch.manual_seed(1)
        assert "saturation" in leaking(grey(pictures(1)), grey)

    def test_generated_images_that_are_wrong_otherwise_do_not_leak(self):
        """Black images are far from real and from augmented ones."""
        assert leaking(-torch.ones(50, 3, 16, 16), self.brighter) == set()

    def test_distances_of_a_constant_shift(self):
        """Every image is 0.3 brighter: a distance of 0.3 in brightness, none in what it leaves alone."""
        real = pictures(0) / 2
        found = {leak.what: leak for leak in leak_check(real, real + 0.3, lambda x: x + 0.3)}
        bright, contrast = found["brightness"], found["contrast"]
        assert (bright.to_real, bright.to_augmented, bright.real_to_augmented) == pytest.approx(
            (0.3, 0.0, 0.3), abs=5e-3
        )
        assert bright.leaks and not contrast.leaks
        assert contrast.to_real == pytest.approx(0, abs=1e-4)
        assert set(found) == {"brightness", "contrast", "saturation", "flat borders"}

    def test_one_finding_leaks_where_it_is_nearer_to_augmented_images(self):
        def leaks(to_real, to_augmented, apart):
            leak = Leak(what="x", to_real=to_real, to_augmented=to_augmented, real_to_augmented=apart)
            return leak.leaks

        assert leaks(0.3, 0.01, 0.3) and not leaks(0.01, 0.3, 0.3)
        assert not leaks(0.02, 0.01, 0.01), "real and augmented images are as near to each other"
