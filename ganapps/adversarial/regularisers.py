"""What a match adds to the discriminator's loss, beside the objective.

Each is a small module, so that what it remembers is part of the game's state and survives a resume.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..errors import UsageError
from .devices import mean_over_devices
from .penalties import gradient_penalty, interpolated_penalty

Critic = Callable[[Tensor], Tensor]
"""From images `[N, ...]` to logits `[N, ...]`. Conditions are closed over by the head."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One turn of the discriminator, as a regulariser sees it."""

    critic: Critic
    real: Tensor
    """What the critic saw of the real batch, augmented if the match augments; `[N, ...]`."""
    fake: Tensor
    real_logits: Tensor
    """What it said, float32 `[N, ...]`."""
    fake_logits: Tensor


class Regulariser(nn.Module, abc.ABC):
    """A term of the discriminator's loss.

    Args:
        weight: what the term is multiplied by.

    Raises:
        UsageError: the weight is not above 0.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    """Paper and equation."""
    watches_real: ClassVar[bool] = False
    """Whether it differentiates by the real images."""
    watches_fake: ClassVar[bool] = False
    anchors: ClassVar[bool] = False
    """Whether it ties logits to values, which says nothing where only their differences count."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        if not weight > 0:
            raise UsageError(f"the weight of {self.name} must be above 0, got {weight}; leave it out instead")
        self.weight = weight

    @abc.abstractmethod
    def forward(self, seen: Exchange) -> Tensor:
        """The weighted term, a scalar."""


class R1(Regulariser):
    """`gamma / 2` times the squared slope on real images."""

    name = "R1"
    source = "Mescheder et al. 2018, arXiv 1801.04406, eq. 9"
    watches_real = True

    def forward(self, seen: Exchange) -> Tensor:
        return self.weight / 2 * gradient_penalty(seen.real_logits, seen.real)


class R2(Regulariser):
    """`gamma / 2` times the squared slope on generated images."""

    name = "R2"
    source = "Mescheder et al. 2018, arXiv 1801.04406, eq. 9, on generated images"
    watches_fake = True

    def forward(self, seen: Exchange) -> Tensor:
        return self.weight / 2 * gradient_penalty(seen.fake_logits, seen.fake)


class WganGp(Regulariser):
    """`lambda` times the squared distance of the slope from 1, between real and generated images."""

    name = "WGAN-GP"
    source = "Gulrajani et al. 2017, arXiv 1704.00028, eq. 3"

    def __init__(self, weight: float = 10.0) -> None:
        super().__init__(weight)

    def forward(self, seen: Exchange) -> Tensor:
        if seen.real.shape != seen.fake.shape:
            raise UsageError(
                f"WGAN-GP mixes real and generated images, so their shapes must be equal:"
                f" {tuple(seen.real.shape)} and {tuple(seen.fake.shape)}"
            )
        return self.weight * interpolated_penalty(seen.critic, seen.real, seen.fake)


class LeCam(Regulariser):
    """`lambda` times the squared distance of real logits from the average fake one, and the other way round.

    It keeps the two from drifting apart where images are few.

    Args:
        weight: the paper's lambda; 0.3 for BigGAN on CIFAR.
        decay: of the moving averages, per batch.
    """

    name = "LeCam"
    source = "Tseng et al. 2021, arXiv 2104.03310, eq. 5"
    anchors = True
    averages: Tensor
    started: Tensor

    def __init__(self, weight: float = 0.3, decay: float = 0.99) -> None:
        super().__init__(weight)
        self.decay = decay
        self.register_buffer("averages", torch.zeros(2))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    def forward(self, seen: Exchange) -> Tensor:
        now = torch.stack([seen.real_logits.detach().mean(), seen.fake_logits.detach().mean()])
        now = mean_over_devices(now)
        self.averages.copy_(torch.where(self.started, torch.lerp(now, self.averages, self.decay), now))
        self.started.fill_(True)
        real, fake = self.averages.clone()
        distances = [(seen.real_logits - fake).square().mean(), (seen.fake_logits - real).square().mean()]
        return self.weight * torch.stack(distances).sum()


class Consistency(Regulariser):
    """`lambda` times the mean squared change of logits when images are changed in ways that do not matter.

    Args:
        change: such a way, for example `DiffAugment()`; from images to as many of the same shape.
        weight: the paper's lambda.
        balanced: whether generated images count, too (Zhao et al. 2020, arXiv 2002.04724, algorithm 1).
    """

    name = "consistency"
    source = "Zhang et al. 2020, arXiv 1910.12027, eq. 3"

    def __init__(
        self, change: Callable[[Tensor], Tensor], weight: float = 10.0, *, balanced: bool = True
    ) -> None:
        super().__init__(weight)
        self.change, self.balanced = change, balanced

    def forward(self, seen: Exchange) -> Tensor:
        total = self._change(seen.critic, seen.real, seen.real_logits)
        if self.balanced:
            total = total + self._change(seen.critic, seen.fake, seen.fake_logits)
        return self.weight * total

    def _change(self, critic: Critic, images: Tensor, logits: Tensor) -> Tensor:
        changed = critic(self.change(images.detach())).float()
        return (changed - logits).square().mean()
