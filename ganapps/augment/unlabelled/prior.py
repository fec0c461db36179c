"""How frequent the classes are among images without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .calibration import Labels, Probabilities

_MOST_STEPS = 500
_DOUBT = 4.0
"""What the variance is multiplied by, two standard deviations: it knows nothing of how another draw of
labelled images would have trained another classifier. With 10 labelled aerial photographs of each of 7
classes shares of .07 to .25 were found, by the plain variance, where all are .14."""
_PSEUDO_COUNT = 1.0
"""Images of each class that are held to be there beside those that were found: no class is ruled out."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Shares of the classes."""

    labelled: NDArray[np.float64]
    """Among the labelled images, `[K]`."""
    shares: NDArray[np.float64]
    """Among the unlabelled ones, `[K]`."""
    shrinkage: float
    """How far the estimate goes from the labelled shares towards maximum likelihood, 0 to 1."""

    def adjust(self, probabilities: Probabilities) -> Probabilities:
        """Probabilities of a classifier to which all classes were the same, `[N, K]`, made right for
        unlabelled images by Bayes' rule."""
        return reweigh(probabilities, self.shares)


def reweigh(probabilities: Probabilities, factors: NDArray[np.float64]) -> Probabilities:
    """Probabilities times a factor for each class, `[N, K]`, brought to sum 1 again."""
    weighed = probabilities * factors
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))


def estimate_prior(unlabelled: Probabilities, held_out: Probabilities, labels: Labels) -> Prior:
    """Estimate the shares of the classes among unlabelled images.

    The maximum-likelihood shares are found by expectation maximisation (Saerens et al. 2002, Neural
    Computation 14, eq. 2.5), which with calibrated probabilities is hard to beat (Alexandari et al. 2020,
    arXiv 1901.06852). A classifier of few labelled images is wrong in its own way, and that, too, looks like
    other shares. So the estimate is drawn back to the labelled shares as far as that explains it: by the
    positive-part rule of James and Stein (1961), with what is seen, the mean probability of the unlabelled
    images less what the held-out images let expect at the labelled shares, against four times the
    variance of that difference. Where the two agree within chance the labelled shares stay.

    Args:
        unlabelled: calibrated probabilities of the unlabelled images, `[N, K]`, by a classifier to which all
            classes were equally frequent.
        held_out: the same of labelled images that were held out, `[M, K]`.
        labels: of these, `[M]`; every class has one at least.
    """
    num_classes = held_out.shape[1]
    counts = np.bincount(labels, minlength=num_classes)
    labelled = counts / counts.sum()
    expected, noise = np.zeros(num_classes), 0.0
    for label, share in enumerate(labelled):
        own = held_out[labels == label]
        expected += share * own.mean(axis=0)
        if len(own) > 1:
            noise += share**2 * float(own.var(axis=0, ddof=1).sum()) / len(own)
    noise += float(unlabelled.var(axis=0).sum()) / len(unlabelled)
    seen = float(((unlabelled.mean(axis=0) - expected) ** 2).sum())
    shrinkage = max(0.0, 1 - _DOUBT * noise / seen) if seen > 0 else 0.0
    likeliest = _maximise(unlabelled)
    return Prior(labelled, labelled + shrinkage * (likeliest - labelled), shrinkage)


def _maximise(probabilities: Probabilities) -> NDArray[np.float64]:
    num_classes = probabilities.shape[1]
    shares = np.full(num_classes, 1 / num_classes)
    for _ in range(_MOST_STEPS):
        found = reweigh(probabilities, shares).sum(axis=0) + _PSEUDO_COUNT
        better = found / found.sum()
        if np.abs(better - shares).max() < 1e-7:
            return np.asarray(better)
        shares = better
    return shares
