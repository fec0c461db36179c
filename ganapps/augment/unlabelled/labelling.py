"""From a labelled set and a folder of images without labels to those of them whose labels can be believed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import DataError, UsageError
from ..sets.dataset import LabelledImages, Pixels, Shape, decode, decode_images, find_images, require_readable
from ..sets.labelled import require_two_classes
from .calibration import Probabilities
from .learning import Learned, learn, updates_for
from .pseudo import Accepted, PseudoLabelled
from .reasons import Reason
from .route import Material
from .sieve import Sieved, sieve
from .source import find_unlabelled
from .threshold import Thresholds, choose_thresholds, likelier_than_not, within_shares

DEFAULT_MINUTES = 5.0
"""Budget of the trainings where none is given."""


def label_unlabelled(
    data: Path,
    unlabelled: Path,
    *,
    precision: float | None = None,
    minutes: float = DEFAULT_MINUTES,
    test: Path | None = None,
    seed: int = 0,
    licence: str | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> PseudoLabelled:
    """Label images by a classifier and keep the ones it can be trusted with.

    Two classifiers are trained on the labelled images and, by agreement, on the unlabelled ones: a network
    from scratch (`scratch`) and a linear one on pretrained features (`frozen`). Which of them labels, or
    whether both do, is chosen by balanced accuracy on labelled images that are held out; these also calibrate
    its probabilities (`calibration`) and tell whether the classes are as frequent among the unlabelled images
    (`prior`). Images are accepted class by class (`threshold`). That none is, is a result like any other. The
    same images, seed and minutes give the same labels.

    Args:
        data: the labelled set, as for `dataset.find_images`.
        unlabelled: a folder or .npz file, as for `source.find_unlabelled`.
        precision: the share of right labels among the accepted ones that is asked for, 0.5 to 0.999; None
            takes all that are likelier than not (`threshold.likelier_than_not`).
        minutes: about what the trainings may take on one core; updates are counted by it, not by the clock,
            so that a slow machine does the same.
        test: a test set whose images are left out; its labels are not used.
        seed: what all that is random is drawn from.
        licence: of the labelled set, for the model's card; None means unknown.
        on_progress: told the share that is done, 0 to 1.

    Raises:
        UsageError: numbers out of their range.
        DataError: a set that cannot be used, or no unlabelled image that can be read.
        ImageError: a damaged image in the labelled set.
        DependencyError: the pretrained features, or the exporter's packages, are not installed.
        ModelError: the exported classifier differs from the trained one.
    """
    require_numbers(precision, minutes, seed)
    started, tell = time.monotonic(), on_progress or (lambda share: None)
    images = find_images(data)
    require_two_classes(images)
    found = find_unlabelled(unlabelled)
    real = require_readable(images, decode(images)).pixels
    shape = Shape(*real.shape[1:])
    guests = decode(found, shape, on_progress=lambda share: tell(0.05 * share))
    if not len(guests.rows):
        first = next(iter(guests.unreadable.values()))
        raise DataError(
            f"none of the {len(found.labels)} images of {unlabelled} can be read, the first: {first}"
        )
    test_pixels = None if test is None else decode_images(find_images(test, split="test", least=1), shape)
    sieved = sieve(guests.pixels, real, images.labels, len(images.classes), test=test_pixels)
    left_out = Counter(dict.fromkeys(Reason, 0))
    left_out.update(sieved.left_out)
    left_out[Reason.DAMAGED] = len(guests.unreadable)
    accepted: tuple[Accepted, ...] = ()
    thresholds: tuple[float | None, ...] = (None,) * len(images.classes)
    training, classifier = None, None
    if len(sieved.rows):
        pixels = guests.pixels[sieved.rows]
        material = Material(real, images.labels, pixels, len(images.classes), seed)
        learned = learn(
            material, updates_for(minutes, shape), started, lambda share: tell(0.05 + 0.9 * share)
        )
        training = learned.training
        picked, thresholds = _pick(learned, material, precision, left_out)
        accepted = _accepted(found, guests.rows, sieved, pixels, picked)
        classifier = _serialise(learned, images, material, licence)
    tell(1.0)
    return PseudoLabelled(
        root=unlabelled,
        classes=images.classes,
        found=len(found.labels),
        accepted=accepted,
        left_out={reason: left_out[reason] for reason in Reason},
        damaged=tuple(guests.unreadable.values()),
        precision=precision,
        expected_precision=float(np.mean([image.confidence for image in accepted])) if accepted else None,
        thresholds=thresholds,
        training=training,
        classifier=classifier,
    )


def require_numbers(precision: float | None, minutes: float, seed: int) -> None:
    """Check, before any work is done, what can be checked.

    Raises:
        UsageError: numbers out of their range.
    """
    if precision is not None and not 0.5 <= precision <= 0.999:
        raise UsageError(f"--label-precision must be from 0.5 to 0.999, got {precision:g}")
    if not minutes > 0:
        raise UsageError(f"the minutes of labelling must be above 0, got {minutes:g}")
    if seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")


@dataclass(frozen=True, eq=False)
class _Picked:
    """Accepted images among those that were labelled, in the order of the report."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    confidence: NDArray[np.float64]


def _pick(
    learned: Learned, material: Material, precision: float | None, left_out: Counter[Reason]
) -> tuple[_Picked, tuple[float | None, ...]]:
    """Accept images, and count the others."""
    prior = learned.prior
    probabilities = prior.adjust(np.exp(learned.ensemble.unlabelled(learned.fitted)))
    thresholds = _thresholds(learned, material, probabilities, precision)
    sure = np.flatnonzero(thresholds.accept(probabilities))
    guesses, confidence = probabilities[sure].argmax(axis=1), probabilities[sure].max(axis=1)
    stays = np.ones(len(sure), dtype=bool)
    if precision is not None:
        counts = np.bincount(material.labels, minlength=material.num_classes)
        stays = within_shares(guesses, confidence, counts, prior.shares)
    left_out[Reason.UNSURE] += len(probabilities) - len(sure)
    left_out[Reason.SURPLUS] += int((~stays).sum())
    sure, guesses, confidence = sure[stays], guesses[stays], confidence[stays]
    order = np.lexsort((sure, -confidence, guesses))
    least = tuple(None if np.isinf(value) else float(value) for value in thresholds.of_class)
    return _Picked(sure[order], guesses[order], confidence[order]), least


def _thresholds(
    learned: Learned, material: Material, probabilities: Probabilities, precision: float | None
) -> Thresholds:
    if precision is None:
        return likelier_than_not(material.num_classes)
    held_out = learned.prior.adjust(np.exp(learned.ensemble.log_probabilities))
    return choose_thresholds(
        probabilities, held_out, material.labels, learned.prior.shares, precision=precision
    )


def _accepted(
    found: LabelledImages,
    rows: NDArray[np.int64],
    sieved: Sieved,
    pixels: Pixels,
    picked: _Picked,
) -> tuple[Accepted, ...]:
    accepted = []
    for row, label, confidence in zip(picked.rows, picked.labels, picked.confidence, strict=True):
        index = int(rows[sieved.rows[row]])
        accepted.append(
            Accepted(
                file=found.files[index] if found.files else None,
                source=found.paths[index].as_posix() if found.files else f"{found.root.name}[{index}]",
                pixels=pixels[row],
                native=pixels[row] if found.pixels is None else found.pixels[index],
                label=int(label),
                confidence=float(confidence),
            )
        )
    return tuple(accepted)


def _serialise(learned: Learned, images: LabelledImages, material: Material, licence: str | None) -> bytes:
    from ...export.card import UNKNOWN_LICENCE, ModelCard
    from ...export.classifier import Calibrated, serialise_classifier

    card = ModelCard(
        name="classifier",
        version="1",
        licence=licence or UNKNOWN_LICENCE,
        trained_on=(
            f"{images.root.resolve().name}: {len(material.labels)} labelled and {len(material.unlabelled)}"
            f" unlabelled images of {material.num_classes} classes"
        ),
        recipe=learned.ensemble.name,
    )
    network = Calibrated(
        [fitted.network for fitted in learned.fitted],
        [member.temperature for member in learned.ensemble.members],
        learned.ensemble.temperature,
        torch.from_numpy(learned.prior.shares).float(),
    )
    return serialise_classifier(network, card, classes=images.classes, shape=material.labelled.shape[1:])
