"""From which confidence on a label is believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..synthetic.selection import MIN_CONFIDENCE
from .calibration import Labels, Probabilities

BALANCE = 3.0
"""Most that a class may have, with its labelled images, as a multiple of what the class with the least has;
both relative to the classes' shares among the unlabelled images."""
_TRIES = 6
_QUANTILE = 0.8416
"""Of the normal distribution, below which four fifths of it lie."""


@dataclass(frozen=True, eq=False)
class Thresholds:
    """The least confidence of each class."""

    of_class: NDArray[np.float64]
    """`[K]`; infinite for a class of which nothing is accepted."""

    def accept(self, probabilities: Probabilities) -> NDArray[np.bool_]:
        """Which images are sure enough of the class they are taken for, `[N]`."""
        guesses = probabilities.argmax(axis=1)
        return np.asarray(probabilities.max(axis=1) >= self.of_class[guesses])


def likelier_than_not(num_classes: int) -> Thresholds:
    """Every image joins that puts more on its class than on all others together.

    More wrong labels, and the better set: who trains on the surest images alone learns of each class what is
    plain about it, and of some classes next to nothing. Measured with 25 labelled clothes a class and 5,746
    without label, of which the classifier named 82.5 % rightly, by a network that was trained on all that
    joined: 76.9 % with none, 73.6 % with the 2,074 of an expected 95 % right labels, 76.5 % with 349 of these
    when classes were kept alike, and 82 % with all that are likelier than not.
    """
    return Thresholds(np.full(num_classes, np.nextafter(MIN_CONFIDENCE, 1)))


def choose_thresholds(
    unlabelled: Probabilities,
    held_out: Probabilities,
    labels: Labels,
    prior: NDArray[np.float64],
    *,
    precision: float,
) -> Thresholds:
    """Thresholds at which the labels of the accepted images are right as often as is asked for.

    For each class it is the lowest at which the mean confidence of the images taken for it is at least
    `precision`; an image must put more on its class than on all others together. The labelled images that
    were held out have their say as well: of those that the thresholds accept, the share that is named rightly
    must be at least `precision`, too, by the lower end of its interval of 80 % (Wilson 1927, one-sided), for
    they are few. Where it is not, thresholds are chosen for half the wrong labels, up to six times, and then
    nothing is accepted.

    Args:
        unlabelled: calibrated probabilities of the unlabelled images, `[N, K]`.
        held_out: the same of labelled images that were held out, `[M, K]`.
        labels: of these, `[M]`.
        prior: shares of the classes among the unlabelled images, `[K]`, by which held-out images are weighed.
        precision: 0.5 to 1, not 1 itself.
    """
    num_classes = unlabelled.shape[1]
    guesses, confidence = held_out.argmax(axis=1), held_out.max(axis=1)
    weights = (prior * len(labels) / np.bincount(labels, minlength=num_classes))[labels]
    for attempt in range(_TRIES):
        asked = 1 - (1 - precision) / 2**attempt
        thresholds = _by_confidence(unlabelled, asked)
        believed = confidence >= thresholds[guesses]
        right = float(weights[believed & (guesses == labels)].sum())
        if _least_share(right, float(weights[believed].sum())) >= precision:
            return Thresholds(thresholds)
    return Thresholds(np.full(num_classes, np.inf))


def _least_share(right: float, num: float) -> float:
    """The lower end of Wilson's interval of a share."""
    if num <= 0:
        return 0.0
    share, extra = right / num, _QUANTILE**2 / num
    half = (extra * share * (1 - share) + extra**2 / 4) ** 0.5
    return float((share + extra / 2 - half) / (1 + extra))


def _by_confidence(probabilities: Probabilities, precision: float) -> NDArray[np.float64]:
    guesses, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in range(len(thresholds)):
        own = np.sort(confidence[(guesses == label) & (confidence > MIN_CONFIDENCE)])[::-1]
        means = np.cumsum(own) / np.arange(1, len(own) + 1)
        # Rounding must not refuse a mean that is what was asked for.
        enough = np.flatnonzero(means >= precision - 1e-12)
        if len(enough):
            thresholds[label] = own[enough[-1]]
    return thresholds


def within_shares(
    guesses: Labels,
    confidence: NDArray[np.float64],
    counts: NDArray[np.int64],
    prior: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which of the accepted images stay when no class may outgrow the others, `[N]`.

    Easy classes are accepted more often than hard ones, and a set that is even would end uneven. A class is
    held to `BALANCE` times what the weakest class has, by the classes' shares; the surest images stay.

    Args:
        guesses: class of each accepted image, `[N]`.
        confidence: `[N]`.
        counts: labelled images of each class, `[K]`.
        prior: shares of the classes among the unlabelled images, `[K]`.
    """
    totals = counts + np.bincount(guesses, minlength=len(counts))
    weakest = float((totals / prior).min())
    stays = np.zeros(len(guesses), dtype=bool)
    for label, share in enumerate(prior):
        own = np.flatnonzero(guesses == label)
        surest = own[np.argsort(-confidence[own], kind="stable")]
        room = max(0, int(BALANCE * weakest * share) - int(counts[label]))
        stays[surest[:room]] = True
    return stays
