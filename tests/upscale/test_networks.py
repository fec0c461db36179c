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


def test_discriminator_judges_patches_and_cannot_be_steep():
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(8).train()
    for _ in range(20):  # power iteration settles
        discriminator(torch.rand(1, 3, 32, 32))
    discriminator.eval()
    a, b = torch.rand(4, 3, 48, 32), torch.rand(4, 3, 48, 32)
    assert discriminator(a).shape == (4, 1, 6, 4)
    # A spectrally normalised kernel has operator norm at most sqrt(taps that overlap) as a convolution.
    steepest = (2**1) ** 3 * 3 * 3 * 2
    change = (discriminator(a) - discriminator(b)).flatten(1).norm(dim=1)
    assert (change <= steepest * (a - b).flatten(1).norm(dim=1)).all()
