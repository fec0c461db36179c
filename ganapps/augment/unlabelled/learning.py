"""The classifier that unlabelled images are named by: chosen, calibrated and trained."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..sets.shape import Shape
from .calibration import expected_calibration_error, softmax
from .choice import Ensemble, HeldOut, best_of, combine, hold_out
from .frozen import FeatureBank, OnFeatures
from .prior import Prior, estimate_prior, reweigh
from .pseudo import Training
from .route import Fitted, Material
from .scratch import FromScratch

_UPDATES_A_MINUTE = 800
"""Of the network from scratch with images of 28 x 28, on one core of 2020."""
_TRAININGS = 4
"""Three folds and the last."""
_FEWEST, _MOST = 60, 20_000


@dataclass(frozen=True, eq=False)
class Learned:
    """The chosen classifier, trained on all labelled images."""

    ensemble: Ensemble
    fitted: tuple[Fitted, ...]
    prior: Prior
    training: Training


def updates_for(minutes: float, shape: Shape, trainings: int = _TRAININGS) -> int:
    """Updates of each of so many trainings of the network from scratch, by the cost of such an image.

    Example:
        >>> updates_for(5, Shape(28, 28, 1)), updates_for(5, Shape(64, 64, 3))
        (1000, 696)
    """
    # The first layer of larger images has a stride of 2, see `Classifier`.
    positions = shape.height * shape.width / (4 if max(shape.height, shape.width) > 40 else 1)
    cost = max(0.25, positions / 28**2) * (1 if shape.channels == 1 else 1.1)
    return round(min(_MOST, max(_FEWEST, minutes * _UPDATES_A_MINUTE / trainings / cost)))


def learn(material: Material, updates: int, started: float, tell: Callable[[float], None]) -> Learned:
    """Choose, calibrate and train."""
    labels = material.labels
    even = np.full(material.num_classes, 1 / material.num_classes)
    bank = FeatureBank(material)
    tell(0.1)
    alone = hold_out(OnFeatures(material, bank, temperature=None), material, even)
    everything = np.arange(len(labels))
    first = alone.route.fit(everything, even)
    prior = estimate_prior(
        softmax(first.unlabelled / alone.temperature), np.exp(alone.log_probabilities), labels
    )
    taught = hold_out(OnFeatures(material, bank, temperature=alone.temperature), material, prior.shares)
    done = iter(range(1, _TRAININGS))
    scratch = hold_out(
        FromScratch(material, taught.route, temperature=taught.temperature, updates=updates),
        material,
        prior.shares,
        lambda: tell(0.1 + 0.9 * next(done, _TRAININGS) / _TRAININGS),
    )
    candidates = _candidates(alone, taught, scratch, labels)
    ensemble = best_of(candidates, labels)
    fitted = tuple(member.route.fit(everything, prior.shares) for member in ensemble.members)
    tell(1.0)
    held_out = np.exp(ensemble.log_probabilities)
    at_home = reweigh(held_out, prior.labelled)
    raw = reweigh(softmax(np.mean([m.logits for m in ensemble.members], axis=0)), prior.labelled)
    # The chosen classifier knows better than the first one how frequent the classes are.
    prior = estimate_prior(np.exp(ensemble.unlabelled(fitted)), held_out, labels)
    training = Training(
        candidates=tuple(candidate.score(labels) for candidate in candidates),
        chosen=ensemble.name,
        held_out_accuracy=float((at_home.argmax(axis=1) == labels).mean()),
        calibration_error=expected_calibration_error(at_home, labels),
        calibration_error_before=expected_calibration_error(raw, labels),
        temperature=ensemble.members[0].temperature * ensemble.temperature,
        labelled_prior=tuple(prior.labelled.tolist()),
        prior=tuple(prior.shares.tolist()),
        shrinkage=prior.shrinkage,
        updates=updates,
        seconds=round(time.monotonic() - started, 1),
    )
    return Learned(ensemble, fitted, prior, training)


def _candidates(
    alone: HeldOut, taught: HeldOut, scratch: HeldOut, labels: NDArray[np.int64]
) -> tuple[Ensemble, ...]:
    members = ((alone,), (taught,), (scratch,), (taught, scratch))
    return tuple(combine(each, labels) for each in members)
