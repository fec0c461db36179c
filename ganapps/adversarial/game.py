"""What a head supplies: two players and what each of them loses on a batch."""

from __future__ import annotations

import abc
from typing import Any

from torch import Tensor, nn

Batch = Any
"""Whatever a head's batch source returns: a tensor, or tuples, lists and dicts of tensors."""

Losses = dict[str, Tensor]
"""Named scalar losses; the trainer minimises their sum and reports each by name."""


class Game(nn.Module, abc.ABC):
    """Two players and their losses (Goodfellow et al. 2014, arXiv 1406.2661).

    A player may be one network or an `nn.ModuleDict` of several. Without a discriminator the game is
    plain training of the generator: the fidelity stage of an upscaler, for one.

    The trainer freezes the player whose turn it is not, so a head never needs `no_grad` or `detach`:
    in the discriminator's turn no graph is built through the generator, and in the generator's turn the
    discriminator passes gradients on but gets none.

    A head may draw randomness from torch's own generator; the trainer seeds it for every step.
    """

    generator: nn.Module
    discriminator: nn.Module | None

    def __init__(self, generator: nn.Module, discriminator: nn.Module | None = None) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator

    @abc.abstractmethod
    def generator_losses(self, batch: Batch) -> Losses:
        """What the generator minimises on this batch."""

    def discriminator_losses(self, batch: Batch) -> Losses:
        """What the discriminator minimises on this batch; needed only where there is one."""
        raise NotImplementedError(f"{type(self).__name__} has a discriminator but no discriminator_losses")
