"""Which generated images may join a set: none that copies, and none that is not what its label says.

A generator trained on few images repeats some of them, and some of what it makes for one class looks like
another. Both do harm without adding anything, so both are dropped, and every drop has its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from ..sets.dataset import Pixels

Vectors = NDArray[np.float32]

NEAR = 0.5
"""A generated image is a near-copy below this share of the distance at which images of its class usually have
their nearest neighbour. Measured with 20 and 100 images a class of drawings, clothes, hands, aerial
photographs and X-rays: every copy with noise of 10 grey levels, JPEG damage at quality 50 or another
brightness falls below, and at least 95 of 100 real images that were held out do not. A copy moved by a pixel
may pass."""
MIN_CONFIDENCE = 0.5
"""Share of its belief that the classifier must put on the label: more than on all others together."""

_SIDE_PX = 16
_FLOOR = 4.0
"""Smallest standard deviation, in grey levels, that is scaled to 1: the noise of a blank image is no
content."""


class Verdict(StrEnum):
    """What became of a generated image."""

    ADDED = "added"
    NEAR_COPY = "near-copy of a real image"
    REPEAT = "near-copy of an image already added"
    WRONG_LABEL = "not what its label says"
    FAR = "far from its class in pretrained features"
    SPARE = "like others that were taken"
    HELD_BACK = "more than help on held-out real images"


@dataclass(frozen=True)
class Judgement:
    """The verdict on one generated image, and what it rests on."""

    verdict: Verdict
    distance: float
    """Distance to the nearest real image, see `describe`."""
    nearest: int
    """Index of that image."""
    confidence: float | None
    """Belief of the classifier in the label, 0 to 1; None where there is no classifier."""


def describe(images: Pixels) -> Vectors:
    """Small normalised copies of images: what is left when size, brightness and contrast are taken away.

    Args:
        images: uint8 `[N, H, W, C]`.

    Returns:
        float32 `[N, 16 * 16 * C]`, each of mean 0 and root mean square 1, divided by the square root of its
        length. The distance of two is the root mean square difference of the small copies: 0 for the same
        image, 2 for an image and its negative.
    """
    size = (min(_SIDE_PX, images.shape[2]), min(_SIDE_PX, images.shape[1]))
    small = [cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA) for image in images]
    vectors = np.stack(small).reshape(len(images), -1)
    vectors -= vectors.mean(axis=1, keepdims=True)
    spread = np.maximum(vectors.std(axis=1, keepdims=True), _FLOOR)
    described: Vectors = (vectors / spread / np.sqrt(vectors.shape[1])).astype(np.float32)
    return described


def distances(one: Vectors, other: Vectors) -> Vectors:
    """Euclidean distances `[N, M]` between vectors `[N, D]` and `[M, D]`."""
    squared = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    result: Vectors = np.sqrt(np.maximum(squared, 0.0), dtype=np.float32)
    return result


def near_copy_thresholds(
    vectors: Vectors, labels: NDArray[np.int64], num_classes: int
) -> NDArray[np.float64]:
    """For each class the distance below which a generated image is a near-copy, `[num_classes]`.

    It is `NEAR` times the median, over the class, of the distance from a real image to its nearest other one
    in the whole set. Exact duplicates say nothing of how different the images of a class are and are left
    out.
    """
    nearest = np.empty(len(vectors))
    for start in range(0, len(vectors), _CHUNK):
        rows = distances(vectors[start : start + _CHUNK], vectors)
        rows[rows < _SAME] = np.inf
        nearest[start : start + _CHUNK] = rows.min(axis=1)
    thresholds = np.zeros(num_classes)
    for label in range(num_classes):
        known = nearest[(labels == label) & np.isfinite(nearest)]
        thresholds[label] = NEAR * np.median(known) if len(known) else 0.0
    return thresholds


class Selection:
    """Judges generated images against a real set; remembers what it accepted.

    Args:
        real: the real images at the generator's size, uint8 `[N, H, W, C]`.
        labels: their labels, `[N]`.
        num_classes: how many classes there are.

    Attributes:
        thresholds: near-copy threshold of each class.
    """

    def __init__(self, real: Pixels, labels: NDArray[np.int64], num_classes: int) -> None:
        self._real = describe(real)
        self.thresholds = near_copy_thresholds(self._real, labels, num_classes)
        none = np.empty((0, self._real.shape[1]), dtype=np.float32)
        self._accepted = dict.fromkeys(range(num_classes), none)

    def judge(self, images: Pixels, label: int, confidence: NDArray[np.float32] | None) -> list[Judgement]:
        """Judge images of one class in their order; each that is accepted counts for those after it.

        Args:
            images: uint8 `[N, H, W, C]`.
            label: their class in the set.
            confidence: belief in that label of a classifier trained on the real images, `[N]`, 0 to 1; None
                leaves labels unchecked.
        """
        vectors, before = describe(images), self._accepted[label]
        to_real = distances(vectors, self._real)
        # Column j: distance to what was accepted before this call, and then to each image of this call.
        to_made = distances(vectors, np.concatenate([before, vectors]))
        judgements: list[Judgement] = []
        accepted = list(range(len(before)))
        for number in range(len(vectors)):
            nearest = int(to_real[number].argmin())
            distance = float(to_real[number, nearest])
            to_accepted = float(to_made[number, accepted].min()) if accepted else np.inf
            belief = None if confidence is None else float(confidence[number])
            verdict = self._verdict(label, distance, to_accepted, belief)
            if verdict is Verdict.ADDED:
                accepted.append(len(before) + number)
            judgements.append(Judgement(verdict, distance, nearest, belief))
        self._accepted[label] = np.concatenate([before, vectors])[accepted]
        return judgements

    def _verdict(self, label: int, to_real: float, to_accepted: float, belief: float | None) -> Verdict:
        threshold = max(float(self.thresholds[label]), _SAME)
        if belief is not None and not belief >= MIN_CONFIDENCE:
            return Verdict.WRONG_LABEL
        if to_real < threshold:
            return Verdict.NEAR_COPY
        return Verdict.REPEAT if to_accepted < threshold else Verdict.ADDED


_SAME = 2e-3
"""Distances below this are rounding: the images are the same."""
_CHUNK = 1024
