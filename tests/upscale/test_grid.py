"""The grid error sees a repeated pattern and a colour shift, and lets texture be."""

import torch

from ganapps.upscale.grid import grid_error

SCALE = 4


def checks() -> torch.Tensor:
    """As many positions of a low-resolution pixel lighter by 1 as darker."""
    signs = torch.ones(SCALE**2)
    signs[torch.randperm(SCALE**2)[: SCALE**2 // 2]] = -1
    return signs.view(1, 1, SCALE, SCALE)


def test_equal_pictures_have_none() -> None:
    picture = torch.rand(2, 3, 32, 32)
    assert grid_error(picture, picture.clone(), SCALE) == 0


def test_a_shift_of_colour_is_its_own_size() -> None:
    picture = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(grid_error(picture + 0.25, picture, SCALE), torch.tensor(0.25))


def test_a_grid_counts_in_full_and_texture_of_the_same_strength_does_not() -> None:
    picture = torch.rand(1, 3, 64, 64)
    pattern = 0.1 * checks().repeat(1, 3, 16, 16)
    texture = 0.1 * torch.sign(torch.randn(1, 3, 64, 64))
    torch.testing.assert_close(grid_error(picture + pattern, picture, SCALE), torch.tensor(0.1))
    # 16 independent signs are averaged in a window: E|mean| = 0.1 * sqrt(2 / (16 pi)), near a fifth of 0.1.
    assert grid_error(picture + texture, picture, SCALE) < 0.03


def test_crops_smaller_than_a_window() -> None:
    ones = torch.ones(1, 3, 8, 8)
    torch.testing.assert_close(grid_error(ones, 0 * ones, SCALE), torch.tensor(1.0))


def test_a_large_shift_does_not_hide_a_grid() -> None:
    picture = torch.rand(1, 3, 64, 64)
    strength = torch.tensor(0.02, requires_grad=True)
    grid_error(picture + 0.3 + strength * checks().repeat(1, 3, 16, 16), picture, SCALE).backward()
    torch.testing.assert_close(strength.grad, torch.tensor(1.0))
