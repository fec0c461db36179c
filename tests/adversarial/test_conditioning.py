"""Conditions by hand, against explicit softmaxes, and how they are let in little by little."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.functional import log_softmax

from ganapps.adversarial import (
    NON_SATURATING,
    R1,
    Match,
    Projection,
    auxiliary_loss,
    beside,
    realness,
    transition,
)
from ganapps.errors import UsageError


@pytest.fixture
def logits():
    """Class logits of four images, K = 3, and of four others."""
    dice = torch.Generator().manual_seed(0)
    return [3 * torch.randn(4, 3, generator=dice) for _ in range(2)]


def by_hand():
    """w = (1, 2), b = 0.5; labels 0 and 1 are embedded as (10, 0) and (0, 100)."""
    projection = Projection(features=2, classes=2)
    projection.load_state_dict(
        {
            "real.weight": torch.tensor([[1.0, 2.0]]),
            "real.bias": torch.tensor([0.5]),
            "label.weight": torch.tensor([[10.0, 0.0], [0.0, 100.0]]),
        }
    )
    return projection


class TestProjection:
    features = torch.tensor([[1.0, 1.0], [3.0, -1.0], [0.0, 2.0]])
    label = torch.tensor([0, 1, 1])

    def test_by_hand(self):
        found = by_hand()(self.features, self.label)
        assert found.tolist() == [3.5 + 10, 1.5 - 100, 4.5 + 200]

    def test_the_labels_part_is_weighed_by_its_share(self):
        found = by_hand()(self.features, self.label, share=0.25)
        assert found.tolist() == [3.5 + 2.5, 1.5 - 25, 4.5 + 50]

    def test_share_0_is_unconditional(self):
        """Logits do not depend on the label, and neither the label nor what it means gets a gradient."""
        projection = by_hand()
        found = projection(self.features, self.label, share=0.0)
        assert found.tolist() == [3.5, 1.5, 4.5]
        assert torch.equal(found, projection(self.features, 1 - self.label, share=0.0))
        found.sum().backward()
        assert projection.label.weight.grad.abs().sum() == 0 < projection.real.weight.grad.abs().sum()

    def test_the_labels_part_starts_no_larger_than_the_other(self):
        torch.manual_seed(0)
        projection = Projection(features=256, classes=50)
        features = torch.randn(50, 256)
        label = torch.arange(50)
        plain = projection(features, label, share=0.0)
        part = projection(features, label) - plain
        assert 0.5 < part.std() < 1.5, "deviation of a sum of 256 products with weights of deviation 1/16"

    def test_a_match_sees_a_closed_over_label(self):
        projection = by_hand()
        match = Match(objective=NON_SATURATING, regularisers=[R1(2.0)])
        critic = partial(projection, label=self.label)
        losses = match.discriminator_losses(critic, self.features, self.features)
        slopes = [11**2 + 2**2, 1 + 102**2, 1 + 102**2]
        assert losses["R1"].item() == pytest.approx(sum(slopes) / 3)


def test_auxiliary_loss_is_the_negative_log_of_the_softmax(logits):
    labels = torch.tensor([2, 0, 1, 1])
    shares = logits[0].exp() / logits[0].exp().sum(1, keepdim=True)
    expected = -shares[torch.arange(4), labels].log().mean()
    torch.testing.assert_close(auxiliary_loss(logits[0], labels), expected)
    assert auxiliary_loss(logits[0].bfloat16(), labels).dtype == torch.float32


class TestRealness:
    def extended(self, logits):
        """Log-probabilities over K + 1 classes, the last one "generated" with logit 0."""
        return log_softmax(torch.cat([logits, torch.zeros(len(logits), 1)], 1), 1)

    def test_it_is_the_softmax_over_one_more_class(self, logits):
        generated = self.extended(logits[0])[:, -1].exp()
        torch.testing.assert_close(realness(logits[0]).sigmoid(), 1 - generated)

    def test_the_match_is_the_papers_unsupervised_loss(self, logits):
        """Salimans et al. 2016, section 5: -E log(1 - p(K+1 | x)) - E log p(K+1 | G(z))."""
        real, fake = (self.extended(x) for x in logits)
        expected = -torch.logsumexp(real[:, :-1], 1).mean() - fake[:, -1].mean()
        match = Match(objective=NON_SATURATING)
        losses = match.discriminator_losses(realness, *logits)
        torch.testing.assert_close(losses["adversarial"], expected)
        wanted = -torch.logsumexp(fake[:, :-1], 1).mean()
        torch.testing.assert_close(match.generator_losses(realness, *logits)["adversarial"], wanted)

    def test_with_the_labels_it_is_the_whole_cross_entropy(self, logits):
        """log p(y | x) over K + 1 classes is log p(real) and log p(y | real) together."""
        labels = torch.tensor([2, 0, 1, 1])
        whole = -self.extended(logits[0])[torch.arange(4), labels].mean()
        real = nn.functional.softplus(-realness(logits[0])).mean()
        torch.testing.assert_close(auxiliary_loss(logits[0], labels) + real, whole)

    def test_it_stays_finite_where_exp_does_not(self):
        assert realness(torch.tensor([[500.0, 0.0], [-500.0, -500.0]])).isfinite().all()


def test_beside_puts_the_condition_first_and_keeps_it_from_the_augmentation():
    seen = []

    def discriminator(pair):
        seen.append(pair.detach())
        return pair.sum((1, 2, 3))

    condition = torch.full((2, 1, 4, 4), 7.0)
    match = Match(objective=NON_SATURATING, regularisers=[R1(2.0)], augment=lambda images: images + 100)
    critic = beside(discriminator, condition)
    losses = match.discriminator_losses(critic, torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4))
    real, fake = seen
    for pair, value in ((real, 100), (fake, 101)):
        assert torch.equal(pair[:, :1], condition) and (pair[:, 1:] == value).all()
    assert losses["R1"].item() == 3 * 4 * 4, "slopes are by the image, not by its condition"


class TestTransition:
    def test_it_is_a_line_between_two_levels(self):
        found = [transition(p, start=0.2, end=0.6) for p in (0, 0.2, 0.3, 0.5, 0.6, 1)]
        assert found == pytest.approx([0, 0, 0.25, 0.75, 1, 1])

    def test_it_jumps_where_start_equals_end(self):
        assert [transition(p, start=0.5, end=0.5) for p in (0.49, 0.5, 0.51)] == [0, 1, 1]

    def test_it_is_refused_backwards(self):
        with pytest.raises(UsageError) as refusal:
            transition(0.5, start=0.75, end=0.25)
        assert str(refusal.value) == (
            "a transition must not end before it starts, got start = 0.75, end = 0.25"
        )
