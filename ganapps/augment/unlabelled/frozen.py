"""The second route: a linear classifier on features of a network that was trained on other images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ...features.pooled import PooledFeatures
from ..classic import POLICIES, draw_views
from ..regression import regress
from .calibration import softmax
from .consistency import MOST_WEIGHT
from .prior import reweigh
from .route import Fitted, Material, Rows, held_out

_VIEWS = 3
"""Views of each labelled image beside the image itself."""
_DECAY = 1e-3
"""Weight of half the squared weights, of features that are scaled to unit length."""
_ROUNDS = 3
"""Times that the unlabelled images are labelled anew."""
_SHARPNESS = 2.0
"""Power that probabilities are raised to before they are learned from."""
_ALIGNING = 20
"""Steps that bring the mean of probabilities to the prior."""


class FeatureBank:
    """Features of all images, computed once for every training."""

    def __init__(self, material: Material) -> None:
        self.network = PooledFeatures("ganapps augment --unlabeled").eval().requires_grad_(False)
        affine = next(policy for policy in POLICIES if policy.name == "affine, colour")
        views = draw_views(material.labelled, affine, _VIEWS, seed=material.seed + 3)
        self.views = torch.stack([self.network.of(view) for view in (material.labelled, *views)])
        """`[V, M, D]`, the images themselves first; scaled, as all features here."""
        self.unlabelled = self.network.of(material.unlabelled)
        """`[N, D]`"""
        known = torch.cat([self.views[0], self.unlabelled])
        self.mean = known.mean(0)
        # A feature that hardly ever moves would turn its noise into a signal.
        self.spread = known.std(0).clamp_min(1e-2) * PooledFeatures.length**0.5
        self.views = (self.views - self.mean) / self.spread
        self.unlabelled = (self.unlabelled - self.mean) / self.spread

    def head(self, weight: Tensor, bias: Tensor) -> nn.Module:
        """A linear classifier of scaled features, as a network of images."""
        linear = nn.Linear(PooledFeatures.length, len(bias))
        with torch.no_grad():
            linear.weight.copy_(weight / self.spread)
            linear.bias.copy_(bias - linear.weight @ self.mean)
        return nn.Sequential(self.network, linear).eval().requires_grad_(False)


class OnFeatures:
    """Multinomial logistic regression, on labelled images alone or with what it says of unlabelled ones.

    With these it is trained again, three times, on its own probabilities, brought to the prior and squared,
    where they weigh as much as the labelled images together (self-training, Scudder 1965; with squared
    probabilities it lowers their entropy, as Grandvalet and Bengio 2005 do).

    Args:
        material: the images.
        bank: their features.
        temperature: by which the logits of the first round are divided; None leaves unlabelled images out.
    """

    num_folds = 5

    def __init__(self, material: Material, bank: FeatureBank, *, temperature: float | None) -> None:
        self._material, self._bank, self._temperature = material, bank, temperature
        self.name = "on pretrained features" + ("" if temperature is None else ", self-trained")

    def fit(self, rows: Rows, prior: NDArray[np.float64]) -> Fitted:
        bank, classes = self._bank, self._material.num_classes
        own = bank.views[:, rows].flatten(0, 1)
        labels = torch.from_numpy(self._material.labels[rows]).repeat(len(bank.views))
        targets = one_hot(labels, classes).float()
        # Every class counts the same, whatever its number of labels.
        weights = 1 / torch.bincount(labels, minlength=classes).float()[labels] / classes
        found = regress(own, targets, weights, decay=_DECAY)
        if self._temperature is not None:
            guests = torch.cat([bank.unlabelled, bank.views[0, held_out(rows, bank.views.shape[1])]])
            everything = torch.cat([own, guests])
            # The shares of the classes are taken out again: all of them are to be equally frequent.
            balance = np.minimum(1 / (classes * prior), MOST_WEIGHT)
            for number in range(_ROUNDS):
                logits = (guests @ found[0].T + found[1]).double().numpy()
                guessed = align(softmax(logits / (1 if number else self._temperature)), prior) ** _SHARPNESS
                guessed /= guessed.sum(axis=1, keepdims=True)
                even = torch.full((len(guessed),), 1 / len(guessed))
                both = torch.cat([targets, torch.from_numpy(guessed * balance).float()])
                found = regress(everything, both, torch.cat([weights, even]), decay=_DECAY, start=found)
        weight, bias = found
        return Fitted(
            labelled=(bank.views[0] @ weight.T + bias).double().numpy(),
            unlabelled=(bank.unlabelled @ weight.T + bias).double().numpy(),
            network=bank.head(weight, bias),
        )


def align(probabilities: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities `[N, K]` whose mean is the prior, as near as twenty steps come to it."""
    for _ in range(_ALIGNING):
        probabilities = reweigh(probabilities, prior / np.maximum(probabilities.mean(axis=0), 1e-12))
    return probabilities
