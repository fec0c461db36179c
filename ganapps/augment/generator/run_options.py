"""What is worth knowing of a training run, as its folder keeps it in `options.json`."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import CheckpointError
from ...runs.options import read_options
from ..sets.dataset import LabelledImages, Pixels
from .game import DISCRIMINATORS, PLAIN, PROJECTED
from .networks import Architecture

_RECIPES = {
    PLAIN: "labelled game: relativistic pairing, R1, R2, DiffAugment",
    PROJECTED: "labelled game on pretrained features: relativistic pairing, R1, R2, DiffAugment",
}


def describe_run(
    found: LabelledImages, pixels: Pixels, *, discriminator: str, seed: int, name: str, licence: str
) -> dict[str, Any]:
    """All of it, as JSON keeps it."""
    _, height, width, channels = pixels.shape
    architecture = Architecture(num_classes=len(found.classes), height=height, width=width, channels=channels)
    fingerprint = hashlib.sha256(pixels.tobytes() + found.labels.tobytes())
    return {
        "task": "sample",
        "name": name,
        "licence": licence,
        "trained_on": f"{found.root.resolve().name}: {len(pixels)} images of {len(found.classes)} classes",
        "recipe": _RECIPES[discriminator],
        "discriminator": discriminator,
        "classes": list(found.classes),
        "counts": list(found.counts),
        "architecture": asdict(architecture),
        "seed": seed,
        "data_sha256": fingerprint.hexdigest(),
    }


def architecture_of(run: Path) -> Architecture:
    """Sizes of a run's networks.

    Raises:
        CheckpointError: it is no run, or its options are damaged.
    """
    try:
        return Architecture(**read_options(run)["architecture"])
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{run} holds no run of ganapps train augment: {error}") from error


def discriminator_of(run: Path) -> str:
    """Which discriminator a run began with; runs from before there was a choice have the plain one.

    Raises:
        CheckpointError: there is no run, or one of another discriminator than these.
    """
    name = read_options(run).get("discriminator", PLAIN)
    if name not in DISCRIMINATORS:
        raise CheckpointError(f"the run in {run} has a discriminator {name!r}, which is not known here")
    return str(name)


def require_same(run: Path, found: LabelledImages, options: dict[str, Any]) -> None:
    """Check that a run goes on with what it began with.

    Raises:
        CheckpointError: the run is not there or began with other images or another discriminator.
    """
    before = read_options(run)
    began, goes_on = before.get("discriminator", PLAIN), options["discriminator"]
    if began != goes_on:
        raise CheckpointError(
            f"the run in {run} began with the {began} discriminator, not with the {goes_on} one: resume it"
            f" with --discriminator {began} or without that option"
        )
    for key, what in (("classes", "classes"), ("architecture", "image size"), ("data_sha256", "images")):
        if before.get(key) != options[key]:
            raise CheckpointError(
                f"the run in {run} began with other {what} than {found.root} has now;"
                " start a new run in another folder"
            )
