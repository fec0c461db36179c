"""One player of the game: its weights, its optimiser and its moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .devices import average_gradients, mean_over_devices
from .game import Losses
from .muon import Muon
from .options import ADAM, MUON, TrainingOptions


class Player:
    """Moves one network.

    Args:
        name: "generator" or "discriminator", the prefix of what it reports.
        network: parts that need no gradient, such as pretrained features, stay frozen in its own turn, too.
        rate: step size at its peak.
        options: precision, clipping and decay rates.
        optimizer: "adam" or "muon".
    """

    def __init__(
        self, name: str, network: nn.Module, rate: float, options: TrainingOptions, optimizer: str = ADAM
    ) -> None:
        self.name, self.rate = name, rate
        self.weights = [weight for weight in network.parameters() if weight.requires_grad]
        self.optimizer = _optimizer(optimizer, self.weights, rate, options.betas)
        self._clip = options.clip or float("inf")
        self._bf16 = options.bf16

    def set_rate(self, factor: float) -> None:
        """Step with `factor` times the peak rate from now on."""
        self.optimizer.param_groups[0]["lr"] = self.rate * factor

    def freeze(self, frozen: bool) -> None:
        """Take part in the other's turn without being moved."""
        for weight in self.weights:
            weight.requires_grad_(not frozen)

    def gradients(self, losses_of: Callable[[Any], Losses], batches: Sequence[Any]) -> dict[str, Tensor]:
        """The gradient of the mean loss over these batches and those of all devices.

        Returns:
            The losses by name, and the norm of the gradient before it is clipped; scalars on the device,
            means over all devices.
        """
        device = self.weights[0].device
        self.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=self._bf16):
                losses = losses_of(batch)
            parts = {key: loss.float() / len(batches) for key, loss in losses.items()}
            torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
            for key, part in parts.items():
                sums[key] = sums[key] + part.detach() if key in sums else part.detach()
        average_gradients(self.weights)
        means = mean_over_devices(torch.stack(list(sums.values())))
        norm = nn.utils.clip_grad_norm_(self.weights, self._clip)
        return {
            **{f"{self.name}/{key}": mean for key, mean in zip(sums, means, strict=True)},
            f"{self.name}/gradient norm": norm,
        }

    def move(self) -> None:
        """Take the step."""
        self.optimizer.step()


def _optimizer(
    name: str, weights: list[nn.Parameter], rate: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    if name == MUON:
        return Muon(weights, rate, betas=betas)
    return torch.optim.Adam(weights, lr=rate, betas=betas, fused=True)
