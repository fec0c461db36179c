from __future__ import annotations

import pytest
import torch

from ganapps.adversarial.diffaugment import DiffAugment, translate
from ganapps.errors import UsageError

OFF = {"brightness": 0.0, "saturation": 0.0, "contrast": 0.0, "translation": 0.0}


def only(**strength: float) -> DiffAugment:
    return DiffAugment(**{**OFF, **strength})


def images(num: int = 6, channels: int = 3) -> torch.Tensor:
    return torch.rand(num, channels, 16, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1


def shifted_by_hand(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    moved = torch.zeros_like(image)
    for row in range(image.shape[1]):
        for column in range(image.shape[2]):
            if 0 <= row - down < image.shape[1] and 0 <= column - right < image.shape[2]:
                moved[:, row, column] = image[:, row - down, column - right]
    return moved


@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, -2), (-5, 4), (16, 0), (40, -40)])
def test_translation_moves_every_pixel_and_brings_in_zeros(down: int, right: int) -> None:
    picture = images(2)
    moved = translate(picture, torch.tensor([down, 0]), torch.tensor([right, 0]))
    assert torch.equal(moved[0], shifted_by_hand(picture[0], down, right))
    assert torch.equal(moved[1], picture[1]), "each image has a move of its own"


def test_translation_stays_within_its_share_and_reaches_it() -> None:
    torch.manual_seed(0)
    dots = torch.zeros(400, 1, 16, 16)
    dots[:, :, 8, 8] = 1
    rows, columns = only(translation=0.125)(dots)[:, 0].nonzero()[:, 1:].T
    assert len(rows) == 400, "no dot is lost, none is doubled"
    assert sorted(set(rows.tolist())) == sorted(set(columns.tolist())) == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_adds_one_number_to_an_image(channels: int) -> None:
    torch.manual_seed(0)
    picture = images(200, channels)
    added = only(brightness=0.5)(picture) - picture
    assert torch.allclose(added, added.mean((1, 2, 3), keepdim=True).expand_as(added), atol=1e-6)
    per_image = added.mean((1, 2, 3))
    assert per_image.min() < -0.45
    assert per_image.max() > 0.45
    assert per_image.abs().max() <= 0.5
    assert len(per_image.round(decimals=4).unique()) > 190, "each image draws for itself"


def test_saturation_keeps_grey_and_scales_colour() -> None:
    torch.manual_seed(0)
    picture = images(200)
    changed = only(saturation=1.0)(picture)
    assert torch.allclose(changed.mean(1), picture.mean(1), atol=1e-6)
    factor = (changed - changed.mean(1, keepdim=True)) / (picture - picture.mean(1, keepdim=True))
    factor = factor.flatten(1).median(1).values
    assert factor.min() < 0.1
    assert factor.max() > 1.9
    grey = images(4, 1)
    assert torch.equal(only(saturation=1.0)(grey), grey), "grey has no colour to change"


def test_contrast_keeps_the_mean_and_scales_the_rest() -> None:
    torch.manual_seed(0)
    picture = images(200)
    changed = only(contrast=0.5)(picture)
    assert torch.allclose(changed.mean((1, 2, 3)), picture.mean((1, 2, 3)), atol=1e-6)
    factor = changed.flatten(1).std(1) / picture.flatten(1).std(1)
    assert 0.499 <= factor.min() < 0.55
    assert 1.45 < factor.max() <= 1.501


def test_cutout_clears_a_rectangle_and_is_off_by_default() -> None:
    torch.manual_seed(0)
    assert DiffAugment().cutout == 0
    cut = only(cutout=0.5)(torch.ones(300, 1, 16, 12))[:, 0]
    cleared = (cut == 0).sum((1, 2))
    assert cleared.max() == 8 * 6
    assert 0 < cleared.min() < 8 * 6, "it may hang over the edge"
    for image in cut[:20]:
        rows, columns = (image == 0).nonzero().T
        assert (image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == 0).all()


def test_gradients_flow_to_the_pixels_that_remain() -> None:
    picture = images().requires_grad_(True)
    moved = translate(picture, torch.full((6,), 2), torch.zeros(6, dtype=torch.long))
    moved.sum().backward()
    assert picture.grad is not None
    assert (picture.grad[:, :, :-2] == 1).all()
    assert (picture.grad[:, :, -2:] == 0).all()


def test_all_changes_together_are_differentiable_twice() -> None:
    torch.manual_seed(0)
    picture = images(2).double().requires_grad_(True)

    def augmented(pixels: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(1)
        return DiffAugment(cutout=0.3)(pixels)

    assert torch.autograd.gradcheck(augmented, picture[:, :, :5, :4].detach().requires_grad_(True))
    (gradient,) = torch.autograd.grad(augmented(picture).square().sum(), picture, create_graph=True)
    gradient.square().sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


def test_two_calls_differ_and_a_seed_makes_them_equal() -> None:
    picture, augment = images(), DiffAugment()
    first, second = augment(picture), augment(picture)
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    third = augment(picture)
    torch.manual_seed(3)
    assert torch.equal(third, augment(picture))


def test_a_strength_out_of_range() -> None:
    with pytest.raises(UsageError) as caught:
        DiffAugment(translation=2)
    assert str(caught.value) == "translation must be from 0 to 1, got 2"
