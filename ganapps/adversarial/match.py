"""One match between a generator's images and real ones, on one discriminator.

A head with one discriminator plays one match; CycleGAN plays two. The match knows the value
function, the penalties and the augmentation, and nothing of labels or networks: it is handed
a critic, any callable from images to logits, so conditions are closed over by the head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .objectives import Objective
from .penalties import gradient_penalty

Critic = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Match:
    """The rules of one match.

    Example:
        >>> from .objectives import HINGE
        >>> match = Match(objective=HINGE, r1=2.0)
        >>> critic = lambda images: 3 * images.flatten(1).sum(1)
        >>> losses = match.discriminator_losses(critic, torch.ones(4, 1), -torch.ones(4, 1))
        >>> {name: loss.item() for name, loss in losses.items()}
        {'adversarial': 0.0, 'r1': 9.0}
    """

    objective: Objective
    """What the players want."""
    r1: float = 0.0
    """Weight gamma of the penalty on real images, added as gamma / 2 times it; 0 means off."""
    r2: float = 0.0
    """Weight gamma of the penalty on generated images; 0 means off."""
    augment: Callable[[Tensor], Tensor] | None = None
    """Differentiable augmentation that everything passes on its way to the critic; None means off."""

    def discriminator_losses(self, critic: Critic, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The discriminator's losses on a batch of real and of generated images, both `[N, ...]`."""
        real_images, real_logits = self._judge(critic, real, watch=self.r1 > 0)
        fake_images, fake_logits = self._judge(critic, fake.detach(), watch=self.r2 > 0)
        losses = {"adversarial": self.objective.discriminator(real_logits, fake_logits)}
        if self.r1 > 0:
            losses["r1"] = self.r1 / 2 * gradient_penalty(real_logits, real_images)
        if self.r2 > 0:
            losses["r2"] = self.r2 / 2 * gradient_penalty(fake_logits, fake_images)
        return losses

    def generator_losses(self, critic: Critic, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The generator's losses; `real` is looked at only where the objective pairs."""
        _, fake_logits = self._judge(critic, fake, watch=False)
        real_logits = fake_logits
        if self.objective.pairs:
            with torch.no_grad():
                _, real_logits = self._judge(critic, real, watch=False)
        return {"adversarial": self.objective.generator(real_logits, fake_logits)}

    def _judge(self, critic: Critic, images: Tensor, *, watch: bool) -> tuple[Tensor, Tensor]:
        """The images as the critic saw them, and its logits."""
        if self.augment is not None:
            images = self.augment(images)
        if watch:
            # A penalty is taken at the critic's own input, after the augmentation (as in StyleGAN2-ADA).
            images = images.detach().requires_grad_(True)
        return images, critic(images)
