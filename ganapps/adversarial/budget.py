"""How long a training may go on."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit in minutes, in images, or in both; whichever is spent first ends the training.

    Minutes are those of the training itself, added up over every resumption. Schedules follow the share that
    is spent, so under a budget in minutes they depend on the machine's speed; one in images does not.

    Raises:
        UsageError: there is no limit at all, or one that is not above zero.
    """

    minutes: float | None = None
    """Wall-clock minutes; None means off."""
    images: int | None = None
    """Images, or whatever else a batch holds, shown to the generator's side of the game; None means off."""

    def __post_init__(self) -> None:
        if self.minutes is None and self.images is None:
            raise UsageError("training needs a budget: give minutes or images, for example --minutes 30")
        for name, value in (("minutes", self.minutes), ("images", self.images)):
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be above 0, got {value}")

    def progress(self, seconds: float, images: int) -> float:
        """The share of the budget that is spent, 0 to 1.

        Example:
            >>> Budget(minutes=10, images=1000).progress(seconds=60, images=500)
            0.5
        """
        by_time = seconds / (60 * self.minutes) if self.minutes else 0.0
        by_images = images / self.images if self.images else 0.0
        return min(1.0, max(by_time, by_images))
