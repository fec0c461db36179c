"""What an expansion did, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path


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


@dataclass(frozen=True, kw_only=True)
class ExpansionReport:
    """What happened in all classes."""

    out: Path
    """The new folder; `out / "images"` is the set."""
    model: str
    """SHA-256 of the generator's file."""
    seed: int
    label_checked: bool
    """Whether the model carries a classifier; without one labels stay unchecked."""
    classes: tuple[ClassReport, ...]

    @property
    def added(self) -> int:
        """Synthetic images in the new set."""
        return sum(entry.added for entry in self.classes)

    def as_json(self) -> dict[str, object]:
        """The report as plain values, without the place it was written to."""
        values = asdict(self) | {"added": self.added, "classes": [asdict(entry) for entry in self.classes]}
        del values["out"]
        return values

    def verdict(self) -> str:
        """One sentence for a reader in a hurry."""
        real, wanted = sum(c.real for c in self.classes), sum(c.wanted for c in self.classes)
        if wanted == 0:
            return f"nothing added: no class wants for images, the {real} real images stand alone"
        if self.added == 0:
            tried = sum(c.generated for c in self.classes)
            return (
                f"nothing added: none of {tried} generated images passed, the {real} real images stand alone"
            )
        unchecked = "" if self.label_checked else "; labels unchecked, the model has no classifier"
        short = [c.name for c in self.classes if c.added < c.wanted]
        few = f"; too few passed in {', '.join(short)}" if short else ""
        return f"{self.added} synthetic images added to {real} real ones{few}{unchecked}"
