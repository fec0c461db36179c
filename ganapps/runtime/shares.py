"""Progress of a part of the work as progress of the whole."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[float], None] | None
"""Called with the finished fraction, in (0, 1]."""


def part(on_progress: OnProgress, start: float, stop: float) -> OnProgress:
    """What to call from a part that goes from `start` to `stop` of the whole, both in [0, 1]."""
    if on_progress is None:
        return None
    return lambda fraction: on_progress(start + (stop - start) * fraction)


def passes(on_progress: OnProgress, growth: int, count: int) -> list[OnProgress]:
    """What to call from each of `count` passes, of which each takes `growth` times as long as the last."""
    times = [growth**i for i in range(count)]
    ends = [sum(times[:i]) / sum(times) for i in range(count + 1)] if times else []
    return [part(on_progress, start, stop) for start, stop in zip(ends, ends[1:], strict=False)]
