"""A set that already lies where one is asked for: the same command goes on with it, another one does not.

An expansion appears whole. What may still be missing beside it is its training's folder, which is moved last,
and its proof, which comes after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import DataError, OutputError
from ...runtime.zoo import find_weights
from ..sets.dataset import find_images
from .expansion import Expansion, read_expansion
from .origin import fingerprint

_OPTIONS = {
    "seed": "--seed",
    "per_class": "--per-class",
    "model": "--model",
    "minutes": "--minutes",
    "images": "--images",
    "classic_only": "--classic-only",
    "policy": "--policy",
    "unlabeled": "--unlabeled",
    "label_precision": "--label-precision",
}
"""What a request holds, and the options that say it."""


def describe_request(
    *,
    seed: int,
    per_class: int | None = None,
    model: str | Path | None = None,
    minutes: float | None = None,
    images: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What was asked for, in values by which two requests are the same or not.

    Args:
        seed, per_class, minutes, images: as they were given.
        model: the generator's name or file; its SHA-256 stands for it.
        more: further options.

    Raises:
        ModelError: there is no such model.
    """
    digest = None if model is None else hashlib.sha256(find_weights(model).read_bytes()).hexdigest()
    request = {"seed": seed, "per_class": per_class, "model": digest, "minutes": minutes, "images": images}
    return request | {name: value for name, value in more.items() if value}


def find_earlier(data: Path, out: Path, request: Mapping[str, Any]) -> Expansion | None:
    """The set that the same command has already written, waiting for its proof.

    Args:
        data: the real set.
        out: where the new one is to be.
        request: see `describe_request`.

    Returns:
        None where nothing is there.

    Raises:
        OutputError: something else is there: another set, that of another command, or one that is finished.
        DataError: the real set cannot be read.
    """
    if not out.is_dir() or not any(out.iterdir()):
        return None
    new = "give the name of a new folder"
    try:
        found = read_expansion(out)
    except DataError as error:
        raise OutputError(f"the output folder {out} is not empty; {new}") from error
    before = found.report.get("request")
    if not isinstance(before, dict) or not before:
        raise OutputError(f"the output folder {out} is not empty; {new}")
    for name, option in _OPTIONS.items():
        if before.get(name) != request.get(name):
            raise OutputError(
                f"the output folder {out} holds a set that was made with another {option}; {new}, or measure"
                f" that set: ganapps prove {data} {out} --test TEST"
            )
    if found.report["source"]["sha256"] != fingerprint(find_images(data)):
        raise OutputError(f"the output folder {out} holds a set that was made from other images; {new}")
    if found.report.get("proof") is not None:
        raise OutputError(
            f"{out} is finished, its proof too: see {out / 'report.html'}; to make another set {new}"
        )
    return found


def settle_training(out: Path) -> None:
    """Move the training's folder from beside the set into it, where that has not been done.

    Raises:
        OSError: it cannot be moved.
    """
    run = training_folder(out)
    if run.is_dir() and not (out / "training").exists():
        run.rename(out / "training")


def training_folder(out: Path) -> Path:
    """Where the training lies until the set is whole."""
    return out.absolute().with_name(f"{out.name}-training")
