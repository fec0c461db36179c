"""Which classifier labels the images: cross-validation on the labelled ones, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...metrics.recall import balanced_accuracy
from ..proof.tuning import draw_folds
from .calibration import fit_temperature, log_loss, log_softmax
from .pseudo import Candidate
from .route import Fitted, Logits, Material, Route, held_out


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A route and what it says of labelled images that it was not trained on."""

    route: Route
    logits: Logits
    """`[M, K]`, each row by the training that held the image out."""
    temperature: float

    @property
    def log_probabilities(self) -> Logits:
        """Calibrated, `[M, K]`."""
        return log_softmax(self.logits / self.temperature)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """One route or several, whose calibrated log-probabilities are averaged and calibrated again."""

    members: tuple[HeldOut, ...]
    logits: Logits
    """The averages for held-out images, `[M, K]`."""
    temperature: float

    @property
    def name(self) -> str:
        """The names of its members."""
        return " and ".join(member.route.name for member in self.members)

    @property
    def log_probabilities(self) -> Logits:
        """Calibrated, of held-out images, `[M, K]`."""
        return log_softmax(self.logits / self.temperature)

    def unlabelled(self, fitted: Sequence[Fitted]) -> Logits:
        """Calibrated log-probabilities of unlabelled images by final trainings of the members, `[N, K]`."""
        logs = [
            log_softmax(fit.unlabelled / member.temperature)
            for fit, member in zip(fitted, self.members, strict=True)
        ]
        return log_softmax(np.mean(logs, axis=0) / self.temperature)

    def score(self, labels: NDArray[np.int64]) -> Candidate:
        """How it does on held-out images of these labels."""
        guesses = self.logits.argmax(axis=1)
        accuracy = balanced_accuracy(guesses, labels, self.logits.shape[1])
        return Candidate(self.name, float(accuracy), log_loss(self.log_probabilities, labels))


def hold_out(
    route: Route,
    material: Material,
    prior: NDArray[np.float64],
    on_fold: Callable[[], None] = lambda: None,
) -> HeldOut:
    """Train a route once for each fold of the labelled images: as many as it allows, and as there are images
    in the smallest class.

    Args:
        route: what is trained.
        material: the images.
        prior: shares of the classes among the unlabelled images, `[K]`.
        on_fold: told when a training is done.
    """
    labels = material.labels
    logits = np.empty((len(labels), material.num_classes))
    folds = draw_folds(labels, min(route.num_folds, int(np.bincount(labels).min())), material.seed)
    for fold in folds:
        logits[fold] = route.fit(held_out(fold, len(labels)), prior).labelled[fold]
        on_fold()
    return HeldOut(route, logits, fit_temperature(logits, labels))


def combine(members: Sequence[HeldOut], labels: NDArray[np.int64]) -> Ensemble:
    """Several routes as one; a single one stays as it is."""
    logits = np.mean([member.log_probabilities for member in members], axis=0)
    return Ensemble(tuple(members), logits, 1.0 if len(members) == 1 else fit_temperature(logits, labels))


def best_of(ensembles: Sequence[Ensemble], labels: NDArray[np.int64]) -> Ensemble:
    """The one with the best balanced accuracy on held-out images; of equal ones the one with the least
    log-loss."""

    def key(ensemble: Ensemble) -> tuple[float, float]:
        score = ensemble.score(labels)
        return score.balanced_accuracy, -score.log_loss

    return max(ensembles, key=key)
