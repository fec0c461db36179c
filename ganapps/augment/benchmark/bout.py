"""The benchmark: every case is carved out, expanded, and put to the proof."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...runtime.files import write_atomically
from ..augmentation import augment
from ..output.folder import require_outside
from ..proof.proof import DEFAULT_SEEDS, prove, require_request
from ..proving import UNFINISHED
from ..sets.labelled import MIN_IMAGES
from .answer import Answer, Skipped, answer, keep, kept
from .case import CarvedSet, Case, TooFewImages, carve

OnStage = Callable[[str], Callable[[float], None]]
"""Told what is being done; what it gives is told the share of that, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """What is done with every case."""

    minutes: float | None = None
    """Budget of each training of the generator; with neither this nor `images` that of `augment`."""
    images: int | None = None
    """The same in images."""
    expansions: int = 3
    """Generators trained, each under a seed of its own."""
    unlabelled: bool = False
    """Whether the training images that are left over are given as images without labels."""
    most_unlabelled: int | None = None
    """So many of them at most; None means all."""
    seeds: int = DEFAULT_SEEDS
    """Trainings of each classifier in each arm of the proof."""
    updates: int | None = None
    """Of each of them; None as for `prove`."""
    most_test: int = 1_000
    """Test images at most."""
    seed: int = 0
    """What all that is random is drawn from."""


def benchmark_augment(
    sources: Sequence[Path],
    per_class: Sequence[int],
    work: Path,
    method: Method,
    *,
    threads: int | None = None,
    on_stage: OnStage | None = None,
) -> Iterator[Answer | Skipped]:
    """Ask whether augmenting helps, for each set and each number of images a class.

    What is done is kept in `work`, a folder a case, and not done again: the same call goes on after an
    interruption.

    Args:
        sources: sets, see `Case`.
        per_class: images of each class that are known.
        work: folder for everything that is made.
        method: what is done.
        threads: CPU threads; None leaves the choice to the engines.
        on_stage: told of progress.

    Yields:
        A row as soon as it is known, set by set; for a set of too few images what it lacks.

    Raises:
        UsageError: numbers out of their range, or two sets of one name.
        DataError, ImageError: a set cannot be used, or `work` holds something else.
        OutputError: `work` cannot be written.
    """
    cases = [Case(source, count) for source in sources for count in per_class]
    _require_request(cases, work, method)
    for case in cases:
        try:
            yield _ask(case, work / case.name, method, threads, on_stage or (lambda name: lambda share: None))
        except TooFewImages as error:
            yield Skipped(source=case.source.stem, per_class=case.per_class, reason=str(error))


def _ask(case: Case, folder: Path, method: Method, threads: int | None, on_stage: OnStage) -> Answer:
    asked = {"source": case.source.name, "per_class": case.per_class, **asdict(method)}
    found = kept(folder / "answer.json", asked)
    if found is not None:
        return found
    carved = carve(
        case, folder, seed=method.seed, most_test=method.most_test, most_rest=method.most_unlabelled
    )
    larger = [folder / f"larger-{number}" for number in range(method.expansions)]
    for number, out in enumerate(larger):
        stage = on_stage(f"{case.name}: expanding {number + 1}/{method.expansions}")
        _expand(carved, out, method, method.seed + number, threads, stage)
    report = prove(
        carved.train,
        larger,
        carved.test,
        extra=carved.rest,
        seeds=method.seeds,
        updates=method.updates,
        seed=method.seed,
        threads=threads,
        memory=folder / UNFINISHED,
        on_progress=on_stage(f"{case.name}: proving"),
    )
    write_atomically(folder / "proof.json", json.dumps(report.as_json(), indent=2).encode() + b"\n")
    found = answer(case.source.stem, case.per_class, report, minutes=_minutes(larger))
    keep(folder / "answer.json", found, asked)
    return found


def _expand(
    carved: CarvedSet,
    out: Path,
    method: Method,
    seed: int,
    threads: int | None,
    on_progress: Callable[[float], None],
) -> None:
    """Make one expansion, unless it is there: it appears whole or not at all."""
    if out.exists():
        return
    started = time.monotonic()
    given: dict[str, Any] = {"unlabelled": carved.rest} if method.unlabelled and carved.rest else {}
    augment(
        carved.train,
        out,
        minutes=method.minutes,
        images=method.images,
        seed=seed,
        threads=threads,
        on_report=lambda report: on_progress(report.progress),
        **given,
    )
    took = {"minutes": (time.monotonic() - started) / 60}
    write_atomically(_took(out), json.dumps(took).encode() + b"\n")


def _took(out: Path) -> Path:
    return out.with_suffix(".json")


def _minutes(expansions: Sequence[Path]) -> float | None:
    """That they took together; None where that of one was lost in an interruption."""
    try:
        return sum(float(json.loads(_took(out).read_text())["minutes"]) for out in expansions)
    except FileNotFoundError:
        return None


def _require_request(cases: Sequence[Case], work: Path, method: Method) -> None:
    names = [case.name for case in cases]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice} is asked for twice: give sets of different names and different numbers")
    for case in cases:
        require_outside(case.source, work)
        if case.per_class < MIN_IMAGES:
            raise UsageError(f"--per-class must be at least {MIN_IMAGES}, got {case.per_class}")
    for option, value in (
        ("--expansions", method.expansions),
        ("--test-images", method.most_test),
        ("--unlabeled-images", method.most_unlabelled),
    ):
        if value is not None and value < 1:
            raise UsageError(f"{option} must be at least 1, got {value}")
    expanded = [Path()] * method.expansions
    require_request(expanded, method.seeds, method.updates, method.seed)
