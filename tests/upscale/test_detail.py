"""Detail is texture and edges; grain in flat areas is none, and nobody is asked to draw it."""

from __future__ import annotations

import pytest
import torch

from ganapps.upscale.detail import detail_share, only_detail


def grey(levels: torch.Tensor) -> torch.Tensor:
    """`[H, W]` in levels of 255 as a picture."""
    return (levels / 255).expand(1, 3, *levels.shape)


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(24, 24, generator=torch.Generator().manual_seed(0))


def test_grain_is_no_detail_and_texture_is_all_of_it(noise: torch.Tensor) -> None:
    assert detail_share(grey(100 + noise)).max() == 0
    assert detail_share(grey(100 + 12 * noise)).min() == 1
    assert 0.2 < detail_share(grey(100 + 4 * noise)).mean() < 0.8


def test_an_edge_is_detail_as_far_as_the_window_reaches() -> None:
    share = detail_share(grey(200.0 * (torch.arange(24) >= 12).float().expand(24, 24)))[0, 0]
    assert share.shape == (24, 24)
    assert torch.equal(share > 0, (torch.arange(24) >= 9).logical_and(torch.arange(24) < 15).expand(24, 24))


def test_flat_areas_are_the_truth_and_get_no_gradient(noise: torch.Tensor) -> None:
    levels = 100 + noise
    levels[:, 12:] = 100 + 30 * noise[:, 12:]
    real = grey(levels)
    fake = (real + 0.1).requires_grad_(True)
    judged = only_detail(fake, real)
    assert torch.equal(judged[..., :8], real[..., :8])
    torch.testing.assert_close(judged[..., 14:], fake[..., 14:])
    judged.sum().backward()
    assert fake.grad is not None
    assert fake.grad[..., :8].abs().max() == 0 and fake.grad[..., 14:].min() == 1
