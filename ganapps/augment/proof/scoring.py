"""Predictions that are already made, against the labels of the test set, and arms against each other.

This is the one place where these labels are looked at, and nothing that is computed here goes back to where
anything is chosen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...metrics.paired import paired_difference
from ...metrics.recall import accuracy, balanced_accuracy, recalls
from ...metrics.sign_flip import sign_flip_p_value
from .arms import Arm, Material
from .report import ArmResult, Comparison, NetworkResult, PolicyScore
from .training import Predictions
from .verdict import judge

COMPARED = (
    (Arm.CLASSIC, Arm.SELECTED),
    (Arm.REAL, Arm.CLASSIC),
    (Arm.DUPLICATED, Arm.SELECTED),
    (Arm.UNFILTERED, Arm.SELECTED),
    (Arm.CLASSIC, Arm.DUPLICATED),
    (Arm.CLASSIC, Arm.UNFILTERED),
    (Arm.CLASSIC, Arm.CEILING),
)
"""First and second of each comparison; the first of them decides."""


def score(
    network: str, predictions: Predictions, material: Material, labels: NDArray[np.int64], *, seed: int
) -> NetworkResult:
    """Compare predictions with the labels of the test set, and arms with each other.

    Args:
        network: name of the learner.
        predictions: what it said.
        material: what it was trained on, for the numbers of images.
        labels: of the test images, `[N]`.
        seed: what bootstrap samples are drawn from.
    """
    tuned, of_arm = predictions.tuned, predictions.of_arm
    arms = tuple(
        ArmResult(
            arm=arm,
            images=len(material.pool(arm, 0, seed=seed)),
            accuracy=tuple(accuracy(guesses, labels).tolist()),
            balanced_accuracy=tuple(balanced_accuracy(guesses, labels, material.num_classes).tolist()),
            recall=tuple(recalls(guesses, labels, material.num_classes).mean(axis=0).tolist()),
        )
        for arm, guesses in of_arm.items()
    )
    right = {arm: guesses == labels for arm, guesses in of_arm.items()}
    comparisons = tuple(
        _compare(first, second, right, labels, measure, seed)
        for first, second in COMPARED
        if first in right and second in right
        for measure in ("balanced accuracy", "accuracy")
    )
    return NetworkResult(
        network=network,
        policy=tuned.policy.name,
        validation=tuned.score,
        policies=tuple(PolicyScore(name=t.policy.name, score=t.score, folds=t.folds) for t in tuned.tried),
        arms=arms,
        comparisons=comparisons,
    )


def _compare(
    first: Arm,
    second: Arm,
    right: dict[Arm, NDArray[np.bool_]],
    labels: NDArray[np.int64],
    measure: str,
    seed: int,
) -> Comparison:
    balanced = measure == "balanced accuracy"
    difference = paired_difference(right[first], right[second], labels, balanced=balanced, seed=seed)
    p_value = sign_flip_p_value(difference.of_seeds)
    return Comparison(
        first=first,
        second=second,
        measure=measure,
        difference=difference,
        p_value=p_value,
        effect=judge(difference, p_value),
    )
