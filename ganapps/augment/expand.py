"""A labelled set and a generator in, a larger labelled set out. No PyTorch needed.

    OUT/images/CLASS/...      the originals, untouched, and synthetic-000001.png, ...
    OUT/manifest.jsonl        a line per synthetic image: enough to make it again
    OUT/report.json           what was made, what was dropped and why
    OUT/sheets/CLASS.png      a contact sheet per class

`OUT/images` holds classes and nothing else, so any ImageFolder loader reads it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ..errors import DataError, UsageError
from ..runtime.images import Image, Metadata, encode_image
from .dataset import Decoded, LabelledImages, Pixels, Shape, decode, find_images, require_readable
from .draw import Filled, LabelledSampler, draw_class
from .folder import appearing, place_originals, require_free, synthetic_names
from .labelled import require_two_classes
from .report import ClassReport, ExpansionReport
from .selection import Selection, Verdict
from .shape import restore
from .sheet import contact_sheet

_READING = 0.2
"""Share of the work that is reading the originals."""


def expand(
    data: Path,
    out: Path,
    sampler: LabelledSampler,
    *,
    per_class: int | None = None,
    seed: int = 0,
    on_progress: Callable[[float], None] | None = None,
) -> ExpansionReport:
    """Write a larger copy of a labelled set to a new folder.

    Images are generated until every class is full or ten times as many as it wants have been tried. That none
    passes the selection is a result like any other: then the originals stand alone.

    Args:
        data: the set; it is not changed.
        out: the folder to make; it appears whole or not at all.
        sampler: a generator of all classes of the set; it may know more.
        per_class: images wanted in each class, real and synthetic together; None means twice the largest
            class, so that classes end balanced and the largest gets as many synthetic images as it has real
            ones.
        seed: what the images are drawn from. The same seed, set and model make the same images.
        on_progress: told the share that is done, 0 to 1.

    Raises:
        UsageError: `out` lies inside `data`, `per_class` is under 1, or `seed` under 0.
        DataError: the set cannot be used, or has a class that the generator does not know.
        ImageError: an image of the set is damaged.
        OutputError: `out` is not empty or cannot be written.
    """
    require_request(data, out, per_class=per_class, seed=seed)
    images = find_images(data)
    require_two_classes(images)
    model_labels = _labels_in_model(images, sampler)
    tell = on_progress or _ignore
    real = require_readable(
        images, decode(images, _shape_of(sampler), on_progress=_part(tell, 0.0, _READING))
    )
    selection = Selection(real.pixels, images.labels, len(images.classes))
    total = per_class or 2 * max(images.counts)
    share_a_class = (1 - _READING) / len(images.classes)
    filled: list[Filled] = []
    with appearing(out) as folder:
        place_originals(images, folder / "images")
        with (folder / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
            for label, model_label in enumerate(model_labels):
                drawn = draw_class(
                    sampler,
                    selection,
                    label=label,
                    model_label=model_label,
                    wanted=max(0, total - images.counts[label]),
                    seed=seed,
                    on_progress=_part(tell, _READING + label * share_a_class, share_a_class),
                )
                _write_class(folder, manifest, images, real, label, drawn, sampler.model_hash, model_label)
                filled.append(drawn)
        report = _report(out, images, filled, total, sampler.model_hash, seed)
        _write_json(folder / "report.json", report.as_json())
    tell(1.0)
    return report


def require_request(data: Path, out: Path, *, per_class: int | None, seed: int) -> None:
    """Check, before any work is done, what can be checked.

    Raises:
        UsageError, OutputError: as `expand` does.
    """
    for option, value, least in (("--per-class", per_class, 1), ("--seed", seed, 0)):
        if value is not None and value < least:
            raise UsageError(f"{option} must be at least {least}, got {value}")
    require_free(data, out)


def _labels_in_model(images: LabelledImages, sampler: LabelledSampler) -> list[int]:
    unknown = [name for name in images.classes if name not in sampler.classes]
    if unknown:
        raise DataError(
            f"{images.root} has a class {unknown[0]!r} that the generator does not know; it knows"
            f" {', '.join(sampler.classes)}: train one on this set with ganapps augment without --model"
        )
    return [sampler.classes.index(name) for name in images.classes]


def _shape_of(sampler: LabelledSampler) -> Shape:
    height, width, channels = sampler([0], [0]).images.shape[1:]
    return Shape(height, width, channels)


def _write_class(
    folder: Path,
    manifest: TextIO,
    images: LabelledImages,
    real: Decoded,
    label: int,
    filled: Filled,
    model_hash: str,
    model_label: int,
) -> None:
    for name, image in zip(synthetic_names(images, label), filled.added, strict=False):
        # Images of mixed shapes were given margins, and those that are made have learned them.
        pixels = restore(image.pixels, real.sizes[image.judgement.nearest])
        _write_png(folder / "images" / name, pixels)
        line: dict[str, Any] = {
            "file": f"images/{name}",
            "class": images.classes[label],
            "label": model_label,
            "size": list(pixels.shape[:2]),
            "seed": image.seed,
            "model": model_hash,
            "confidence": None
            if image.judgement.confidence is None
            else round(image.judgement.confidence, 4),
            "nearest_real": f"images/{images.paths[image.judgement.nearest].as_posix()}",
            "distance": round(image.judgement.distance, 4),
        }
        manifest.write(json.dumps(line) + "\n")
    added = np.stack([image.pixels for image in filled.added]) if filled.added else real.pixels[:0]
    nearest = real.pixels[[image.judgement.nearest for image in filled.added]]
    own = real.pixels[images.of_class(label)]
    sheet = contact_sheet(own, added, nearest)
    (folder / "sheets").mkdir(exist_ok=True)
    _write_png(folder / "sheets" / f"{images.classes[label]}.png", sheet)


def _report(
    out: Path, images: LabelledImages, filled: list[Filled], total: int, model_hash: str, seed: int
) -> ExpansionReport:
    classes = tuple(
        ClassReport(
            name=name,
            real=count,
            wanted=max(0, total - count),
            generated=drawn.verdicts.total(),
            wrong_label=drawn.verdicts[Verdict.WRONG_LABEL],
            near_copies=drawn.verdicts[Verdict.NEAR_COPY],
            repeats=drawn.verdicts[Verdict.REPEAT],
            added=drawn.verdicts[Verdict.ADDED],
        )
        for name, count, drawn in zip(images.classes, images.counts, filled, strict=True)
    )
    return ExpansionReport(
        out=out,
        model=model_hash,
        seed=seed,
        label_checked=all(drawn.label_checked for drawn in filled),
        classes=classes,
    )


def _write_png(path: Path, pixels: Pixels) -> None:
    path.write_bytes(encode_image(Image(pixels, None, Metadata(), "png"), "png"))


def _write_json(path: Path, values: dict[str, object]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _ignore(share: float) -> None:
    """Nobody wants to know."""


def _part(tell: Callable[[float], None], start: float, length: float) -> Callable[[float], None]:
    """Tells of a part of the work as of a share of the whole."""
    return lambda share: tell(start + length * share)
