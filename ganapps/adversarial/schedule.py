"""Learning-rate schedules as pure functions of progress, a number from 0 to 1."""

from __future__ import annotations

import math

from ..errors import UsageError


def warmup_cosine(progress: float, *, warmup: float = 0.0, final: float = 0.0) -> float:
    """A factor that rises linearly from 0 to 1 over `warmup` and falls to `final` along half a cosine.

    Args:
        progress: share of the budget that is spent, 0 to 1.
        warmup: share of the budget spent rising; 0 means at once.
        final: factor at the end; 1 means constant after the warm-up.

    Source: Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5, without restarts.

    Example:
        >>> [round(warmup_cosine(p, warmup=0.1), 2) for p in (0.0, 0.05, 0.1, 0.55, 1.0)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warmup:
        return progress / warmup
    fall = (min(progress, 1.0) - warmup) / (1 - warmup)
    return final + (1 - final) * (1 + math.cos(math.pi * fall)) / 2


def transition(progress: float, *, start: float, end: float) -> float:
    """A factor that is 0 until `start`, 1 from `end` on, and a straight line between.

    Shahbazi et al. 2022, arXiv 2201.06578, section 4: with few images, a conditional game that begins
    unconditional does not collapse. Weigh whatever knows the condition by it, in both players. Where `start`
    equals `end`, it jumps.

    Raises:
        UsageError: `start` lies after `end`.

    Example:
        >>> [transition(p, start=0.25, end=0.75) for p in (0.1, 0.5, 0.9)]
        [0.0, 0.5, 1.0]
    """
    if start > end:
        raise UsageError(f"a transition must not end before it starts, got start = {start}, end = {end}")
    if start == end:
        return float(progress >= end)
    return min(1.0, max(0.0, (progress - start) / (end - start)))
