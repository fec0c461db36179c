"""The step of augmenting that chooses which synthetic images are added, and how many (needs PyTorch)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..features.embedding import Embedding
from .proof.amount_choice import SHARES, Candidates, choose_amount
from .proof.learners import make_learners
from .proof.pool import Labelled, Pictures
from .proof.proof import updates_for
from .proof.tuning import NUM_FOLDS, rows_to_ask
from .sets.shape import Pixels, Shape
from .synthetic.amount import NOTHING, Amount
from .synthetic.draw import Filled
from .synthetic.selection import Verdict
from .synthetic.spread import inside_class, spread_out
from .unlabelled.learning import updates_for as updates_within
from .unlabelled.pseudo import PseudoLabelled

_TRAININGS = NUM_FOLDS * (len(SHARES) + 1)
_SIZE = 3.0
"""Updates of a proof's network that take as long as one of the network that labels, whose batches hold three
times as many images."""
_SURPLUS = 3
"""Images that are to pass the selection for each one that is wanted."""
_MOST_SPREAD = 5_000
"""Of more images that are wanted features would take longer than the whole budget."""


class FeatureChooser:
    """Chooses once the images are there: those inside their class in pretrained features, of every kind, and
    then as many as help.

    Args:
        guessed: unlabelled images that join the set.
        minutes: about what it may take on one core; None for no such limit.
        images: images of the generator's training; its classifiers are shown no more. None for no such limit.
        seed: what clusters, folds, weights and batches are drawn from.
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

    def to_draw(self, wanted: Sequence[int]) -> list[int]:
        """Three times as many as are wanted, or as many where these are very many."""
        return [_SURPLUS * number for number in wanted] if _can_spread(wanted) else list(wanted)

    def __call__(
        self, real: Pixels, labels: NDArray[np.int64], filled: Sequence[Filled], wanted: Sequence[int]
    ) -> Amount:
        """Choose.

        Args:
            real: the real images, uint8 `[N, H, W, C]`.
            labels: theirs, `[N]`.
            filled: what was drawn for each class; what is not chosen is dropped from it.
            wanted: images that each class wants for.

        Raises:
            DependencyError: the pretrained features are not installed.
        """
        if _can_spread(wanted):
            embed = Embedding("ganapps augment")
            known = embed(real)
            for label, drawn in enumerate(filled):
                if drawn.added:
                    _thin_out(drawn, known[labels == label], embed, wanted[label], self._seed)
        amount = self._amount(real, labels, filled)
        for drawn in filled:
            drawn.hold_back(amount.share)
        return amount

    def _amount(self, real: Pixels, labels: NDArray[np.int64], filled: Sequence[Filled]) -> Amount:
        num_classes, shape = len(filled), Shape(*real.shape[1:])
        made = [(image, label) for label, drawn in enumerate(filled) for image in drawn.added]
        if not made:
            return NOTHING
        rows = rows_to_ask(labels, num_classes, self._seed)
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
            updates = min(updates, updates_within(_SIZE * self._minutes, shape, _TRAININGS))
        if self._images is not None:
            updates = min(updates, self._images // 32)
        return max(1, updates)


def _can_spread(wanted: Sequence[int]) -> bool:
    return sum(wanted) <= _MOST_SPREAD


def _thin_out(drawn: Filled, real: NDArray[np.float32], embed: Embedding, wanted: int, seed: int) -> None:
    """Keep what lies inside the class, and of that as many as are wanted, of every kind."""
    vectors = embed(np.stack([image.pixels for image in drawn.added]))
    rows = np.flatnonzero(inside_class(real, vectors))
    drawn.keep(rows.tolist(), Verdict.FAR)
    confidence = [image.judgement.confidence for image in drawn.added]
    drawn.keep(spread_out(vectors[rows], confidence, wanted, seed=seed).tolist(), Verdict.SPARE)


def _places(rows: NDArray[np.int64], num: int) -> NDArray[np.int64]:
    """For each of so many rows its place among the chosen ones, or -1, `[num]`."""
    places = np.full(num, -1, dtype=np.int64)
    places[rows] = np.arange(len(rows))
    return places
