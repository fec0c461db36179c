"""The arms of a proof: the sets that one and the same classifier is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .pool import Labelled, Pool, draw_rows


class Arm(StrEnum):
    """What is trained on. All but the first with the tuned classic policy, on every image alike."""

    REAL = "real"
    CLASSIC = "real + classic"
    DUPLICATED = "+ duplicated real"
    UNFILTERED = "+ unfiltered synthetic"
    SELECTED = "+ selected images"
    """Synthetic ones, and unlabelled ones whose label was guessed."""
    CEILING = "+ extra real"


@dataclass(frozen=True, eq=False)
class Material:
    """All that arms are made of."""

    num_classes: int
    real: Labelled
    selected: tuple[Labelled, ...]
    """What each expansion adds; the s-th seed takes the one with number s modulo their number."""
    unfiltered: tuple[Labelled | None, ...]
    """What each generator makes unfiltered, where it can be had."""
    extra: Labelled | None
    """Further real images."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Those that can be made under every seed."""
        have = {Arm.REAL, Arm.CLASSIC}
        if any(len(added.labels) for added in self.selected):
            have |= {Arm.DUPLICATED, Arm.SELECTED}
            if self.extra is not None:
                have.add(Arm.CEILING)
        if all(drawn is not None for drawn in self.unfiltered):
            have.add(Arm.UNFILTERED)
        return tuple(arm for arm in Arm if arm in have)

    def pool(self, arm: Arm, number: int, *, seed: int) -> Pool:
        """The images of an arm under the `number`-th seed.

        Duplicated real images are as many of each class as that seed's expansion adds, every image once
        before one comes twice. So are extra real ones, or all there are of a class where they are fewer.

        Args:
            arm: one of `arms`.
            number: which of the seeds it is, from 0.
            seed: what images are drawn from where there is a choice.
        """
        own, added = self.real.part(), self.selected[number % len(self.selected)]
        wanted = added.counts(self.num_classes)
        if arm is Arm.DUPLICATED:
            return Pool((own, self.real.part(draw_rows(self.real.labels, wanted, seed))))
        if arm is Arm.SELECTED:
            return Pool((own, added.part()))
        if arm is Arm.UNFILTERED and (drawn := self.unfiltered[number % len(self.unfiltered)]) is not None:
            return Pool((own, drawn.part()))
        if arm is Arm.CEILING and self.extra is not None:
            wanted = wanted.clip(max=self.extra.counts(self.num_classes))
            return Pool((own, self.extra.part(draw_rows(self.extra.labels, wanted, seed))))
        return Pool((own,))
