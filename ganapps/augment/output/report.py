"""What an expansion did, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ... import __version__
from ...export.card import UNKNOWN_LICENCE
from ..synthetic.amount import Amount
from ..synthetic.memorisation import Memorisation
from .origin import Licence, Source


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """What happened in one class, in images."""

    name: str
    real: int
    wanted: int
    """Synthetic images that would fill the class."""
    generated: int
    """Images that were generated and judged: the sum of all that follow."""
    wrong_label: int
    """Dropped: the classifier does not see the label in it."""
    near_copies: int
    """Dropped: too close to a real image."""
    repeats: int
    """Dropped: too close to a synthetic image that is already in."""
    added: int
    far: int = 0
    """Dropped: far from its class in pretrained features, see `synthetic.spread`."""
    spare: int = 0
    """Dropped: like others that were taken."""
    held_back: int = 0
    """Dropped: more than help, see `synthetic.amount`."""
    pseudo_labelled: int = 0
    """Real images that joined under a label that a classifier gave them; not part of `added`."""


@dataclass(frozen=True, kw_only=True)
class RejectedImage:
    """An image that was generated, dropped, and kept beside the set to be looked at."""

    name: str
    """Of its class."""
    reason: str
    file: str
    """In the new folder."""
    seed: int
    confidence: float | None
    nearest_real: str
    distance: float


@dataclass(frozen=True, kw_only=True)
class ExpansionReport:
    """What happened in all classes."""

    out: Path
    """The new folder; `out / "images"` is the set."""
    kind: Literal["synthetic", "classic"] = "synthetic"
    """What was added: images of a generator, or changed copies of the real ones."""
    model: str | None
    """SHA-256 of the generator's file; None where there is none."""
    policy: Mapping[str, Any] | None = None
    """Of changed copies the classic policy with all its numbers, and how it was chosen."""
    seed: int
    label_checked: bool
    """Whether the model carries a classifier; without one labels stay unchecked."""
    classes: tuple[ClassReport, ...]
    rejected: tuple[RejectedImage, ...] = ()
    """A few of those that were dropped."""
    memorisation: Memorisation | None = None
    """None where nothing was learned, so that nothing can have been memorised."""
    source: Source
    licence: Licence = Licence(text=UNKNOWN_LICENCE)
    command: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    unlabelled: Mapping[str, Any] | None = None
    """What became of unlabelled images, see `unlabelled.pseudo`; None where none were given."""
    amount: Amount | None = None
    """How many of the synthetic images that passed help; None where that was not asked."""

    @property
    def added(self) -> int:
        """Synthetic images in the new set."""
        return sum(entry.added for entry in self.classes)

    def as_json(self) -> dict[str, object]:
        """The report as plain values, without the place it was written to."""
        values = asdict(self) | {
            "added": self.added,
            "classes": [asdict(entry) for entry in self.classes],
            "rejected": [asdict(entry) for entry in self.rejected],
            "verdict": self.verdict(),
            "version": __version__,
            "proof": None,
        }
        if self.amount is not None:
            values["amount"]["sentence"] = self.amount.phrase()
        if self.memorisation is not None:
            values["memorisation"]["sentence"] = self.memorisation.sentence()
        del values["out"]
        return values

    @property
    def pseudo_labelled(self) -> int:
        """Real images whose label was guessed."""
        return sum(entry.pseudo_labelled for entry in self.classes)

    def verdict(self) -> str:
        """One sentence for a reader in a hurry."""
        if self.unlabelled is None:
            return self._synthetic_verdict()
        if not self.pseudo_labelled:
            return f"no unlabelled image was sure enough of its class; {self._synthetic_verdict()}"
        share = self.unlabelled["precision_expected"]
        added = f"{self.added} synthetic and " if self.added else ""
        return (
            f"{added}{self.pseudo_labelled} unlabelled images added to {sum(c.real for c in self.classes)}"
            f" real ones; of the labels guessed about {share:.0%} are right"
        )

    def _synthetic_verdict(self) -> str:
        real, wanted = sum(c.real for c in self.classes), sum(c.wanted for c in self.classes)
        if wanted == 0:
            return f"nothing added: no class wants for images, the {real} real images stand alone"
        if self.kind == "classic":
            return self._classic_verdict(real)
        if self.added == 0 and self.amount is not None:
            return f"nothing added: {self.amount.phrase()}, the {real} real images stand alone"
        if self.added == 0:
            tried = sum(c.generated for c in self.classes)
            return (
                f"nothing added: none of {tried} generated images passed, the {real} real images stand alone"
            )
        unchecked = "" if self.label_checked else "; labels unchecked, the model has no classifier"
        short = [c.name for c in self.classes if c.added + c.held_back < c.wanted]
        few = f"; too few passed in {', '.join(short)}" if short else ""
        chosen = f": {self.amount.phrase()}" if self.amount is not None else ""
        return f"{self.added} synthetic images added to {real} real ones{chosen}{few}{unchecked}"

    def _classic_verdict(self, real: int) -> str:
        if self.added == 0:
            return (
                "nothing added: no classic policy did better on held-out folds than the images as they are,"
                f" the {real} real images stand alone"
            )
        return f"{self.added} classic-augmented copies added to {real} real ones"
