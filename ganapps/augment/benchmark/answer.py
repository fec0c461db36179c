"""What came out for one case, and how it is kept, so that a long benchmark goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...runtime.files import write_atomically
from ..proof.arms import Arm
from ..proof.report import Comparison, ProofReport


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One row of the table; shares from 0 to 1."""

    source: str
    """Name of the set."""
    per_class: int
    classes: int
    test: int
    """Test images."""
    added: float
    """Images added, the mean over expansions."""
    network: str
    """The classifier that is better on held-out training images; the following is of it."""
    real: float
    """Balanced accuracy with the real images as they are, the mean over seeds."""
    classic: float
    """The same with tuned classic augmentation."""
    selected: float | None
    """The same and with what was added; None where nothing was."""
    ceiling: float | None
    """The same with as many further real images; None where there are none, or nothing was added."""
    classifier: float | None
    """The same of the classifiers that unlabelled images were named by; None without these."""
    difference: float
    """`selected - classic`."""
    low: float
    high: float
    """Ends of its interval of 95 %."""
    p_value: float
    verdict: str
    minutes: float | None
    """That the expansions took, all together; None where that is not known any more."""
    proof_minutes: float


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A row that cannot be had."""

    source: str
    per_class: int
    reason: str


def answer(source: str, per_class: int, report: ProofReport, *, minutes: float | None) -> Answer:
    """The row of a proof."""
    network = report.decisive
    means = {arm.arm: sum(arm.balanced_accuracy) / len(arm.balanced_accuracy) for arm in network.arms}
    found = network.comparison(Arm.CLASSIC, Arm.SELECTED)
    mean, low, high, p_value = _change(found)
    return Answer(
        source=source,
        per_class=per_class,
        classes=len(report.classes),
        test=sum(report.test),
        added=sum(map(sum, report.added)) / len(report.added),
        network=network.network,
        real=means[Arm.REAL],
        classic=means[Arm.CLASSIC],
        selected=means.get(Arm.SELECTED),
        ceiling=means.get(Arm.CEILING),
        classifier=report.labeller,
        difference=mean,
        low=low,
        high=high,
        p_value=p_value,
        verdict=report.effect.value,
        minutes=None if minutes is None else round(minutes, 2),
        proof_minutes=round(report.seconds / 60, 2),
    )


def keep(path: Path, found: Answer, asked: dict[str, Any]) -> None:
    """Write a row and what it is the answer to.

    Raises:
        OutputError: it cannot be written.
    """
    write_atomically(path, json.dumps({"asked": asked, "answer": asdict(found)}, indent=2).encode() + b"\n")


def kept(path: Path, asked: dict[str, Any]) -> Answer | None:
    """The row of an earlier run that was asked the same; None where there is none.

    Raises:
        DataError: the file is damaged, or the answer to something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        earlier, row = found["asked"], Answer(**found["answer"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged: remove it, and it is made again ({error})") from error
    if earlier != asked:
        raise DataError(f"{path.parent} holds the answer to other options: give another folder with -o")
    return row


def _change(found: Comparison | None) -> tuple[float, float, float, float]:
    """That nothing was added is no difference, for certain."""
    if found is None:
        return 0.0, 0.0, 0.0, 1.0
    change = found.difference
    return change.mean, change.low, change.high, found.p_value
