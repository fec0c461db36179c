"""Whether an expanded set makes a better classifier, measured on images that nothing was chosen by.

What the test set may do, and it is this alone: `scoring` and `classifier_file` compare its labels with
predictions that are already made. Policies are tuned on the training images (`tuning`), the decisive network
is chosen by the same held-out scores, and what trains (`training`) is not given the labels of the test set at
all. Test images that are nearly training images are left out by their pixels, before anything is trained.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from ... import __version__
from ...errors import UsageError
from ...metrics.sign_flip import MAX_PAIRS
from .. import regression
from . import fitting
from . import learners as learners_module
from .arms import Arm, Material
from .classifier_file import score_classifiers
from .fitting import BATCH
from .learners import Learner, make_learners
from .memory import Remembering, forget
from .pool import Labelled
from .report import ProofReport
from .scoring import score
from .sets import ReadSet, read_added, read_extra, read_set, read_test
from .training import train_arms
from .unfiltered import NotAvailable, draw_unfiltered

MIN_SEEDS = 6
"""With fewer no sign-flip p-value can reach .05."""
DEFAULT_SEEDS = 8
"""Of six, all would have to agree for that; of eight, one may differ a little."""
_FEWEST_UPDATES = 400
_EPOCHS = 10
"""Times that each image of the largest arm is shown at least."""


def prove(
    data: Path,
    expanded: Sequence[Path],
    test: Path,
    *,
    extra: Path | None = None,
    seeds: int = DEFAULT_SEEDS,
    updates: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    memory: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ProofReport:
    """Train the same classifiers on several arms and compare them on a test set.

    Args:
        data: the real training images: a folder with one folder of images a class, or an .npz file.
        expanded: one set or several that `ganapps augment`, or another tool, made of it. With several, from
            generators that were trained under different seeds, the proof also tells of generators not made.
        test: real images that neither a generator nor a classifier was trained on.
        extra: further real images for the ceiling: what as many real images would have brought.
        seeds: trainings of each classifier in each arm, 6 to 20.
        updates: of each training; None means 400, or what shows every image of the largest arm ten times.
        seed: what all that is random is drawn from.
        threads: CPU threads; None leaves PyTorch's choice.
        memory: a folder where every training's answers are kept until the proof is done, so that the same
            call goes on after an interruption; None keeps none.
        on_progress: told the share that is done, 0 to 1.

    Raises:
        UsageError: no expanded set, or numbers out of their range.
        DataError: a set that cannot be used, or sets that overlap or do not fit each other.
        DependencyError: the pretrained features are not installed.
    """
    started = time.monotonic()
    require_request(expanded, seeds, updates, seed)
    if threads is not None:
        torch.set_num_threads(threads)
    tell = on_progress or (lambda share: None)
    real = read_set(data)
    material, missing = _gather(real, expanded, extra, threads)
    others = dict(zip(expanded, material.selected, strict=True))
    tests = read_test(test, real, others, material.extra)
    largest = len(material.real.labels) + max(len(added.labels) for added in material.selected)
    count = updates or updates_for(largest)
    learners = _learners(real, material, count, seed, memory)
    networks = []
    for number, learner in enumerate(learners):
        start, length = number / len(learners), 1 / len(learners)
        predictions = train_arms(
            learner,
            material,
            tests.pictures,
            seeds=seeds,
            seed=seed,
            on_progress=lambda share, start=start, length=length: tell(start + length * share),  # type: ignore[misc]
        )
        networks.append(score(learner.name, predictions, material, tests.labels, seed=seed))
    if memory is not None:
        forget(memory)
    return ProofReport(
        classes=real.classes,
        real=_counts(material.real, real),
        added=tuple(_counts(added, real) for added in material.selected),
        test=tuple(np.bincount(tests.labels, minlength=len(real.classes)).tolist()),
        near_copies=tests.near_copies,
        seeds=seeds,
        seed=seed,
        updates=count,
        missing=missing,
        networks=tuple(networks),
        labeller=score_classifiers(expanded, tests.pictures.pixels, tests.labels, len(real.classes)),
        seconds=round(time.monotonic() - started, 1),
    )


def require_request(expanded: Sequence[Path], seeds: int, updates: int | None, seed: int) -> None:
    """Check, before any work is done, what can be checked.

    Raises:
        UsageError: as `prove` does.
    """
    if not expanded:
        raise UsageError("a proof needs at least one expanded set")
    if not MIN_SEEDS <= seeds <= MAX_PAIRS:
        raise UsageError(f"--seeds must be from {MIN_SEEDS} to {MAX_PAIRS}, got {seeds}")
    if len(expanded) > seeds:
        raise UsageError(f"{len(expanded)} expanded sets need as many seeds: --seeds {len(expanded)}")
    for option, value, least in (("--updates", updates, 1), ("--seed", seed, 0)):
        if value is not None and value < least:
            raise UsageError(f"{option} must be at least {least}, got {value}")


def _gather(
    real: ReadSet, expanded: Sequence[Path], extra: Path | None, threads: int | None
) -> tuple[Material, dict[str, str]]:
    """What arms are made of, and why some cannot be made."""
    selected = tuple(read_added(path, real) for path in expanded)
    missing: dict[str, str] = {}
    unfiltered: list[Labelled | None] = []
    for path in expanded:
        try:
            unfiltered.append(draw_unfiltered(path, real.classes, real.shape, threads=threads))
        except NotAvailable as error:
            missing[Arm.UNFILTERED] = str(error)
            unfiltered.append(None)
    material = Material(
        num_classes=len(real.classes),
        real=real.labelled(),
        selected=selected,
        unfiltered=tuple(unfiltered),
        extra=None if extra is None else read_extra(extra, real),
    )
    if extra is None:
        missing[Arm.CEILING] = "no extra real images were given"
    if Arm.SELECTED not in material.arms:
        missing |= {Arm.DUPLICATED: "nothing was added", Arm.SELECTED: "nothing was added"}
    return material, missing


def updates_for(images: int) -> int:
    """Updates of a training where none are given: 400, or what shows each of so many images ten times."""
    return max(_FEWEST_UPDATES, -(-_EPOCHS * images // BATCH))


def _learners(
    real: ReadSet, material: Material, updates: int, seed: int, memory: Path | None
) -> tuple[Learner, ...]:
    images = len(real.labels) + sum(len(added.labels) for added in material.selected)
    learners = make_learners(real.shape, len(real.classes), images=images, updates=updates, seed=seed)
    if memory is None:
        return learners
    # The answers of other code are not taken for this one's, whatever the version says of it.
    code = [inspect.getsource(module) for module in (learners_module, fitting, regression)]
    facts = repr((__version__, torch.__version__, torch.get_num_threads(), images, updates, seed, code))
    return tuple(Remembering(learner, memory, facts=facts) for learner in learners)


def _counts(labelled: Labelled, real: ReadSet) -> tuple[int, ...]:
    return tuple(labelled.counts(len(real.classes)).tolist())
