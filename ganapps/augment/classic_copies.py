"""A labelled set in, the set and classic-augmented copies out; no generator.

The folder is that of `expand`, with `classic-000001.png`, ... in place of synthetic images. A copy is made
from an image in its own size, a policy and a seed, all of which its line of the manifest names.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from .classic import ClassicPolicy, draw_views
from .expand import describe_set, require_request
from .output.class_folder import write_png
from .output.digital_source import DigitalSource, describe_source
from .output.dossier import carry_licence, write_dossier
from .output.folder import appearing, place_originals, synthetic_names
from .output.origin import Origin
from .output.report import ClassReport, ExpansionReport
from .output.sheet import contact_sheet
from .policy_choice import PolicyChoice, policy_numbers, tune_policy
from .proof.pool import draw_rows
from .sets.dataset import (
    Decoded,
    LabelledImages,
    Pixels,
    Shape,
    decode,
    find_images,
    fit,
    read_eight_bit,
    require_readable,
)
from .sets.labelled import require_two_classes

_SHOWN = 36
"""Copies of a class that its sheet shows."""


def copy_classic(
    data: Path,
    out: Path,
    *,
    policy: PolicyChoice | None = None,
    per_class: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    origin: Origin | None = None,
    on_tuning: Callable[[float], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ExpansionReport:
    """Write a set and changed copies of its images to a new folder.

    Each image of a class is copied once before one is copied twice. Where the policy that suits the set best
    is to change nothing, nothing is added: further copies of the same images are no further images.

    Args:
        data: the set; it is not changed.
        out: the folder to make; it appears whole or not at all.
        policy: what is done to copies; None tunes it on the set (needs PyTorch).
        per_class: images wanted in each class, copies included; None means twice the largest class.
        seed: what copies are drawn from. The same seed, set and policy make the same copies.
        threads: CPU threads for tuning; None leaves PyTorch's choice.
        origin: what was typed and under which licence the set is.
        on_tuning: told the share of tuning that is done, 0 to 1.
        on_progress: told the share of copies that are made, 0 to 1.

    Raises:
        UsageError, DataError, ImageError, OutputError: as `expand` does.
        DependencyError: the pretrained features that tuning needs are not installed.
    """
    require_request(data, out, per_class=per_class, seed=seed)
    images = find_images(data)
    require_two_classes(images)
    real = require_readable(images, decode(images))
    choice = policy or tune_policy(
        real.pixels,
        images.labels,
        len(images.classes),
        seed=seed,
        threads=threads,
        on_progress=on_tuning,
    )
    wanted = _wanted(images, choice.policy, per_class)
    origin, tell = origin or Origin(), on_progress or (lambda share: None)
    with appearing(out) as folder:
        place_originals(images, folder / "images")
        with (folder / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
            writer = _Writer(folder, manifest, images, real, choice.policy, seed)
            rows, total = draw_rows(images.labels, np.array(wanted), seed), max(1, sum(wanted))
            done = 0
            for label, number in enumerate(wanted):
                own = rows[done : done + number].tolist()
                writer.write_class(label, own, lambda made, before=done: tell((before + made) / total))  # type: ignore[misc]
                done += number
        report = ExpansionReport(
            out=out,
            kind="classic",
            model=None,
            policy=choice.as_json(),
            seed=seed,
            label_checked=True,
            classes=_class_reports(images, wanted, per_class),
            source=describe_set(images, real),
            licence=carry_licence(data, folder, origin.licence),
            command=origin.command,
            request=origin.request,
        )
        write_dossier(folder, report)
    tell(1.0)
    return report


def make_copy(pixels: Pixels, policy: ClassicPolicy, seed: int) -> Pixels:
    """One changed copy `[H, W, C]` of an image `[H, W, C]`; the same three give the same copy."""
    copy: Pixels = draw_views(pixels[None], policy, 1, seed=seed)[0, 0]
    return copy


class _Writer:
    """Writes the copies of a set."""

    def __init__(
        self,
        folder: Path,
        manifest: TextIO,
        images: LabelledImages,
        real: Decoded,
        policy: ClassicPolicy,
        seed: int,
    ) -> None:
        self._folder, self._manifest, self._images, self._real = folder, manifest, images, real
        self._policy, self._seed = policy, seed

    def write_class(self, label: int, rows: list[int], on_copy: Callable[[int], None]) -> None:
        """Write copies of images of one class, their lines, and the sheet."""
        name = self._images.classes[label]
        # Below 2^31, which every source of chance in the libraries takes.
        seeds = np.random.default_rng((self._seed, label)).integers(2**31, size=len(rows)).tolist()
        shown: list[Pixels] = []
        names = synthetic_names(self._images, label, "classic")
        for number, (row, seed, file) in enumerate(zip(rows, seeds, names, strict=False)):
            copy = make_copy(read_eight_bit(self._images, row, self._real.white), self._policy, seed)
            self._write_copy(f"images/{file}", name, label, row, seed, copy)
            if number < _SHOWN:
                shown.append(fit(copy, Shape(*self._real.pixels.shape[1:])))
            on_copy(number + 1)
        real = self._real.pixels
        made = np.stack(shown) if shown else real[:0]
        sheet = contact_sheet(
            real[self._images.of_class(label)],
            made,
            real[rows[: len(shown)]],
            num_made=len(rows),
            kind="classic-augmented",
            below="the image it was made from",
        )
        write_png(self._folder / "sheets" / f"{name}.png", sheet, describe_source(DigitalSource.ALTERED))

    def _write_copy(self, file: str, name: str, label: int, row: int, seed: int, copy: Pixels) -> None:
        source = f"images/{self._images.paths[row].as_posix()}"
        made_from: dict[str, Any] = {
            "class": name,
            "seed": seed,
            "source": source,
            "policy": {"name": self._policy.name, **policy_numbers(self._policy)},
        }
        write_png(self._folder / file, copy, describe_source(DigitalSource.ALTERED, made_from))
        line = {
            "file": file,
            "kind": "classic",
            "label": label,
            "size": list(copy.shape[:2]),
            "white": self._real.white,
            **made_from,
        }
        self._manifest.write(json.dumps(line) + "\n")


def _wanted(images: LabelledImages, policy: ClassicPolicy, per_class: int | None) -> list[int]:
    if policy.changes_nothing:
        return [0] * len(images.classes)
    total = per_class or 2 * max(images.counts)
    return [max(0, total - count) for count in images.counts]


def _class_reports(
    images: LabelledImages, added: list[int], per_class: int | None
) -> tuple[ClassReport, ...]:
    total = per_class or 2 * max(images.counts)
    return tuple(
        ClassReport(
            name=name,
            real=count,
            wanted=max(0, total - count),
            generated=number,
            wrong_label=0,
            near_copies=0,
            repeats=0,
            added=number,
        )
        for name, count, number in zip(images.classes, images.counts, added, strict=True)
    )
