"""How many synthetic images join a set, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TriedAmount:
    """An amount and how a classifier did with it."""

    share: float
    """Of the images of each class that passed the selection, 0 to 1."""
    images: int
    """How many that are."""
    score: float
    """Balanced accuracy on real images that were held out, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What was chosen."""

    share: float
    """Of the images of each class that passed the selection, 0 to 1."""
    network: str
    """The classifier that was asked."""
    tried: tuple[TriedAmount, ...]
    """None first, and then more and more."""
    difference: float
    """Score of the best amount above none, less the score without any, -1 to 1."""
    error: float
    """Standard error of that."""

    def phrase(self) -> str:
        """What was found, for the middle of a sentence."""
        if not self.tried:
            return "none of the images that passed lies inside its class in pretrained features"
        without, best = self.tried[0], max(self.tried[1:], key=lambda tried: tried.score)
        return (
            f"on held-out real images a classifier {self.network} has {best.score:.1%} balanced accuracy with"
            f" {best.images} of them and {without.score:.1%} without ({100 * self.difference:+.1f}"
            f" +- {100 * self.error:.1f} points)"
        )


NOTHING = Amount(share=0.0, network="", tried=(), difference=0.0, error=0.0)
"""Where there was nothing to ask about."""
