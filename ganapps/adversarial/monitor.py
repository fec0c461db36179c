"""What a training says of itself while it runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..errors import OutputError, TrainingDiverged


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where a training stands."""

    images: int
    """Images seen."""
    progress: float
    """Share of the budget that is spent, 0 to 1."""
    seconds: float
    """Seconds trained, over all resumptions."""
    seconds_left: float | None
    """Estimated seconds to the end; None at the very start."""
    scalars: dict[str, float] = field(default_factory=dict)
    """Means since the last report: losses and gradient norms by player, what the matches observed, images a
    second, held-out scores."""
    notes: tuple[str, ...] = ()
    """What went wrong since the last report, what was done about it, and what to try; a sentence each."""


OnReport = Callable[[Report], None]


class RunLog:
    """Appends every report to a JSON lines file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, report: Report) -> None:
        line: dict[str, object] = {"images": report.images, "progress": round(report.progress, 6)}
        line |= {"seconds": round(report.seconds, 2), **report.scalars}
        if report.notes:
            line["notes"] = list(report.notes)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise OutputError(f"cannot write the training log {self.path}: {error}") from error


def tell_all(*listeners: OnReport | None) -> OnReport:
    """One listener that passes every report on to all that are not None, in order."""

    def tell(report: Report) -> None:
        for listener in listeners:
            if listener is not None:
                listener(report)

    return tell


class Means:
    """Running means of named scalars."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, scalars: dict[str, float]) -> None:
        """Count one more value of each scalar."""
        for name, value in scalars.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means so far; counting starts anew."""
        means = {name: total / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means


def numbers(scalars: dict[str, Tensor]) -> dict[str, float]:
    """The same as floats, with one transfer from the device for all."""
    if not scalars:
        return {}
    values = torch.stack([scalar.float() for scalar in scalars.values()]).tolist()
    return dict(zip(scalars, values, strict=True))


def require_finite(scalars: dict[str, float], images: int) -> None:
    """Stop a training whose losses or gradients are no longer numbers.

    Raises:
        TrainingDiverged: naming the first scalar that is NaN or infinite, before it reaches the weights.
    """
    for name, value in scalars.items():
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"{name} became {value} after {images:,} images", "try a lower learning rate or a larger R1"
            )
