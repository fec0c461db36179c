"""What an expanded set comes to, in sentences that the data card and the page share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..synthetic.selection import Verdict
from .expansion import KINDS, Expansion

HOW = {
    "synthetic": "images drawn from a conditional generator (a GAN) that was trained on the real images",
    "classic": "copies of real images, changed by a classic policy (moved, turned, zoomed, ...)",
    "pseudo-labelled": "real images without labels, taken for the class that a classifier sees in them",
}
"""How each kind of image came about."""
DROPPED = {
    "wrong label": "a classifier of the real images does not see the label in it",
    "near-copies": "too close to a real image",
    "repeats": "too close to an image already added",
    "far": Verdict.FAR.value,
    "spare": Verdict.SPARE.value,
    "held back": Verdict.HELD_BACK.value,
}
"""Why images were dropped that were made."""
GIVEN = (
    "images drawn from a conditional generator (a GAN) that was given with --model; what it was trained on is"
    " not known here"
)
"""The same where nothing was trained."""


def verdict(expansion: Expansion) -> str:
    """Whether the set makes a better classifier, as far as that was measured."""
    if expansion.proof is not None:
        return str(expansion.proof["sentence"])
    return (
        "not measured: no proof on held-out images was made, and added images can do harm; with a test set,"
        " ganapps prove measures it"
    )


def added(expansion: Expansion) -> str:
    """What was added."""
    return str(expansion.report.get("verdict") or f"{len(expansion.lines)} images added")


def dropped(entry: Mapping[str, Any]) -> dict[str, int]:
    """Images of a class that were made and dropped, by reason."""
    fields = {reason: reason.replace(" ", "_").replace("-", "_") for reason in DROPPED}
    return {reason: int(entry.get(field, 0)) for reason, field in fields.items()}


def memorisation(expansion: Expansion) -> str | None:
    """How near synthetic images lie to those that were learned from; None where nothing was learned."""
    found = expansion.report.get("memorisation")
    return str(found["sentence"]) if isinstance(found, dict) else None


def policy(expansion: Expansion) -> dict[str, Any] | None:
    """The classic policy of a set of changed copies: its name and its numbers."""
    found = expansion.report.get("policy")
    return dict(found) if isinstance(found, dict) else None


def licence(expansion: Expansion) -> str:
    """The licence of the real images, and where it says so."""
    found = expansion.report["licence"]
    return f"{found['text']} (whole text: {found['file']})" if found["file"] else str(found["text"])


def made(expansion: Expansion) -> list[str]:
    """How each kind of image in the set came about; a phrase each."""
    given = bool(expansion.report["request"].get("model"))
    how = HOW | ({"synthetic": GIVEN} if given else {})
    return [f"{KINDS.get(kind, kind)}: {how.get(kind, 'see manifest.jsonl')}" for kind in expansion.kinds]


def limits(expansion: Expansion) -> list[str]:
    """What the set is not, a sentence each."""
    found = [
        "Added images are for training. Test on real images that nothing was trained on, and on no others."
    ]
    if expansion.report.get("kind") == "classic":
        found.append(
            "Classic augmentation is best applied afresh in training, where every epoch sees other changes;"
            " the copies here are a fixed sample of them."
        )
        return found
    found.append(
        "A generator knows nothing but the images it was trained on: what they lack or over-represent, the"
        " added images lack and over-represent as well."
    )
    if not expansion.report["label_checked"]:
        found.append("The labels of the added images were not checked: the model carries no classifier.")
    if expansion.proof is None:
        found.append("Whether the added images make a better classifier was not measured.")
    found.append(
        "Near-copies of real images were dropped by a distance between small copies; that is no guarantee"
        " that nothing personal in the real images can be recognised."
    )
    return found
