"""Multinomial logistic regression on features, where few images are known."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

_MOST_STEPS = 60


def regress(
    features: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    decay: float,
    start: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Fit by L-BFGS (Liu and Nocedal 1989), which for so few weights is both faster and better than steps on
    batches.

    Args:
        features: `[N, D]`.
        targets: probabilities `[N, K]`.
        weights: of the images, `[N]`; only their proportions matter.
        decay: weight of half the squared weights beside the mean cross-entropy.
        start: weights and bias to begin with; None means 0.

    Returns:
        Weights `[K, D]` and bias `[K]`.
    """
    classes = targets.shape[1]
    weight, bias = start or (torch.zeros(classes, features.shape[1]), torch.zeros(classes))
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=_MOST_STEPS, line_search_fn="strong_wolfe")
    weights = weights / weights.sum()

    def loss() -> Tensor:
        optimizer.zero_grad()
        entropy = -(targets * log_softmax(features @ weight.T + bias, 1)).sum(1) @ weights
        total = entropy + decay / 2 * weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()
