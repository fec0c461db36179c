"""What a head supplies: two players and what each of them loses on a batch."""

from __future__ import annotations

import abc
from typing import Any

from torch import Tensor, nn

from .match import Match

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

    In a round `discriminator_losses` is called once for each batch of each of the k turns, and then
    `generator_losses` once for each batch of its turn; a turn has one batch unless gradients are accumulated.
    The networks of one player share a learning rate and a gradient norm, and without a discriminator whatever
    is trained is "the generator".

    A head may draw randomness from torch's own generator; the trainer seeds it for every step. What a head
    must remember from round to round lies in buffers, so that it is part of the checkpoint.
    """

    generator: nn.Module
    discriminator: nn.Module | None
    progress: float = 0.0
    """Share of the budget that is spent, 0 to 1, set by the trainer before every round."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module | None = None) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self._average = (generator,)

    @property
    def average(self) -> nn.Module:
        """The averaged generator, or before there is a trainer the generator itself."""
        return self._average[0]

    def follow(self, average: nn.Module) -> None:
        """Told by the trainer which network averages the generator. It is no part of the game's state."""
        self._average = (average,)

    @abc.abstractmethod
    def generator_losses(self, batch: Batch) -> Losses:
        """What the generator minimises on this batch."""

    def matches(self) -> dict[str, Match]:
        """Every match that is played, by the name of its attribute."""
        return {name: module for name, module in self.named_modules() if isinstance(module, Match)}

    def discriminator_losses(self, batch: Batch) -> Losses:
        """What the discriminator minimises on this batch; needed only where there is one."""
        raise NotImplementedError(f"{type(self).__name__} has a discriminator but no discriminator_losses")
