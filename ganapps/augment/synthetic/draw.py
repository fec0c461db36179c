"""Draw images of one class from a generator until enough have passed the selection."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..sets.dataset import LabelledImages, Pixels
from .selection import Judgement, Selection, Verdict

MAX_DRAWS = 10
"""Images generated at most for each one that is wanted."""
KEPT_REJECTED = 3
"""Images of each class and reason that are kept to be looked at: the first ones."""
_BATCH = 64


class Drawn(Protocol):
    """What a sampler returns, see `ganapps.runtime.sampler.Samples`."""

    @property
    def images(self) -> Pixels: ...
    @property
    def confidence(self) -> NDArray[np.float32] | None: ...


class LabelledSampler(Protocol):
    """What is needed of a generator; `ganapps.Sampler` is one."""

    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def model_hash(self) -> str: ...
    def __call__(self, labels: Sequence[int], seeds: Sequence[int]) -> Drawn: ...


@dataclass(frozen=True)
class Judged:
    """A synthetic image and what became of it."""

    pixels: Pixels
    """`[H, W, C]`"""
    seed: int
    """With the model and the label, enough to make it again."""
    judgement: Judgement


@dataclass
class Filled:
    """What drawing for one class came to."""

    added: list[Judged] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    rejected: list[Judged] = field(default_factory=list)
    """The first few of every reason."""
    distances: list[float] = field(default_factory=list)
    """Distance to the nearest real image of all that were generated."""
    label_checked: bool = True

    def add(self, image: Judged) -> None:
        """Count an image, and keep it if it was added or is among the first of its reason."""
        verdict = image.judgement.verdict
        self.verdicts[verdict] += 1
        self.distances.append(image.judgement.distance)
        if verdict is Verdict.ADDED:
            self.added.append(image)
        elif self.verdicts[verdict] <= KEPT_REJECTED:
            self.rejected.append(image)

    def keep(self, rows: Sequence[int], verdict: Verdict) -> None:
        """Keep these of the added images, and pass that verdict on the others after all."""
        kept = set(rows)
        others = [image for row, image in enumerate(self.added) if row not in kept]
        self.added = [image for row, image in enumerate(self.added) if row in kept]
        self.verdicts[Verdict.ADDED] = len(self.added)
        for image in others:
            self.verdicts[verdict] += 1
            if self.verdicts[verdict] <= KEPT_REJECTED:
                self.rejected.append(replace(image, judgement=replace(image.judgement, verdict=verdict)))

    def hold_back(self, share: float) -> None:
        """Keep such a share of the added images, the first ones, rounded up."""
        self.keep(range(math.ceil(share * len(self.added))), Verdict.HELD_BACK)


def synthetic_wanted(images: LabelledImages, guessed: Sequence[int], per_class: int | None) -> list[int]:
    """How many synthetic images each class wants for.

    Args:
        images: the real ones.
        guessed: pseudo-labelled images of each class.
        per_class: images wanted in each class; None means twice the largest class.
    """
    total = per_class or 2 * max(images.counts)
    return [max(0, total - real - more) for real, more in zip(images.counts, guessed, strict=True)]


def draw_class(
    sampler: LabelledSampler,
    selection: Selection,
    *,
    label: int,
    model_label: int,
    wanted: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> Filled:
    """Generate and judge one image after the other, until `wanted` are added or ten times as many are tried.

    Args:
        sampler: the generator.
        selection: the judge.
        label: the class in the set.
        model_label: the same class in the generator.
        wanted: images to add.
        seed: the image seeds are drawn from it and from `model_label`; a larger `wanted` only adds to them.
        on_progress: told the share that is done, 0 to 1.
    """
    filled = Filled()
    # Below 2^53, so that every JSON reader gets them back whole.
    seeds = np.random.default_rng((seed, model_label)).integers(2**53, size=MAX_DRAWS * wanted).tolist()
    for start in range(0, len(seeds), _BATCH):
        batch = seeds[start : start + _BATCH]
        drawn = sampler([model_label] * len(batch), batch)
        confidence = None if drawn.confidence is None else drawn.confidence[:, model_label]
        filled.label_checked &= confidence is not None
        judgements = selection.judge(drawn.images, label, confidence)
        for pixels, image_seed, judgement in zip(drawn.images, batch, judgements, strict=True):
            filled.add(Judged(pixels, image_seed, judgement))
            if len(filled.added) == wanted:
                return filled
        on_progress(max(len(filled.added) / wanted, (start + len(batch)) / len(seeds)))
    return filled
