"""Augmentation that is as strong as overfitting asks for."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..errors import UsageError
from .devices import mean_over_devices, place


class AdaptiveAugment(nn.Module):
    """Augments each image with a probability that follows how sure the discriminator is of real images.

    Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", arXiv 2006.06676,
    section 3: `r = E[sign(D(x))]` grows with overfitting; the probability goes up where r is above a target
    and down where it is below. Use it as the `augment` of a match.

    Args:
        change: what an augmented image passes, such as `DiffAugment()`.
        target: the wanted r.
        images_to_certain: the probability moves from 0 to 1 in this many images at the fastest, those of
            all devices.
        most: the largest probability. Changes leak into what is generated as it nears 1 (section 2.2).
        every: turns of the discriminator between adjustments; batches, where a turn accumulates several.

    Attributes:
        probability: the current one, a scalar buffer.
    """

    probability: Tensor
    tally: Tensor

    def __init__(
        self,
        change: Callable[[Tensor], Tensor],
        *,
        target: float = 0.6,
        images_to_certain: int = 500_000,
        most: float = 0.8,
        every: int = 4,
    ) -> None:
        super().__init__()
        for name, value in (("target", target), ("most", most)):
            if not 0 <= value <= 1:
                raise UsageError(f"{name} must be from 0 to 1, got {value}")
        self.change, self.target, self.most, self.every = change, target, most, every
        self.images_to_certain = images_to_certain
        self.register_buffer("probability", torch.zeros(()))
        # sum of r, turns, images since the last adjustment
        self.register_buffer("tally", torch.zeros(3))

    def forward(self, images: Tensor) -> Tensor:
        chosen = torch.rand(len(images), *[1] * (images.dim() - 1), device=images.device) < self.probability
        return torch.where(chosen, self.change(images), images)

    @torch.no_grad()
    def observe(self, real_logits: Tensor) -> None:
        """Take in the logits of one real batch, and adjust the probability when it is time."""
        r = mean_over_devices(real_logits.sign().mean())
        images = len(real_logits) * place()[1]  # every device sees as many
        self.tally += torch.stack([r, torch.ones_like(r), torch.full_like(r, images)])
        if self.tally[1] < self.every:
            return
        mean = self.tally[0] / self.tally[1]
        step = torch.sign(mean - self.target) * self.tally[2] / self.images_to_certain
        self.probability.copy_((self.probability + step).clamp(0, self.most))
        self.tally.zero_()
