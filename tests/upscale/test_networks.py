"""The generator reaches as far as it says, and the discriminator is as blunt as it promises."""

from __future__ import annotations

import pytest
import torch

from ganapps.upscale.networks import PatchDiscriminator, UpscalingGenerator


@pytest.mark.parametrize(("blocks", "scale"), [(1, 2), (2, 4), (3, 3)])
def test_the_radius_is_the_measured_one(blocks, scale):
    """Which inputs move one output pixel, by differentiation; weights are positive, so none cancel."""
    generator = UpscalingGenerator(4, blocks, scale).double()
    with torch.no_grad():
        for weight in generator.parameters():
            weight.fill_(0.1)
    low = torch.ones(1, 3, 41, 41, dtype=torch.float64, requires_grad=True)
    generator(low)[0, 0, 20 * scale, 20 * scale].backward()
    reached = (low.grad[0].abs().sum(0) > 0).nonzero()
    assert reached.min(0).values.tolist() == [20 - generator.radius] * 2
    assert reached.max(0).values.tolist() == [20 + generator.radius] * 2


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_without_detail_it_is_the_nearest_neighbour(scale):
    generator = UpscalingGenerator(8, 1, scale)
    torch.nn.init.zeros_(generator.tail.weight)
    torch.nn.init.zeros_(generator.tail.bias)
    low = torch.rand(2, 3, 5, 7)
    expected = low.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    assert torch.equal(generator(low), expected)


def test_discriminator_judges_patches():
    """A verdict depends on its own neighbourhood only, and every pixel is in some verdict's."""
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(4).eval()
    images = torch.rand(1, 3, 128, 96, requires_grad=True)
    logits = discriminator(images)
    assert logits.shape == (1, 1, 16, 12)
    logits[0, 0, 8, 6].backward()
    rows, columns = (images.grad[0].abs().sum(0) > 0).nonzero().T
    assert rows.min() >= 8 * 8 - 28 and rows.max() <= 8 * 8 + 35
    assert 40 < rows.max() - rows.min() + 1 <= 64
    images.grad = None
    discriminator(images).sum().backward()
    assert (images.grad[0].abs().sum(0) > 0).all()
