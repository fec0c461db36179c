"""What the generator of an expansion makes before anything is selected from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ...errors import ModelError
from ...runtime.sampler import Sampler
from ..sets.dataset import Shape, fit
from .pool import Labelled, Pictures

_REPORT = "report.json"


class NotAvailable(Exception):
    """An arm that cannot be had, and why: no fault of anybody's."""


def draw_unfiltered(
    expanded: Path, classes: tuple[str, ...], shape: Shape, *, threads: int | None
) -> Labelled:
    """The first images that the generator drew for the expansion, as many of each class as it wanted.

    Rejected images are not kept in the folder, but the generator is, where the expansion trained it, and with
    the seed in the report it makes the same ones again.

    Args:
        expanded: the folder that `ganapps augment` wrote.
        classes: of the real set; labels are numbers of these.
        shape: what the images are brought to, if they have another size.
        threads: CPU threads of the generator.

    Raises:
        NotAvailable: the folder has no report, or not the generator that the report names.
    """
    try:
        report = json.loads((expanded / _REPORT).read_text(encoding="utf-8"))
        model, seed = str(report["model"]), int(report["seed"])
        wanted = {str(entry["name"]): int(entry["wanted"]) for entry in report["classes"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotAvailable("the expanded set has no report of ganapps augment") from error
    if report.get("kind") == "classic":
        raise NotAvailable("there is no generator: what was added are classic-augmented copies")
    sampler = _generator(expanded, model, threads)
    pixels, labels = [], []
    for label, name in enumerate(classes):
        if name not in sampler.classes or not wanted.get(name, 0):
            continue
        model_label = sampler.classes.index(name)
        seeds = np.random.default_rng((seed, model_label)).integers(2**53, size=wanted[name]).tolist()
        images = sampler([model_label] * len(seeds), seeds).images
        pixels += [fit(image, shape) for image in images]
        labels += [label] * len(seeds)
    if not pixels:
        raise NotAvailable("the expansion wanted no images")
    return Labelled(Pictures(np.stack(pixels)), np.array(labels, dtype=np.int64))


def _generator(expanded: Path, model: str, threads: int | None) -> Sampler:
    for path in sorted((expanded / "training").glob("*.onnx")):
        try:
            sampler = Sampler(path, threads=threads)
        except ModelError:
            continue
        if sampler.model_hash == model:
            return sampler
    raise NotAvailable("the generator is not kept beside the expanded set")
