"""A generator's aim that does not run after the discriminator's verdict."""

from __future__ import annotations

from torch import Tensor


def feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    """The distance between the mean features of real and of generated images.

    Salimans et al. 2016, arXiv 1606.03498, section 3.1: `|E f(x) - E f(G(z))|^2`, here as the mean over
    features, so that its size does not depend on their number. The paper takes a layer in the middle of the
    discriminator, which stays in training mode, with its noise and dropout.

    Args:
        real: features of a real batch, `[N, F]`; gradients do not reach them.
        fake: features of a generated batch, `[M, F]`, from the same layer.

    Example:
        >>> import torch
        >>> feature_matching(torch.tensor([[1.0, 5.0], [3.0, 5.0]]), torch.tensor([[0.0, 5.0]])).item()
        2.0
    """
    return (real.detach().mean(0) - fake.mean(0)).square().mean()
