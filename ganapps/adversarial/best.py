"""The best averaged generator of a run, by a held-out score."""

from __future__ import annotations

import copy
import math
from typing import Any

from torch import nn


class Best:
    """Keeps a copy of the weights that scored best.

    Args:
        score: the score's name in what `evaluate` returns.
        highest: whether more is better.

    Attributes:
        value: the best score; None before the first.
        images: images seen when it was reached.
        weights: the state dict of then.
    """

    def __init__(self, score: str, *, highest: bool = True) -> None:
        self.score, self.highest = score, highest
        self.value: float | None = None
        self.images = 0
        self.weights: dict[str, Any] = {}

    def see(self, scores: dict[str, float], images: int, network: nn.Module) -> None:
        """Compare one more evaluation; scores without ours, or where it is NaN, change nothing."""
        value = scores.get(self.score)
        if value is None or math.isnan(value):  # nothing would ever be better than NaN
            return
        if self.value is None or (value > self.value if self.highest else value < self.value):
            self.value, self.images = value, images
            self.weights = copy.deepcopy(network.state_dict())

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"value": self.value, "images": self.images, "weights": self.weights}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.value, self.images, self.weights = state["value"], state["images"], state["weights"]


def best_weights(checkpoint: dict[str, Any]) -> Any:
    """The averaged generator that a run's checkpoint holds, as it was when it scored best.

    Args:
        checkpoint: what `load_checkpoint` gave.

    Returns:
        Its state dict: the last one where the run kept no score, and None where there is none.
    """
    best = checkpoint.get("best")
    return best["weights"] if best and best["weights"] else checkpoint.get("ema")
