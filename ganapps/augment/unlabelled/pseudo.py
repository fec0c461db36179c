"""What labelling images by a classifier came to: the input of whoever writes the larger set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..sets.dataset import Pixels
from .reasons import Reason


@dataclass(frozen=True, eq=False)
class Accepted:
    """An unlabelled image that joins the set."""

    file: Path | None
    """Its file; None where it is a row of an .npz file."""
    source: str
    """What to call it: its path below the folder, or `FILE[row]`."""
    pixels: Pixels
    """`[H, W, C]` at the set's size."""
    native: Pixels
    """`[h, w, c]` as it came, where it is a row; of a file the same as `pixels`."""
    label: int
    """The class it is taken for, a number of `PseudoLabelled.classes`."""
    confidence: float
    """Calibrated probability of that class, 0 to 1."""


@dataclass(frozen=True)
class Candidate:
    """A classifier that was tried, and how it did on labelled images that were held out."""

    name: str
    balanced_accuracy: float
    """0 to 1."""
    log_loss: float
    """Mean negative log-likelihood after calibration, in nats."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """The classifier behind the labels; what is measured was measured on held-out labelled images."""

    candidates: tuple[Candidate, ...]
    chosen: str
    """Name of the candidate with the best balanced accuracy."""
    held_out_accuracy: float
    """Share of held-out labelled images that it names rightly, 0 to 1."""
    calibration_error: float
    """Expected calibration error after temperature scaling, 0 to 1."""
    calibration_error_before: float
    """The same before."""
    temperature: float
    labelled_prior: tuple[float, ...]
    """Shares of the classes among the labelled images."""
    prior: tuple[float, ...]
    """The same among the unlabelled images, as estimated."""
    shrinkage: float
    """How far the estimate went from the first towards maximum likelihood, 0 to 1."""
    updates: int
    """Of each training of the network from scratch; 0 where there was none."""
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PseudoLabelled:
    """Accepted images, counted reasons for the others, and where the labels come from."""

    root: Path
    """What was given: a folder or an .npz file."""
    classes: tuple[str, ...]
    found: int
    """Images that were found: the accepted ones and all that were left out."""
    accepted: tuple[Accepted, ...]
    """In the order of classes, and within one the surest first."""
    left_out: Mapping[Reason, int]
    """All reasons, also those of no image."""
    damaged: tuple[str, ...]
    """What is wrong with each damaged file, a sentence each."""
    precision: float | None
    """The share of right labels that was asked for, 0 to 1; None where none was."""
    expected_precision: float | None
    """The mean confidence of the accepted images; None where there are none."""
    thresholds: tuple[float | None, ...]
    """Least confidence that is accepted, class by class; None for a class of which nothing is."""
    training: Training | None
    """None where no image was left to label."""
    classifier: bytes | None
    """The classifier as an .onnx file, see `ganapps.export.classifier`; None where there is no training."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Accepted images of each class, `[K]`."""
        labels = np.array([image.label for image in self.accepted], dtype=np.int64)
        return np.bincount(labels, minlength=len(self.classes))

    def of_class(self, label: int) -> tuple[Accepted, ...]:
        """The accepted images of one class."""
        return tuple(image for image in self.accepted if image.label == label)

    def as_json(self) -> dict[str, object]:
        """The report as plain values, without the images and without the place they came from."""
        training = self.training
        return {
            "found": self.found,
            "accepted": len(self.accepted),
            "per_class": dict(zip(self.classes, self.counts.tolist(), strict=True)),
            "left_out": {reason.value: count for reason, count in self.left_out.items()},
            "damaged": list(self.damaged),
            "precision_asked": self.precision,
            "precision_expected": _rounded(self.expected_precision),
            "thresholds": dict(zip(self.classes, map(_rounded, self.thresholds), strict=True)),
            "classifier": None
            if training is None
            else {
                "chosen": training.chosen,
                "candidates": {
                    c.name: {
                        "balanced_accuracy": _rounded(c.balanced_accuracy),
                        "log_loss": _rounded(c.log_loss),
                    }
                    for c in training.candidates
                },
                "held_out_accuracy": _rounded(training.held_out_accuracy),
                "calibration_error": _rounded(training.calibration_error),
                "calibration_error_before": _rounded(training.calibration_error_before),
                "temperature": _rounded(training.temperature),
                "prior": dict(zip(self.classes, map(_rounded, training.prior), strict=True)),
                "prior_shrinkage": _rounded(training.shrinkage),
                "updates": training.updates,
                "seconds": training.seconds,
            },
        }

    def sentence(self) -> str:
        """One sentence for a reader in a hurry."""
        if not self.accepted:
            return f"none of {self.found} unlabelled images is sure enough of its class to be added"
        expected = (
            f", about {self.expected_precision:.0%} of the labels right" if self.expected_precision else ""
        )
        return f"{len(self.accepted)} of {self.found} unlabelled images added{expected}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
