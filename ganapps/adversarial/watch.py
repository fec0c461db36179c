"""Notices when a game goes wrong, says so in a sentence, and says what to do about it.

The equilibrium is where the discriminator cannot tell real from generated (arXiv 1406.2661, theorem 1), so
the share of pairs it tells apart is watched; and how far generated images spread, against real ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum

_HALF_LIFE_IMAGES = 2_000.0
_PATIENCE_IMAGES = 10_000
"""How long a state must last, and the time between two interventions."""
_WINNING = 0.995
"""Share of pairs told apart at which the generator learns nothing any more."""
_COLLAPSED, _SPREAD = 0.15, 0.4
"""Diversity that counts as collapse, once one of at least `_SPREAD` had been reached."""
_STRENGTHENINGS = 3


class Action(Enum):
    """What a training does about a finding."""

    NOTHING = "nothing was done"
    STRENGTHEN = "its regularisers are twice as strong from now on"
    STOP = "training stopped"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that went wrong."""

    happened: str
    action: Action
    advice: str

    def sentence(self, done: str | None = None) -> str:
        """What happened, what was done, what to try."""
        return f"{self.happened}; {done or self.action.value}; {self.advice}"


@dataclass
class Watch:
    """Follows a match, a function of the moves seen alone, so that a resumed run acts as the unbroken one.

    Example:
        >>> watch = Watch()
        >>> for i in range(40):
        ...     finding = watch.see({"told apart": 1.0, "diversity": 1.0}, 1000)
        ...     if finding:
        ...         print(finding.happened, "|", finding.action.name)
        the discriminator tells 100 % of real and generated images apart | STRENGTHEN
        the discriminator tells 100 % of real and generated images apart | STRENGTHEN
    """

    told_apart: float = 0.5
    diversity: float = 1.0
    widest: float = 0.0
    """The largest diversity so far."""
    winning_images: int = 0
    """Images for which the discriminator has been winning."""
    collapsed_images: int = 0
    strengthened: int = 0
    """How often regularisation was made stronger."""

    def see(self, observed: dict[str, float], images: int) -> Finding | None:
        """Take in what a match observed over a number of images; a finding, if there is one."""
        keep = 0.5 ** (images / _HALF_LIFE_IMAGES)
        self.told_apart += (1 - keep) * (observed.get("told apart", self.told_apart) - self.told_apart)
        self.diversity += (1 - keep) * (observed.get("diversity", self.diversity) - self.diversity)
        self.widest = max(self.widest, observed.get("diversity", 0.0))
        self.winning_images = self.winning_images + images if self.told_apart > _WINNING else 0
        collapsed = self.diversity < _COLLAPSED and self.widest > _SPREAD
        self.collapsed_images = self.collapsed_images + images if collapsed else 0
        if self.collapsed_images >= _PATIENCE_IMAGES:
            return self._collapse()
        # What regularisation could not change is said once more, and then left alone.
        if self.winning_images >= _PATIENCE_IMAGES and self.strengthened <= _STRENGTHENINGS:
            return self._win()
        return None

    def _collapse(self) -> Finding:
        self.collapsed_images = 0
        return Finding(
            happened=f"the generator has collapsed: its images spread {100 * self.diversity:.0f} % as far as"
            " real ones",
            action=self._strengthen() or Action.STOP,
            advice="try a relativistic objective, R1 with R2, or a lower learning rate",
        )

    def _win(self) -> Finding:
        self.winning_images = 0
        return Finding(
            happened=f"the discriminator tells {100 * self.told_apart:.0f} % of real and generated images"
            " apart",
            action=self._strengthen() or Action.NOTHING,
            advice="try a larger R1, DiffAugment where images are few, or a lower rate for the discriminator",
        )

    def _strengthen(self) -> Action | None:
        self.strengthened += 1
        return Action.STRENGTHEN if self.strengthened <= _STRENGTHENINGS else None

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps; `Watch(**state)` goes on from it."""
        return asdict(self)
