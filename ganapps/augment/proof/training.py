"""Tuning, and the training of every arm under every seed.

No label of the test set has a way in here: what is trained answers for images alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..classic import NONE
from .arms import Arm, Material
from .learners import Learner
from .pool import Pictures
from .tuning import Tuned, tune

_TUNING = 0.3
"""Share of the work that is tuning."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What classifiers said of the test images, arm by arm."""

    tuned: Tuned
    of_arm: dict[Arm, NDArray[np.int64]]
    """`[S, N]` each: row s under the s-th seed."""


def train_arms(
    learner: Learner,
    material: Material,
    asked: Pictures,
    *,
    seeds: int,
    seed: int,
    on_progress: Callable[[float], None] | None = None,
) -> Predictions:
    """Tune the classic policy, train every arm under every seed, and ask each for the test images.

    Args:
        learner: what is trained.
        material: what it is trained on.
        asked: the test images; their labels have no way in here.
        seeds: how many.
        seed: the first of them.
        on_progress: told the share that is done, 0 to 1.
    """
    tell = on_progress or (lambda share: None)
    tuned = tune(
        learner, material.real, material.num_classes, seed=seed, on_progress=lambda done: tell(_TUNING * done)
    )
    learner.keep_only(tuned.policy)
    rows, total = asked.all, seeds * len(material.arms)
    guesses: dict[Arm, list[NDArray[np.int64]]] = {arm: [] for arm in material.arms}
    for number in range(seeds):
        for arm in material.arms:
            own = seed + number
            policy = NONE if arm is Arm.REAL else tuned.policy
            pool = material.pool(arm, number, seed=own)
            guesses[arm].append(learner.predict(pool, policy, asked, rows, seed=own))
            tell(_TUNING + (1 - _TUNING) * sum(map(len, guesses.values())) / total)
    return Predictions(tuned, {arm: np.stack(found) for arm, found in guesses.items()})
