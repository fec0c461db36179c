"""Zero-centred gradient penalties, which make the game converge near its equilibrium.

Mescheder et al. 2018, arXiv 1801.04406, eq. 9: R1 is the penalty below on real images, R2 the
same on generated ones. Both leave the equilibrium where it is.
"""

from __future__ import annotations

import torch
from torch import Tensor


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Mean over the batch of the squared norm of d logits / d images.

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
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
