"""Closed forms of the value functions and penalties."""

from __future__ import annotations

import math

import pytest
import torch

from ganapps.adversarial import (
    HINGE,
    NON_SATURATING,
    OBJECTIVES,
    RELATIVISTIC_PAIRING,
    Match,
    gradient_penalty,
)

REAL = torch.tensor([2.0, -1.0])
FAKE = torch.tensor([0.5, -3.0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


EXPECTED = {
    "non-saturating": (
        (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2,
        (softplus(-0.5) + softplus(3)) / 2,
    ),
    "hinge": ((0 + 2) / 2 + (1.5 + 0) / 2, -(0.5 - 3) / 2),
    "relativistic pairing": (
        (softplus(0.5 - 2) + softplus(-3 + 1)) / 2,
        (softplus(2 - 0.5) + softplus(-1 + 3)) / 2,
    ),
}


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
def test_values_on_hand_made_logits(objective):
    discriminator, generator = EXPECTED[objective.name]
    assert objective.discriminator(REAL, FAKE).item() == pytest.approx(discriminator, rel=1e-6)
    assert objective.generator(REAL, FAKE).item() == pytest.approx(generator, rel=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
def test_gradients_push_the_way_each_player_wants(objective):
    real, fake = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    objective.discriminator(real, fake).backward()
    assert (real.grad < 0).all() and (fake.grad > 0).all(), "descent must raise D(x) and lower D(G(z))"
    fake.grad = None
    objective.generator(real.detach(), fake).backward()
    assert (fake.grad < 0).all(), "descent must raise D(G(z))"


def test_the_equilibrium_of_the_paper_is_log_4():
    """At D = 1/2 everywhere the value function is -log 4 (arXiv 1406.2661, theorem 1)."""
    assert NON_SATURATING.discriminator(torch.zeros(4), torch.zeros(4)).item() == pytest.approx(math.log(4))


def test_the_best_response_on_two_points_is_the_density_ratio():
    """D*(x) = p_data / (p_data + p_g) (arXiv 1406.2661, proposition 1), found by descent."""
    real, fake = torch.tensor([0] * 3 + [1] * 1), torch.tensor([0] * 1 + [1] * 3)
    logits = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = NON_SATURATING.discriminator(logits[real], logits[fake])
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close(torch.sigmoid(logits.detach()), torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("objective", [NON_SATURATING, RELATIVISTIC_PAIRING], ids=lambda o: o.name)
def test_extreme_logits_stay_finite(objective):
    extreme = torch.tensor([1e4, -1e4])
    assert torch.isfinite(objective.discriminator(extreme, -extreme))
    assert torch.isfinite(objective.generator(extreme, -extreme))


def test_penalty_of_a_quadratic_critic():
    """D(x) = x'Ax/2 with symmetric A has the penalty mean |Ax|^2."""
    a = torch.randn(5, 5, dtype=torch.float64)
    a = a + a.T
    x = torch.randn(7, 5, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty((x @ a * x).sum(1) / 2, x)
    torch.testing.assert_close(penalty, (x @ a).square().sum(1).mean())
    assert penalty.requires_grad, "the penalty must itself be differentiable"


def test_match_weighs_both_penalties_and_keeps_the_fake_out_of_the_graph():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    fake = torch.randn(4, 2, requires_grad=True)
    losses = Match(objective=HINGE, r1=3.0, r2=0.5).discriminator_losses(
        lambda x: x @ weight, torch.ones(4, 2), fake
    )
    assert losses["r1"].item() == pytest.approx(3.0 / 2 * 5)
    assert losses["r2"].item() == pytest.approx(0.5 / 2 * 5)
    sum(losses.values()).backward()
    assert fake.grad is None and weight.grad is not None


def test_augmentation_reaches_everything_the_critic_sees():
    seen = []
    match = Match(objective=RELATIVISTIC_PAIRING, augment=lambda images: images + 100)

    def critic(images):
        seen.append(images.mean().item())
        return images.sum(1)

    match.discriminator_losses(critic, torch.zeros(2, 3), torch.ones(2, 3))
    match.generator_losses(critic, torch.zeros(2, 3), torch.ones(2, 3))
    assert sorted(seen) == [100, 100, 101, 101]
