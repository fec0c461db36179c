"""Ways to tell the players what an image should be, in any head's words.

A match is handed a critic, from images to logits. What is known of each image is closed over:
`partial(discriminator, label=labels)` on a discriminator that ends in one of these.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .regularisers import Critic


class Projection(nn.Module):
    """Logits from features and a label: `w . f + e_label . f`.

    Miyato and Koyama 2018, arXiv 1802.05637, eq. 3.

    Shape: features `[N, F]` and labels int64 `[N]` to logits `[N]`. `share` from 0 to 1 weighs the label's
    part; with `transition` it takes a game from unconditional to conditional.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.real = nn.Linear(features, 1)
        self.label = nn.Embedding(classes, features)
        # Not the default of 1: the label's part starts as small as the other.
        nn.init.normal_(self.label.weight, std=features**-0.5)

    def forward(self, features: Tensor, label: Tensor, share: float = 1.0) -> Tensor:
        logits: Tensor = self.real(features)[:, 0] + share * (self.label(label) * features).sum(1)
        return logits


def auxiliary_loss(class_logits: Tensor, labels: Tensor) -> Tensor:
    """What both players minimise where the discriminator also names the class (AC-GAN).

    Odena et al. 2017, arXiv 1610.09585, eq. 3: the discriminator on real and generated images, the generator
    on its own.

    Args:
        class_logits: `[N, K]`.
        labels: int64 `[N]`, of real images or those that were asked for.
    """
    return cross_entropy(class_logits.float(), labels)


def realness(class_logits: Tensor) -> Tensor:
    """The logit of "real" of a classifier over K real classes and an implied one for generated images.

    Salimans et al. 2016, arXiv 1606.03498, section 5: with the logit of "generated" fixed at 0,
    `D(x) = Z / (Z + 1)` where `Z = sum_k exp l_k`, and so the logit of D is `log Z`. With the non-saturating
    objective the match is twice the paper's unsupervised loss; labelled images add their cross-entropy.

    Args:
        class_logits: `[N, K]`.

    Returns:
        `[N]`.

    Example:
        >>> realness(torch.zeros(1, 4)).exp().item()
        4.0
    """
    return torch.logsumexp(class_logits.float(), 1)


def beside(discriminator: Callable[[Tensor], Tensor], condition: Tensor) -> Critic:
    """A critic that sees each image together with the one it is to be made from.

    Isola et al. 2017, arXiv 1611.07004, eq. 1. Augmentation of a match reaches the image only: one
    that moves pixels would set it against its condition.

    Args:
        discriminator: from `[N, C1 + C2, H, W]` to logits.
        condition: `[N, C1, H, W]`.
    """
    return lambda images: discriminator(torch.cat([condition, images], 1))
