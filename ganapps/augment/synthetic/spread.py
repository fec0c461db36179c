"""Which of many images that passed are taken: those inside their class, of every kind, and hard ones too."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...metrics.coverage import inside
from .selection import Vectors

_NEIGHBOURS = 3
"""Which neighbour in its class a real image's ball reaches to; k of arXiv 1904.06991, appendix A."""
_HARD_EVERY = 4
"""One cluster of so many gives the image that the classifier is least sure of, the others the one in their
middle."""
_ROUNDS = 20
"""Of k-means."""


def inside_class(real: Vectors, made: Vectors) -> NDArray[np.bool_]:
    """Which generated images are no farther from a real one of their class than its third neighbour in the
    class is (improved precision, Kynkäänniemi et al. 2019, arXiv 1904.06991, eq. 1).

    Args:
        real: vectors of the real images of the class, `[N, D]`, N at least 2.
        made: the same of generated ones, `[M, D]`.

    Returns:
        `[M]`
    """
    return inside(real, made, neighbours=min(_NEIGHBOURS, len(real) - 1))


def spread_out(
    vectors: Vectors, confidence: Sequence[float | None], wanted: int, *, seed: int
) -> NDArray[np.int64]:
    """Choose images that stand for all of them.

    They are clustered into as many clusters as images are wanted (k-means++, Arthur and Vassilvitskii 2007),
    and each cluster gives one: the image nearest to its middle, or in every fourth the one of which the
    classifier is least sure, for images that are easy to name teach little.

    Args:
        vectors: `[M, D]`.
        confidence: of the classifier in the label, `[M]`; None where there is none.
        wanted: how many to choose.
        seed: what clusters start from.

    Returns:
        Rows in ascending order, all of them where no more than `wanted` are there.
    """
    if wanted >= len(vectors):
        return np.arange(len(vectors))
    cv2.setRNGSeed(seed % 2**31)
    until = (cv2.TERM_CRITERIA_MAX_ITER, _ROUNDS, 0.0)
    points = np.ascontiguousarray(vectors, dtype=np.float32)
    _, cluster_of, middles = cv2.kmeans(
        points,
        wanted,
        None,
        until,
        1,
        cv2.KMEANS_PP_CENTERS,  # type: ignore[call-overload]
    )
    cluster_of = cluster_of.ravel()
    chosen = []
    for cluster in range(wanted):
        own = np.flatnonzero(cluster_of == cluster)
        sureness = [value for row in own if (value := confidence[int(row)]) is not None]
        if cluster % _HARD_EVERY == 0 and len(sureness) == len(own):
            chosen.append(own[np.argmin(sureness)])
        else:
            chosen.append(own[np.argmin(((points[own] - middles[cluster]) ** 2).sum(axis=1))])
    return np.sort(np.array(chosen, dtype=np.int64))
