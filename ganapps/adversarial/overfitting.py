"""How much a discriminator has learnt its training images by heart."""

from __future__ import annotations

from torch import Tensor

_NOTHING = 1e-6
"""A gap between real and generated logits below which nothing can be said."""


def overfitting(train: Tensor, held_out: Tensor, fake: Tensor) -> float:
    """Where logits of held-out images lie between those of training images, 0, and of generated ones, 1.

    Karras et al. 2020, arXiv 2006.06676, eq. 1: `r_v = (E[D_train] - E[D_held_out]) / (E[D_train] - E[D_G])`.
    At 1 the discriminator takes real images that it has not seen for generated ones.

    Args:
        train: logits of training images.
        held_out: logits of real images that it was not trained on.
        fake: logits of generated images.
    """
    gap = train.mean() - fake.mean()
    return ((train.mean() - held_out.mean()) / gap).item() if gap.abs() > _NOTHING else 0.0
