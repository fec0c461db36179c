"""Closed forms of the penalties on a linear and on a quadratic critic, and what a match makes of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from ganapps.adversarial import (
    HINGE,
    NON_SATURATING,
    OBJECTIVES,
    R1,
    R2,
    RELATIVISTIC_AVERAGE,
    RELATIVISTIC_PAIRING,
    AdaptiveAugment,
    Consistency,
    DiffAugment,
    LeCam,
    Match,
    WganGp,
    bound_slopes,
    feature_matching,
    gradient_penalty,
    interpolated_penalty,
    overfitting,
)
from ganapps.errors import UsageError

WEIGHT = torch.tensor([1.0, 2.0])


def linear(x):
    return x @ WEIGHT


def quadratic(a):
    """D(x) = x'Ax/2 with symmetric A: its gradient is Ax."""
    return lambda x: (x @ a * x).sum(1) / 2


@pytest.fixture
def symmetric():
    a = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return a + a.T


def test_penalty_of_a_quadratic_critic(symmetric):
    x = torch.randn(7, 5, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(quadratic(symmetric)(x), x)
    torch.testing.assert_close(penalty, (x @ symmetric).square().sum(1).mean())
    assert penalty.requires_grad, "the penalty must itself be differentiable"


def test_interpolated_penalty_of_a_linear_critic():
    found = interpolated_penalty(linear, torch.randn(6, 2), torch.randn(6, 2))
    torch.testing.assert_close(found, torch.tensor((5**0.5 - 1) ** 2))


def test_interpolated_penalty_of_a_quadratic_critic(symmetric):
    """With real equal to generated there is one point between them."""
    x = torch.randn(7, 5, dtype=torch.float64)
    found = interpolated_penalty(quadratic(symmetric), x, x, slope=2.0)
    torch.testing.assert_close(found, ((x @ symmetric).norm(dim=1) - 2).square().mean())


def test_interpolated_points_lie_on_the_line_between():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x.sum(1)

    real, fake = torch.zeros(1000, 2), torch.tensor([[1.0, 2.0]]).expand(1000, 2)
    interpolated_penalty(critic, real, fake)
    share = seen[0][:, 0]
    torch.testing.assert_close(seen[0][:, 1], 2 * share)
    assert share.min() >= 0 and share.max() <= 1 and abs(share.mean().item() - 0.5) < 0.05


def test_the_interpolated_penalty_has_a_gradient_where_the_slope_is_0():
    weight = torch.zeros(2, requires_grad=True)
    interpolated_penalty(lambda x: x @ weight, torch.ones(3, 2), torch.zeros(3, 2)).backward()
    assert torch.isfinite(weight.grad).all()


def test_match_weighs_penalties_and_keeps_the_fake_out_of_the_graph():
    weight = WEIGHT.clone().requires_grad_(True)
    fake = torch.randn(4, 2, requires_grad=True)
    match = Match(objective=HINGE, regularisers=[R1(3.0), R2(0.5), WganGp(10.0)])
    losses = match.discriminator_losses(lambda x: x @ weight, torch.ones(4, 2), fake)
    assert losses["R1"].item() == pytest.approx(3.0 / 2 * 5)
    assert losses["R2"].item() == pytest.approx(0.5 / 2 * 5)
    assert losses["WGAN-GP"].item() == pytest.approx(10 * (5**0.5 - 1) ** 2, rel=1e-5)
    sum(losses.values()).backward()
    assert fake.grad is None and weight.grad is not None


def test_strength_multiplies_every_regulariser():
    match = Match(objective=HINGE, regularisers=[R1(3.0)])
    before = match.discriminator_losses(linear, torch.ones(4, 2), torch.ones(4, 2))["R1"]
    assert match.strengthen(2.0) and not Match(objective=HINGE).strengthen(2.0)
    after = match.discriminator_losses(linear, torch.ones(4, 2), torch.ones(4, 2))["R1"]
    torch.testing.assert_close(after, 2 * before)


def test_lecam_by_hand():
    """Real logits are 1 and 3, generated ones 0: averages start there, then move by 1 - decay."""
    rule = LeCam(weight=0.5, decay=0.75)
    match = Match(objective=NON_SATURATING, regularisers=[rule])
    real, fake = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
    first = match.discriminator_losses(lambda x: x[:, 0], real, fake)["LeCam"]
    assert rule.averages.tolist() == [2.0, 0.0]
    assert first.item() == pytest.approx(0.5 * ((1 + 9) / 2 + 4))
    match.discriminator_losses(lambda x: x[:, 0], 3 * real, fake - 4)
    assert rule.averages.tolist() == [0.75 * 2 + 0.25 * 6, -1.0]


def test_consistency_of_a_linear_critic():
    """A shift by (1, 1) changes every logit by 3."""
    rule = Consistency(lambda x: x + 1, weight=2.0)
    match = Match(objective=HINGE, regularisers=[rule])
    losses = match.discriminator_losses(linear, torch.randn(4, 2), torch.randn(4, 2))
    assert losses["consistency"].item() == pytest.approx(2 * (9 + 9), rel=1e-5)
    unbalanced = Match(objective=HINGE, regularisers=[Consistency(lambda x: x + 1, 2.0, balanced=False)])
    losses = unbalanced.discriminator_losses(linear, torch.randn(4, 2), torch.randn(4, 2))
    assert losses["consistency"].item() == pytest.approx(2 * 9, rel=1e-5)


def make(name):
    rules = {"R1": R1(1.0), "R2": R2(1.0), "WGAN-GP": WganGp(), "LeCam": LeCam()}
    return rules.get(name) or Consistency(DiffAugment(translation=0.2))


@pytest.mark.parametrize("name", ["R1", "R2", "WGAN-GP", "LeCam", "consistency"])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o.name)
def test_any_objective_combines_with_any_regulariser(objective, name):
    if name == "LeCam" and objective.relativistic:
        with pytest.raises(UsageError) as refusal:
            Match(objective=objective, regularisers=[make(name)])
        assert str(refusal.value) == (
            f"LeCam ties logits to values, but under {objective.name} only their differences mean anything:"
            " choose another objective or leave it out"
        )
        return
    critic = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4), nn.Tanh(), nn.Linear(4, 1))
    match = Match(objective=objective, regularisers=[make(name)], augment=DiffAugment())
    real, fake = torch.rand(4, 3, 8, 8), torch.rand(4, 3, 8, 8, requires_grad=True)
    losses = match.discriminator_losses(critic, real, fake)
    assert set(losses) == {"adversarial", name}
    sum(losses.values()).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in critic.parameters())
    match.generator_losses(critic, real, fake)["adversarial"].backward()
    assert fake.grad.abs().sum() > 0


def test_contradictions_are_refused():
    with pytest.raises(UsageError, match=r"^R1 is there 2 times: add up the weights instead$"):
        Match(objective=HINGE, regularisers=[R1(1.0), R1(2.0)])
    with pytest.raises(UsageError, match=r"^the weight of R2 must be above 0, got 0; leave it out instead$"):
        R2(0)
    with pytest.raises(
        UsageError, match=r"^adaptive augmentation reads the signs of real logits, which mean"
    ):
        Match(objective=RELATIVISTIC_AVERAGE, augment=AdaptiveAugment(DiffAugment()))


def test_batches_that_cannot_be_matched_are_refused():
    match = Match(objective=RELATIVISTIC_PAIRING)
    with pytest.raises(
        UsageError, match=r"^real images have the shape \(2,\) and generated ones \(3,\): they"
    ):
        match.discriminator_losses(linear, torch.ones(4, 2), torch.ones(4, 3))
    with pytest.raises(UsageError, match=r"against a real one, but there are 3 and 4$"):
        match.discriminator_losses(linear, torch.ones(4, 2), torch.ones(3, 2))


def test_what_a_match_observes():
    match = Match(objective=HINGE)
    real, fake = torch.tensor([[0.0, 0.0], [4.0, 0.0]]), torch.tensor([[1.0, 0.0], [2.0, 0.0]])
    match.discriminator_losses(lambda x: x[:, 0], real, fake)
    assert match.observed["told apart"].item() == 0.5, "one of the two pairs has the real one ahead"
    assert match.observed["diversity"].item() == pytest.approx(1 / 4)
    match.discriminator_losses(lambda x: 0 * x[:, 0], real, fake)
    assert match.observed["told apart"].item() == 0.5, "a critic that sees no difference tells nothing apart"
    assert "D(real)" not in match.observed, "a margin is no probability"


def test_probabilities_are_observed_where_there_are_any():
    match = Match(objective=NON_SATURATING)
    match.discriminator_losses(lambda x: x[:, 0], torch.zeros(2, 1), torch.tensor([[0.0], [math.log(3)]]))
    assert match.observed["D(real)"].item() == pytest.approx(0.5)
    assert match.observed["D(fake)"].item() == pytest.approx((0.5 + 0.75) / 2)


def test_overfitting_by_hand():
    """Held-out images halfway between training and generated ones."""
    train, held_out, fake = torch.tensor([3.0, 5.0]), torch.tensor([1.0]), torch.tensor([-2.0])
    assert overfitting(train, held_out, fake) == pytest.approx((4 - 1) / (4 + 2))
    assert overfitting(train, train, fake) == 0
    assert overfitting(fake, fake, fake) == 0, "where nothing is told apart nothing is learnt by heart"


def test_augmentation_reaches_everything_the_critic_sees():
    seen = []
    match = Match(objective=RELATIVISTIC_PAIRING, augment=lambda images: images + 100)

    def critic(images):
        seen.append(images.mean().item())
        return images.sum(1)

    match.discriminator_losses(critic, torch.zeros(2, 3), torch.ones(2, 3))
    match.generator_losses(critic, torch.zeros(2, 3), torch.ones(2, 3))
    assert sorted(seen) == [100, 100, 101, 101]


def test_bounded_slopes():
    network = bound_slopes(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 1)))
    for _ in range(50):
        network(torch.randn(2, 3, 8, 8))
    for layer in (network[0], network[3]):
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item()
        assert largest == pytest.approx(1, abs=1e-3)
    with pytest.raises(UsageError, match=r"^Sequential has normalised layers already$"):
        bound_slopes(network)
    with pytest.raises(UsageError, match=r"^ReLU has no linear or convolutional layer to normalise$"):
        bound_slopes(nn.ReLU())


def test_feature_matching_by_hand():
    real = torch.tensor([[1.0, 5.0], [3.0, 5.0]], requires_grad=True)
    fake = torch.tensor([[0.0, 4.0], [0.0, 6.0]], requires_grad=True)
    loss = feature_matching(real, fake)
    assert loss.item() == pytest.approx((4 + 0) / 2), "means are (2, 5) and (0, 5)"
    loss.backward()
    assert real.grad is None and fake.grad[0, 0] < 0
