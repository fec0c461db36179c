"""Gradient norms of a critic, from which R1, R2 and the WGAN gradient penalty are made."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_TINY = 1e-12
"""Under the root of a norm, so that its gradient is finite where the norm is 0."""


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Mean over the batch of the squared norm of d logits / d images.

    The zero-centred penalty of Mescheder et al. 2018, arXiv 1801.04406, eq. 9: R1 on real images, R2 on
    generated ones. Both leave the equilibrium where it is.

    Args:
        logits: what the critic made of `images`, `[N, ...]`; several logits of one image are summed.
        images: `[N, ...]` with `requires_grad` set before the critic saw them.

    Returns:
        A scalar, `1/N sum_i |d sum(logits_i) / d images_i|^2`, itself differentiable.

    Example:
        The penalty of a linear critic is the squared norm of its weight:

        >>> weight = torch.tensor([3.0, 4.0])
        >>> images = torch.zeros(5, 2, requires_grad=True)
        >>> gradient_penalty(images @ weight, images).item()
        25.0
    """
    return _squared_norms(logits, images).mean()


def interpolated_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, slope: float = 1.0
) -> Tensor:
    """Mean of `(|d logits / d x| - slope)^2` at random points x between real and generated images.

    Gulrajani et al. 2017, arXiv 1704.00028, eq. 3: an optimal Wasserstein critic has slope 1 almost
    everywhere on these lines (proposition 1).

    Args:
        critic: from images `[N, ...]` to logits.
        real: `[N, ...]`.
        fake: the same shape.
        slope: the wanted norm.

    Returns:
        A scalar, differentiable in the critic's weights.
    """
    share = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach(), real.detach(), share).requires_grad_(True)
    norms = (_squared_norms(critic(between), between) + _TINY).sqrt()
    return (norms - slope).square().mean()


def _squared_norms(logits: Tensor, images: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1)
