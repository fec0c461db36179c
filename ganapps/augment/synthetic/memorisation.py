"""Whether what was made repeats what was learned from: how near it lies, and what that says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .nearness import Distances, Labels, NearestTest, RankTest, rank_test
from .selection import Vectors, distances

Reference = Literal["held-out", "leave-one-out"]

SIGNIFICANT = 0.05
"""Largest p-value that counts."""
_SAME = 2e-3
"""Distances below this are rounding: the images are the same."""
_CHUNK = 1024


@dataclass(frozen=True, kw_only=True)
class Memorisation:
    """How near a set's synthetic images lie to the training images."""

    reference: Reference
    """What they are compared with: real images held out, or each training image and all the others."""
    images: int
    """Real images that they are compared with."""
    median_real: float
    """Median distance of these."""
    median_added: float | None
    """Median distance of the images that were added; None where there are none."""
    added: RankTest | None
    """Of the images that were added, which a selection has passed; None where there is nothing to compare."""
    generated: RankTest | None
    """Of all that were generated, before selection: of the generator."""
    nearest: NearestTest | None = None
    """Of the images that were added; None without held-out images."""

    def sentence(self) -> str:
        """What it comes to, for a reader in a hurry."""
        if self.added is None:
            return "no synthetic image was added, so none repeats a real one"
        if self.nearest is not None:
            return self._by_nearest(self.nearest)
        others = (
            "unseen real images do" if self.reference == "held-out" else "real images lie from each other"
        )
        figures = f"nearer in {100 * self.added.nearer:.0f} of 100 pairs, p {shown(self.added.p_value)}"
        if self.added.p_value <= SIGNIFICANT:
            return (
                f"synthetic images lie nearer to the training images than {others} ({figures}): some are"
                " copies, or they are plainer and more typical than real ones; look at the closest pairs"
            )
        if 1 - self.added.p_value <= SIGNIFICANT:
            return (
                f"synthetic images lie farther from the training images than {others} ({figures}): no sign of"
                " copies, and perhaps of images that are like no real one"
            )
        return (
            f"synthetic images lie about as far from the training images as {others} ({figures}): no sign of"
            " copies"
        )

    def _by_nearest(self, found: NearestTest) -> str:
        figures = (
            f"{100 * found.training:.0f} of 100 are nearest to a training image, {100 * found.expected:.0f}"
            f" would be by chance, p {shown(found.p_value)}"
        )
        if found.p_value <= SIGNIFICANT:
            return (
                f"synthetic images lie nearer to images trained on than to unseen ones ({figures}): the"
                " generator follows its training images more closely than their classes, look at the closest"
                " pairs for copies"
            )
        return (
            f"synthetic images lie as near to unseen images as to those trained on ({figures}): no sign of"
            " copies"
        )


def measure(
    added: Distances,
    added_labels: Labels,
    generated: Distances,
    generated_labels: Labels,
    real: Distances,
    real_labels: Labels,
    *,
    reference: Reference,
    nearest: NearestTest | None = None,
) -> Memorisation:
    """Compare distances to the nearest training image.

    Args:
        added: of the synthetic images that were added, `[N]`.
        added_labels: their classes, `[N]`.
        generated: of all that were generated.
        generated_labels: their classes.
        real: of the real images to compare with, at least one.
        real_labels: their classes.
        reference: which these are.
        nearest: see `nearest_test`.
    """
    return Memorisation(
        reference=reference,
        images=len(real),
        median_real=float(np.median(real)),
        median_added=float(np.median(added)) if len(added) else None,
        added=rank_test(added, added_labels, real, real_labels),
        generated=rank_test(generated, generated_labels, real, real_labels),
        nearest=nearest,
    )


def nearest_distances(asked: Vectors, known: Vectors) -> Distances:
    """Distance of each image to the nearest of others, `[N]`; see `selection.describe`."""
    parts = [
        distances(asked[start : start + _CHUNK], known).min(axis=1) for start in range(0, len(asked), _CHUNK)
    ]
    return np.concatenate(parts).astype(np.float64) if parts else np.empty(0, dtype=np.float64)


def leave_one_out(known: Vectors) -> Distances:
    """Distance of each image to the nearest other one of the same set, `[N]`.

    Copies of an image say nothing of how far unseen ones lie and are left out; of an image without another
    the distance is infinite.
    """
    found = np.empty(len(known), dtype=np.float64)
    for start in range(0, len(known), _CHUNK):
        rows = distances(known[start : start + _CHUNK], known)
        rows[rows < _SAME] = np.inf
        found[start : start + len(rows)] = rows.min(axis=1)
    return found


def shown(p_value: float) -> str:
    """A p-value as it is printed.

    Example:
        >>> shown(0.0312), shown(1e-9)
        ('0.031', 'below 0.001')
    """
    return "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
