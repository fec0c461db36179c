"""A labelled set and a generator in, a larger labelled set out. No PyTorch needed.

    OUT/images/CLASS/...      the originals, untouched, and synthetic-000001.png, ...
    OUT/manifest.jsonl        a line per synthetic image: enough to make it again
    OUT/report.json           what was made, what was dropped and why
    OUT/report.html           the same as a page with pictures, and README.md as a data card
    OUT/rejected/CLASS/...    a few of those that were dropped, of each reason
    OUT/sheets/CLASS.png      a contact sheet per class
    OUT/classifier.onnx       where unlabelled images were labelled: what labelled them

`OUT/images` holds classes and nothing else, so any ImageFolder loader reads it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from .output.class_folder import ClassFolder
from .output.dossier import carry_licence, write_dossier
from .output.folder import appearing, place_originals, require_free
from .output.origin import Origin, Source, fingerprint
from .output.report import ClassReport, ExpansionReport, RejectedImage
from .sets.dataset import Decoded, LabelledImages, Pixels, Shape, decode, find_images, require_readable
from .sets.labelled import require_two_classes
from .synthetic.amount import Amount
from .synthetic.draw import Filled, LabelledSampler, draw_class, synthetic_wanted
from .synthetic.held_out import compare_distances
from .synthetic.selection import Selection, Verdict
from .unlabelled.placing import place_accepted, place_classifier
from .unlabelled.pseudo import PseudoLabelled

_READING = 0.2
"""Share of the work that is reading the originals."""


class Chooser(Protocol):
    """Chooses among the synthetic images that passed the selection."""

    def to_draw(self, wanted: Sequence[int]) -> list[int]:
        """How many of each class are to pass the selection, where so many are wanted."""
        ...

    def __call__(
        self, real: Pixels, labels: NDArray[np.int64], filled: Sequence[Filled], wanted: Sequence[int]
    ) -> Amount:
        """Given the real images, their labels, and what was drawn for each class, leave no more than are
        wanted and help."""
        ...


def expand(
    data: Path,
    out: Path,
    sampler: LabelledSampler | None,
    *,
    per_class: int | None = None,
    seed: int = 0,
    test: Path | None = None,
    origin: Origin | None = None,
    run: Path | None = None,
    unlabelled: PseudoLabelled | None = None,
    choose: Chooser | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ExpansionReport:
    """Write a larger copy of a labelled set to a new folder.

    Images are generated until every class is full or ten times as many as it wants have been tried. That none
    passes the selection is a result like any other: then the originals stand alone.

    Args:
        data: the set; it is not changed.
        out: the folder to make; it appears whole or not at all.
        sampler: a generator of all classes of the set; it may know more. None where no class wants for one.
        per_class: images wanted in each class, real and synthetic together; None means twice the largest
            class, so that classes end balanced and the largest gets as many synthetic images as it has real
            ones.
        seed: what the images are drawn from. The same seed, set and model make the same images.
        test: real images that nothing was trained on; how near synthetic images lie to the real ones is then
            compared with how near these lie. Nothing is chosen by them.
        origin: what was typed and under which licence the set is, for the data card.
        run: the folder of the generator's training, for its curves.
        unlabelled: real images whose labels were guessed; all of them join the set, and a class wants for as
            many synthetic images less.
        choose: which and how many of the synthetic images that pass the selection are added; None adds the
            first ones, all that are wanted.
        on_progress: told the share that is done, 0 to 1.

    Raises:
        UsageError: `out` lies inside `data`, `per_class` is under 1, `seed` under 0, or images are wanted and
            there is no generator.
        DataError: the set cannot be used, or has a class that the generator does not know.
        ImageError: an image of the set is damaged.
        OutputError: `out` is not empty or cannot be written.
    """
    require_request(data, out, per_class=per_class, seed=seed)
    images = find_images(data)
    require_two_classes(images)
    guessed = [0] * len(images.classes) if unlabelled is None else unlabelled.counts.tolist()
    wanted = synthetic_wanted(images, guessed, per_class)
    if sampler is None and any(wanted):
        raise UsageError(f"{sum(wanted)} synthetic images are wanted, and there is no generator of them")
    model_labels = _labels_in_model(images, sampler)
    tell = on_progress or _ignore
    real = require_readable(
        images, decode(images, _shape_of(sampler), on_progress=_part(tell, 0.0, _READING))
    )
    model_hash = None if sampler is None else sampler.model_hash
    origin = origin or Origin()
    rejected: list[RejectedImage] = []
    with appearing(out) as folder:
        place_originals(images, folder / "images")
        filled = _draw(
            images,
            real,
            sampler,
            model_labels,
            wanted if choose is None else choose.to_draw(wanted),
            seed,
            _part(tell, _READING, 1 - _READING),
        )
        amount = None
        if choose is not None and any(drawn.added for drawn in filled):
            amount = choose(real.pixels, images.labels, filled, wanted)
        with (folder / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
            for label, drawn in enumerate(filled):
                place = ClassFolder(
                    folder,
                    images,
                    real,
                    label=label,
                    model_label=model_labels[label],
                    model_hash=model_hash,
                )
                rejected += place.write(manifest, drawn)
                if unlabelled is not None:
                    place_accepted(folder, manifest, images, unlabelled, label)
        if unlabelled is not None:
            place_classifier(folder, unlabelled)
        report = ExpansionReport(
            out=out,
            model=model_hash,
            seed=seed,
            label_checked=all(drawn.label_checked for drawn in filled),
            classes=_class_reports(images, filled, guessed, wanted),
            rejected=tuple(rejected),
            memorisation=compare_distances(images, real.pixels, filled, test),
            source=describe_set(images, real),
            licence=carry_licence(data, folder, origin.licence),
            command=origin.command,
            request=origin.request,
            unlabelled=None if unlabelled is None else unlabelled.as_json(),
            amount=amount,
        )
        write_dossier(folder, report, run=run)
    tell(1.0)
    return report


def _draw(
    images: LabelledImages,
    real: Decoded,
    sampler: LabelledSampler | None,
    model_labels: Sequence[int],
    wanted: Sequence[int],
    seed: int,
    tell: Callable[[float], None],
) -> list[Filled]:
    """What is drawn for each class, and judged."""
    if sampler is None:
        return [Filled() for _ in images.classes]
    selection = Selection(real.pixels, images.labels, len(images.classes))
    share = 1 / len(images.classes)
    return [
        draw_class(
            sampler,
            selection,
            label=label,
            model_label=model_labels[label],
            wanted=wanted[label],
            seed=seed,
            on_progress=_part(tell, label * share, share),
        )
        for label in range(len(images.classes))
    ]


def require_request(data: Path, out: Path, *, per_class: int | None, seed: int) -> None:
    """Check, before any work is done, what can be checked.

    Raises:
        UsageError, OutputError: as `expand` does.
    """
    for option, value, least in (("--per-class", per_class, 1), ("--seed", seed, 0)):
        if value is not None and value < least:
            raise UsageError(f"{option} must be at least {least}, got {value}")
    require_free(data, out)


def _labels_in_model(images: LabelledImages, sampler: LabelledSampler | None) -> list[int]:
    if sampler is None:
        return list(range(len(images.classes)))
    unknown = [name for name in images.classes if name not in sampler.classes]
    if unknown:
        raise DataError(
            f"{images.root} has a class {unknown[0]!r} that the generator does not know; it knows"
            f" {', '.join(sampler.classes)}: train one on this set with ganapps augment without --model"
        )
    return [sampler.classes.index(name) for name in images.classes]


def _shape_of(sampler: LabelledSampler | None) -> Shape | None:
    if sampler is None:
        return None
    height, width, channels = sampler([0], [0]).images.shape[1:]
    return Shape(height, width, channels)


def describe_set(images: LabelledImages, real: Decoded) -> Source:
    """What is to be said of the real images."""
    return Source(
        name=images.root.resolve().name,
        images=len(images.labels),
        sha256=fingerprint(images),
        shape=Shape(*real.pixels.shape[1:]),
        white=real.white,
    )


def _class_reports(
    images: LabelledImages, filled: list[Filled], guessed: list[int], wanted: list[int]
) -> tuple[ClassReport, ...]:
    return tuple(
        ClassReport(
            name=name,
            real=count,
            pseudo_labelled=pseudo,
            wanted=wants,
            generated=drawn.verdicts.total(),
            wrong_label=drawn.verdicts[Verdict.WRONG_LABEL],
            near_copies=drawn.verdicts[Verdict.NEAR_COPY],
            repeats=drawn.verdicts[Verdict.REPEAT],
            added=drawn.verdicts[Verdict.ADDED],
            far=drawn.verdicts[Verdict.FAR],
            spare=drawn.verdicts[Verdict.SPARE],
            held_back=drawn.verdicts[Verdict.HELD_BACK],
        )
        for name, count, drawn, pseudo, wants in zip(
            images.classes, images.counts, filled, guessed, wanted, strict=True
        )
    )


def _ignore(share: float) -> None:
    """Nobody wants to know."""


def _part(tell: Callable[[float], None], start: float, length: float) -> Callable[[float], None]:
    """Tells of a part of the work as of a share of the whole."""
    return lambda share: tell(start + length * share)
