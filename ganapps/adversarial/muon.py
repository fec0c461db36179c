"""An optimiser for short trainings: momentum whose matrices are made orthogonal before they are a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

_POLYNOMIAL = (3.4445, -4.7750, 2.0315)
"""Of the Newton-Schulz iteration: chosen by its author so that small singular values grow fastest. They end
between about 0.7 and 1.2, not at 1, which training does not mind."""
_ITERATIONS = 5
_LIKE_ADAM = 0.2
"""Root mean square of an update of Adam at rate 1 (Moonlight, arXiv 2502.16982, section 2.2): both kinds of
weights then share one rate."""


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024; Liu et al. 2025, arXiv 2502.16982, eq. 1 to 4) for weights with two
    dimensions and more, Adam (arXiv 1412.6980) for the rest.

    A step moves all directions of a layer alike, where Adam's is ruled by a few. Convolutions count as
    matrices of output channels by all else. PyTorch's own Muon takes matrices only, and works in bfloat16,
    which a CPU without units for it does far slower.

    Args:
        weights: what is trained.
        lr: step size, as one would give it to Adam.
        momentum: decay rate of the gradients' average, of matrices.
        betas: Adam's decay rates.
    """

    def __init__(
        self,
        weights: Iterable[Tensor],
        lr: float,
        *,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.99),
    ) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "betas": betas, "eps": 1e-8})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every weight that has a gradient."""
        assert closure is None, "the game computes its gradients itself"
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    rule = _move_matrix if weight.ndim > 1 else _move_vector
                    rule(weight, weight.grad, self.state[weight], group)


def orthogonalised(matrix: Tensor) -> Tensor:
    """The nearest matrix with equal singular values, roughly: U V^T of the decomposition U S V^T.

    Args:
        matrix: `[R, C]`.
    """
    a, b, c = _POLYNOMIAL
    wide: Tensor = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    x: Tensor = wide / (wide.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide is matrix else x.T


def _move_matrix(weight: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    momentum = group["momentum"]
    if not state:
        state["momentum"] = torch.zeros_like(weight)
    average = state["momentum"].lerp_(gradient, 1 - momentum)
    ahead = gradient.lerp(average, momentum).flatten(1)  # Nesterov's
    update = orthogonalised(ahead).reshape(weight.shape)
    weight.sub_(update, alpha=group["lr"] * _LIKE_ADAM * math.sqrt(max(ahead.shape)))


def _move_vector(weight: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    if not state:
        state.update(step=0, mean=torch.zeros_like(weight), square=torch.zeros_like(weight))
    state["step"] += 1
    (first, second), step = group["betas"], state["step"]
    mean = state["mean"].lerp_(gradient, 1 - first)
    square = state["square"].lerp_(gradient.square(), 1 - second)
    spread = (square / (1 - second**step)).sqrt_().add_(group["eps"])
    weight.addcdiv_(mean, spread, value=-group["lr"] / (1 - first**step))
