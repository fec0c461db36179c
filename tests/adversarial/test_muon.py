"""The optimiser of matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ganapps.adversarial import Muon
from ganapps.adversarial.muon import orthogonalised


@pytest.mark.parametrize("shape", [(4, 4), (6, 30), (30, 6)])
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    made = orthogonalised(torch.randn(*shape, generator=torch.Generator().manual_seed(0)))
    values = np.linalg.svd(made.numpy(), compute_uv=False)
    assert made.shape == shape
    assert values.min() > 0.3 and values.max() < 1.3


def test_singular_vectors_stay() -> None:
    matrix = torch.randn(5, 9, generator=torch.Generator().manual_seed(1))
    u, _, vt = np.linalg.svd(matrix.numpy(), full_matrices=False)
    turned = u.T @ orthogonalised(matrix).numpy() @ vt.T
    np.testing.assert_allclose(turned, np.diag(np.diag(turned)), atol=1e-5)


def test_equals_pytorchs_own_on_matrices() -> None:
    ours = nn.Parameter(torch.randn(8, 20, generator=torch.Generator().manual_seed(2)))
    theirs = nn.Parameter(ours.detach().clone())
    optimizer = Muon([ours], 0.01)
    other = torch.optim.Muon(
        [theirs], lr=0.01, momentum=0.95, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"
    )
    start = ours.detach().clone()
    for step in range(5):
        gradient = torch.randn(8, 20, generator=torch.Generator().manual_seed(10 + step))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        optimizer.step()
        other.step()
    moved, expected = (ours - start).detach(), (theirs - start).detach()
    # PyTorch's works in bfloat16, with three digits.
    assert (moved - expected).norm() < 0.03 * expected.norm()


def test_equals_adam_on_vectors() -> None:
    ours, theirs = nn.Parameter(torch.ones(7)), nn.Parameter(torch.ones(7))
    optimizer = Muon([ours], 0.01, betas=(0.8, 0.95))
    other = torch.optim.Adam([theirs], lr=0.01, betas=(0.8, 0.95))
    for step in range(6):
        gradient = torch.randn(7, generator=torch.Generator().manual_seed(step))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        optimizer.step()
        other.step()
    torch.testing.assert_close(ours, theirs)


def test_a_convolution_moves_as_the_matrix_that_it_is() -> None:
    gradient = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(3))
    convolution = nn.Parameter(torch.zeros(6, 4, 3, 3).to(memory_format=torch.channels_last))
    matrix = nn.Parameter(torch.zeros(6, 36))
    convolution.grad = gradient.clone().to(memory_format=torch.channels_last)
    matrix.grad = gradient.flatten(1)
    Muon([convolution, matrix], 0.1).step()
    torch.testing.assert_close(convolution.detach().reshape(6, 36), matrix.detach())


def test_an_update_is_as_large_as_adams() -> None:
    weight = nn.Parameter(torch.zeros(32, 96))
    weight.grad = torch.randn(32, 96, generator=torch.Generator().manual_seed(4))
    Muon([weight], 1.0).step()
    # Orthogonal rows: the root mean square of U V^T of [R, C] is 1 / sqrt(max(R, C)).
    assert weight.detach().square().mean().sqrt().item() == pytest.approx(0.2, rel=0.2)


def test_a_state_goes_on_where_it_was() -> None:
    def steps(weights: list[nn.Parameter], optimizer: Muon, numbers: range) -> None:
        for step in numbers:
            for weight in weights:
                weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(step))
            optimizer.step()

    def fresh() -> list[nn.Parameter]:
        return [nn.Parameter(torch.ones(3, 5)), nn.Parameter(torch.ones(4))]

    whole, broken = fresh(), fresh()
    steps(whole, Muon(whole, 0.01), range(6))
    first = Muon(broken, 0.01)
    steps(broken, first, range(3))
    second = Muon(broken, 0.01)
    second.load_state_dict(first.state_dict())
    steps(broken, second, range(3, 6))
    for one, other in zip(whole, broken, strict=True):
        assert torch.equal(one, other)
