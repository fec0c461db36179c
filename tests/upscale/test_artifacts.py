"""The artifact error: erratic errors weigh, smooth ones and those that are on the mend do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ganapps.upscale.artifacts import artifact_error
from ganapps.upscale.game import Pair, UpscalingGame
from ganapps.upscale.recipes import FIDELITY_X4


@pytest.fixture
def real() -> torch.Tensor:
    return torch.rand(2, 3, 16, 20, generator=torch.Generator().manual_seed(0))


def test_equals_the_formula_pixel_by_pixel(real: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(1)
    fake, steady = (real + 0.1 * torch.randn(2, *real.shape, generator=generator)).unbind(0)
    own, other = (fake - real).abs().sum(1), (steady - real).abs().sum(1)
    total = 0.0
    for n in range(2):
        padded = torch.nn.functional.pad(own[n, None, None], (3, 3, 3, 3), mode="reflect")[0, 0]
        for i in range(16):
            for j in range(20):
                if own[n, i, j] >= other[n, i, j]:
                    weight = padded[i : i + 7, j : j + 7].var() * own[n].var() ** (1 / 5)
                    total += float(weight * own[n, i, j])
    assert artifact_error(fake, steady, real).item() == pytest.approx(total / real.numel(), rel=1e-4)


def test_an_even_error_is_none(real: torch.Tensor) -> None:
    assert artifact_error(real + 0.2, real, real).item() == pytest.approx(0, abs=1e-8)


def test_a_dot_weighs_more_than_the_same_error_spread(real: torch.Tensor) -> None:
    dot = real.clone()
    dot[..., 8, 8] += 0.64
    spread = real.clone()
    spread[..., 4:12, 4:12] += 0.01
    assert artifact_error(dot, real, real) > 100 * artifact_error(spread, real, real)


def test_what_the_average_draws_worse_weighs_nothing(real: torch.Tensor) -> None:
    fake = real + 0.1 * torch.randn(real.shape, generator=torch.Generator().manual_seed(2))
    worse = real + 2 * (fake - real)
    assert artifact_error(fake, worse, real) == 0
    assert artifact_error(worse, fake, real) > 0


def test_only_the_picture_in_training_gets_a_gradient(real: torch.Tensor) -> None:
    fake = (real + 0.1 * torch.randn(real.shape)).requires_grad_(True)
    steady = real.clone().requires_grad_(True)
    artifact_error(fake, steady, real).backward()
    assert fake.grad is not None and fake.grad.abs().sum() > 0
    assert steady.grad is None


def test_the_game_compares_with_its_average() -> None:
    recipe = replace(FIDELITY_X4, width=4, blocks=1, artifacts=2.0)
    torch.manual_seed(0)
    game, average = UpscalingGame(recipe), UpscalingGame(recipe).generator
    game.follow(average)
    low, high = (torch.randint(256, (1, 3, side, side), dtype=torch.uint8) for side in (8, 32))
    made, steady = game.generator(low / 255), average(low / 255)
    expected = 2 * artifact_error(made, steady, high / 255)
    torch.testing.assert_close(game.generator_losses(Pair(low, high))["artifacts"], expected)
