"""The perceptual distance of training, and the game that weighs it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

pytest.importorskip("stlpips_pytorch")

from ganapps.upscale.game import Pair, UpscalingGame
from ganapps.upscale.perceptual import WINDOW_PX, PerceptualDistance
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


def test_looks_at_one_window_and_at_another_the_next_time(
    distance: PerceptualDistance, picture: torch.Tensor
) -> None:
    torch.manual_seed(0)
    fake, rows_seen = blurred(picture, 8).requires_grad_(True), []
    for _ in range(3):
        (slope,) = torch.autograd.grad(distance(fake, picture), fake)
        seen = slope.abs().sum((0, 1)) > 0
        rows, columns = seen.any(1).nonzero().ravel(), seen.any(0).nonzero().ravel()
        assert rows[-1] - rows[0] < WINDOW_PX and columns[-1] - columns[0] < WINDOW_PX
        rows_seen.append(int(rows[0]))
    assert len(set(rows_seen)) > 1


def test_equals_the_mean_over_positions_of_the_trunks_features(distance: PerceptualDistance) -> None:
    """In a picture of one window there is nothing to draw."""
    generator = torch.Generator().manual_seed(3)
    one, other = torch.rand(2, 2, 3, WINDOW_PX, WINDOW_PX, generator=generator)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    expected = 0.0
    for a, b in zip(*(distance.trunk((x - mean) / deviation) for x in (one, other)), strict=True):
        cosine = torch.nn.functional.cosine_similarity(a, b, dim=1)
        # Unit vectors are 2 - 2 cos apart, squared; where all features are 0 there is no direction.
        empty = ((a == 0).all(1)).float() + ((b == 0).all(1)).float()
        expected += (2 - 2 * cosine - empty).mean().item()
    assert distance(one, other).item() == pytest.approx(expected, rel=1e-3)


def test_pictures_may_be_compared_smaller(distance: PerceptualDistance) -> None:
    """Then what is finer weighs nothing: here each block of 2 x 2 px has the mean that it should."""
    generator = torch.Generator().manual_seed(4)
    real = torch.rand(1, 3, 2 * WINDOW_PX, 2 * WINDOW_PX, generator=generator)
    checks = torch.tensor([[0.1, -0.1], [-0.1, 0.1]]).repeat(WINDOW_PX, WINDOW_PX)
    halved = PerceptualDistance(2)
    assert halved(real + checks, real).item() == pytest.approx(0, abs=1e-5)
    other = torch.rand(1, 3, 2 * WINDOW_PX, 2 * WINDOW_PX, generator=generator)
    expected = distance(avg_pool2d(other, 2), avg_pool2d(real, 2))
    assert halved(other, real).item() == pytest.approx(expected.item(), rel=1e-4)


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
