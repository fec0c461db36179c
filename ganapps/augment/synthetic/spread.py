"""Which of many images that passed are taken: those inside their class, of every kind, and hard ones too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, zip_longest

import cv2
import numpy as np
from numpy.typing import NDArray

from ...metrics.coverage import inside
from .selection import Vectors

_NEIGHBOURS = 3
"""Which neighbour in its class a real image's ball reaches to; k of arXiv 1904.06991, appendix A."""
_HARD_EVERY = 4
"""One image of so many is the one of its cluster that the classifier is least sure of, the others are in the
middle of theirs."""
_MOST_CLUSTERS = 50
"""Of a class; their number is what k-means takes its time for."""
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

    They are clustered (k-means++, Arthur and Vassilvitskii 2007), and clusters give one in turn until there
    are enough: the image nearest to the middle of those left, or every fourth time the one of which the
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
    clusters = min(wanted, _MOST_CLUSTERS)
    cv2.setRNGSeed(seed % 2**31)
    until = (cv2.TERM_CRITERIA_MAX_ITER, _ROUNDS, 0.0)
    points = np.ascontiguousarray(vectors, dtype=np.float32)
    _, cluster_of, middles = cv2.kmeans(
        points,
        clusters,
        None,
        until,
        1,
        cv2.KMEANS_PP_CENTERS,  # type: ignore[call-overload]
    )
    sure = np.array([np.inf if value is None else value for value in confidence])
    queues = []
    for cluster in range(clusters):
        own = np.flatnonzero(cluster_of.ravel() == cluster)
        distances = ((points[own] - middles[cluster]) ** 2).sum(axis=1)
        nearest, hardest = (
            own[np.argsort(distances, kind="stable")],
            own[np.argsort(sure[own], kind="stable")],
        )
        queues.append(_in_turn(nearest.tolist(), hardest.tolist(), cluster))
    turns = (row for taken in zip_longest(*queues) for row in taken if row is not None)
    return np.sort(np.fromiter(islice(turns, wanted), dtype=np.int64))


def _in_turn(nearest: Sequence[int], hardest: Sequence[int], start: int) -> list[int]:
    """The same rows in both orders, as one: the next of the first, or every fourth time of the second."""
    orders = {True: iter(hardest), False: iter(nearest)}
    taken: dict[int, None] = {}
    for number in range(len(nearest)):
        order = orders[(start + number) % _HARD_EVERY == 0]
        taken[next(row for row in order if row not in taken)] = None
    return list(taken)
