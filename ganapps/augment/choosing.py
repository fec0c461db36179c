"""The step of augmenting that chooses how many synthetic images are added (needs PyTorch)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .proof.amount_choice import SHARES, Candidates, choose_amount
from .proof.learners import make_learners
from .proof.pool import Labelled, Pictures, draw_rows
from .proof.proof import updates_for
from .proof.tuning import NUM_FOLDS
from .sets.shape import Pixels, Shape
from .synthetic.amount import Amount
from .synthetic.draw import Filled
from .unlabelled.learning import updates_for as updates_within
from .unlabelled.pseudo import PseudoLabelled

_TRAININGS = NUM_FOLDS * (len(SHARES) + 1)
_SIZE = 3.0
"""Updates of a proof's network that take as long as one of the network that labels, whose batches hold three
times as many images."""
_MOST_IMAGES = 1_500
"""Of a larger set so many real images are drawn, the classes alike, and of the synthetic ones as large a
share."""


class AmountChooser:
    """Chooses once the images are there.

    Args:
        guessed: unlabelled images that join the set.
        minutes: about what it may take on one core; None for no such limit.
        images: images of the generator's training; its classifiers are shown no more. None for no such limit.
        seed: what folds, weights and batches are drawn from.
        on_progress: told the share that is done, 0 to 1.
    """

    def __init__(
        self,
        guessed: PseudoLabelled | None,
        *,
        minutes: float | None,
        images: int | None,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        self._guessed, self._minutes, self._images = guessed, minutes, images
        self._seed, self._on_progress = seed, on_progress

    def __call__(self, real: Pixels, labels: NDArray[np.int64], filled: Sequence[Filled]) -> Amount:
        """Choose.

        Args:
            real: the real images, uint8 `[N, H, W, C]`.
            labels: theirs, `[N]`.
            filled: what was drawn for each class.

        Raises:
            DependencyError: the pretrained features are not installed.
        """
        num_classes, shape = len(filled), Shape(*real.shape[1:])
        rows = self._some(labels, num_classes)
        made = [(image, label) for label, drawn in enumerate(filled) for image in drawn.added]
        pictures = Pictures(np.stack([image.pixels for image, _ in made]))
        candidates = Candidates(
            Labelled(pictures, np.array([label for _, label in made], dtype=np.int64)),
            # A neighbour that was not drawn is in no fold.
            _places(rows, len(labels))[[image.judgement.nearest for image, _ in made]],
            part=len(rows) / len(labels),
        )
        guessed = self._joined()
        num = len(rows) + len(candidates.rows(1.0)) + (0 if guessed is None else len(guessed.labels))
        learners = make_learners(
            shape, num_classes, images=num, updates=self._updates(num, shape), seed=self._seed
        )
        return choose_amount(
            learners,
            Labelled(Pictures(real[rows]), labels[rows]),
            candidates,
            num_classes,
            guessed=guessed,
            seed=self._seed,
            on_progress=self._on_progress,
        )

    def _some(self, labels: NDArray[np.int64], num_classes: int) -> NDArray[np.int64]:
        """Rows of the real images that are asked about."""
        if len(labels) <= _MOST_IMAGES:
            return np.arange(len(labels))
        most = max(2 * NUM_FOLDS, _MOST_IMAGES // num_classes)
        counts = np.bincount(labels, minlength=num_classes)
        return np.sort(draw_rows(labels, np.minimum(counts, most), self._seed))

    def _joined(self) -> Labelled | None:
        """The unlabelled images that join."""
        if self._guessed is None or not self._guessed.accepted:
            return None
        pixels = np.stack([image.pixels for image in self._guessed.accepted])
        labels = np.array([image.label for image in self._guessed.accepted], dtype=np.int64)
        return Labelled(Pictures(pixels), labels)

    def _updates(self, images: int, shape: Shape) -> int:
        """Of each training, batches of 32."""
        updates = updates_for(images)
        if self._minutes is not None:
            updates = min(updates, round(_SIZE * 4 / _TRAININGS * updates_within(self._minutes, shape)))
        if self._images is not None:
            updates = min(updates, self._images // 32)
        return max(1, updates)


def _places(rows: NDArray[np.int64], num: int) -> NDArray[np.int64]:
    """For each of so many rows its place among the chosen ones, or -1, `[num]`."""
    places = np.full(num, -1, dtype=np.int64)
    places[rows] = np.arange(len(rows))
    return places
