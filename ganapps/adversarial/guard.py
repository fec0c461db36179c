"""Looks at every match after a turn, and acts on what goes wrong."""

from __future__ import annotations

from typing import Any

from ..errors import TrainingDiverged
from .devices import from_first
from .match import Match
from .monitor import numbers
from .watch import Action, Watch

_STRONGER = 2.0
"""What regularisers are multiplied by when a discriminator wins or a generator collapses."""


class Guard:
    """Watches the matches of a game.

    Args:
        matches: by name.
        acts: whether findings have consequences; otherwise the matches are reported and nothing else.

    Attributes:
        watches: what is remembered of each match.
        notes: sentences that have not been reported yet.
    """

    def __init__(self, matches: dict[str, Match], *, acts: bool) -> None:
        self.matches, self.acts = matches, acts
        self.watches = {name: Watch() for name in matches}
        self.notes: list[str] = []

    def look(self, images: int, images_a_turn: int) -> dict[str, float]:
        """How every match stands after a turn, for the report.

        Args:
            images: seen so far.
            images_a_turn: what the turn added.

        Raises:
            TrainingDiverged: a generator has collapsed and stays so.
        """
        scalars: dict[str, float] = {}
        for name, match in self.matches.items():
            observed = numbers(match.observed)
            scalars |= {f"{name}/{key}": value for key, value in observed.items()}
            if self.acts:
                # All devices act alike, on what the first one sees.
                first = dict(zip(observed, from_first([*observed.values()]), strict=True))
                self._act(name, match, first, images, images_a_turn)
        return scalars

    def _act(
        self, name: str, match: Match, observed: dict[str, float], images: int, images_a_turn: int
    ) -> None:
        finding = self.watches[name].see(observed, images_a_turn)
        if finding is None:
            return
        if finding.action is Action.STOP:
            raise TrainingDiverged(f"after {images:,} images, {finding.happened}", finding.advice)
        done = None
        if finding.action is Action.STRENGTHEN and not match.strengthen(_STRONGER):
            done = "nothing was done, as it has no regularisers"
        self.notes.append(f"after {images:,} images, {finding.sentence(done)}")

    def take_notes(self) -> tuple[str, ...]:
        """The sentences since the last call."""
        notes, self.notes = tuple(self.notes), []
        return notes

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {name: watch.state() for name, watch in self.watches.items()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises:
            KeyError: it is that of other matches.
        """
        self.watches = {name: Watch(**state[name]) for name in self.watches}
