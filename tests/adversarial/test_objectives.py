"""Closed forms of the value functions."""

from __future__ import annotations

import math

import pytest
import torch

from ganapps.adversarial import (
    HINGE,
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    OBJECTIVES,
    RELATIVISTIC_PAIRING,
    WASSERSTEIN,
    objective_named,
    with_smooth_labels,
)
from ganapps.errors import UsageError

REAL = torch.tensor([2.0, -1.0])
FAKE = torch.tensor([0.5, -3.0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


CROSS_ENTROPY = (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2
MEAN_REAL, MEAN_FAKE = 0.5, -1.25
EXPECTED = {
    "minimax": (CROSS_ENTROPY, -(softplus(0.5) + softplus(-3)) / 2),
    "non-saturating": (CROSS_ENTROPY, (softplus(-0.5) + softplus(3)) / 2),
    "least squares": ((1 + 4) / 4 + (0.25 + 9) / 4, (0.25 + 16) / 4),
    "hinge": ((0 + 2) / 2 + (1.5 + 0) / 2, -(0.5 - 3) / 2),
    "Wasserstein": (MEAN_FAKE - MEAN_REAL, -MEAN_FAKE),
    "relativistic pairing": (
        (softplus(0.5 - 2) + softplus(-3 + 1)) / 2,
        (softplus(2 - 0.5) + softplus(-1 + 3)) / 2,
    ),
    "relativistic average": (
        (softplus(MEAN_FAKE - 2) + softplus(MEAN_FAKE + 1)) / 2
        + (softplus(0.5 - MEAN_REAL) + softplus(-3 - MEAN_REAL)) / 2,
        (softplus(MEAN_REAL - 0.5) + softplus(MEAN_REAL + 3)) / 2
        + (softplus(2 - MEAN_FAKE) + softplus(-1 - MEAN_FAKE)) / 2,
    ),
}


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
def test_values_on_hand_made_logits(objective):
    discriminator, generator = EXPECTED[objective.name]
    assert objective.discriminator(REAL, FAKE).item() == pytest.approx(discriminator, rel=1e-6)
    assert objective.generator(REAL, FAKE).item() == pytest.approx(generator, rel=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
def test_gradients_push_the_way_each_player_wants(objective):
    real, fake = torch.full((3,), 0.2, requires_grad=True), torch.full((3,), 0.1, requires_grad=True)
    objective.discriminator(real, fake).backward()
    assert (real.grad < 0).all() and (fake.grad > 0).all(), "descent must raise D(x) and lower D(G(z))"
    fake.grad = None
    objective.generator(real.detach(), fake).backward()
    assert (fake.grad < 0).all(), "descent must raise D(G(z))"


def test_the_equilibrium_of_the_paper_is_log_4():
    """At D = 1/2 everywhere the value function is -log 4 (arXiv 1406.2661, theorem 1)."""
    assert MINIMAX.discriminator(torch.zeros(4), torch.zeros(4)).item() == pytest.approx(math.log(4))


def best_response(objective, start=0.0):
    """The best logits of two points, at which 3 and 1 real and 1 and 3 generated images lie."""
    real, fake = torch.tensor([0] * 3 + [1] * 1), torch.tensor([0] * 1 + [1] * 3)
    logits = torch.full((2,), start, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = objective.discriminator(logits[real], logits[fake])
        loss.backward()
        return loss

    optimizer.step(closure)
    return logits.detach()


def test_the_best_response_is_the_density_ratio():
    """D*(x) = p_data / (p_data + p_g) (arXiv 1406.2661, proposition 1), found by descent."""
    found = torch.sigmoid(best_response(NON_SATURATING))
    torch.testing.assert_close(found, torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)
    # Least squares has the same one, with the logit itself for D (arXiv 1611.04076, eq. 5).
    found = best_response(LEAST_SQUARES)
    torch.testing.assert_close(found, torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)


def test_the_best_response_to_smooth_labels_is_the_ratio_times_the_target():
    """arXiv 1606.03498, section 3.4, with beta = 0."""
    found = torch.sigmoid(best_response(with_smooth_labels(NON_SATURATING, target=0.8)))
    torch.testing.assert_close(found, 0.8 * torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)
    found = best_response(with_smooth_labels(LEAST_SQUARES, target=0.8))
    torch.testing.assert_close(found, 0.8 * torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)


def test_smooth_labels_leave_the_generator_alone():
    smooth = with_smooth_labels(MINIMAX)
    assert smooth.generator(REAL, FAKE) == MINIMAX.generator(REAL, FAKE)


@pytest.mark.parametrize("objective", [HINGE, WASSERSTEIN, RELATIVISTIC_PAIRING], ids=lambda o: o.name)
def test_labels_that_are_not_there_cannot_be_smoothed(objective):
    with pytest.raises(UsageError) as refusal:
        with_smooth_labels(objective)
    assert str(refusal.value) == (
        f"{objective.name} has no labels to smooth;"
        " objectives with labels: minimax, non-saturating, least squares"
    )


def test_a_target_out_of_range_is_refused():
    with pytest.raises(
        UsageError, match=r"^the target of real images must be above 0.5 and at most 1, got 0.5$"
    ):
        with_smooth_labels(MINIMAX, target=0.5)


def test_objectives_by_name():
    assert [objective_named(o.name) for o in OBJECTIVES] == list(OBJECTIVES)
    with pytest.raises(UsageError, match=r"^there is no objective 'hing'; objectives: minimax, non-sat"):
        objective_named("hing")


def test_hinge_is_satisfied_beyond_its_margin():
    beyond = torch.tensor([1.5, 7.0], requires_grad=True)
    HINGE.discriminator(beyond, -beyond).backward()
    assert (beyond.grad == 0).all()


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
def test_extreme_logits_stay_finite(objective):
    extreme = torch.tensor([1e4, -1e4])
    assert torch.isfinite(objective.discriminator(extreme, -extreme))
    assert torch.isfinite(objective.generator(extreme, -extreme))
