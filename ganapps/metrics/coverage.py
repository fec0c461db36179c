"""How much of what is made is real, and how much of what is real is made: by nearest neighbours.

Both pairs of measures lay balls around vectors, each as wide as the distance to the k-th nearest vector of
its own sample. What lies in a ball of a real image looks real; a real image whose ball holds a generated one
has been reached.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Vectors = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Fidelity and diversity of a sample, against a real one."""

    precision: float
    """Share of generated images inside any real ball, 0 to 1 (arXiv 1904.06991, eq. 2)."""
    recall: float
    """Share of real images inside any generated ball, 0 to 1 (arXiv 1904.06991, eq. 2)."""
    density: float
    """Real balls that a generated image lies in, over k: 1 in expectation where both are of one distribution,
    more where images lie where real ones are many (arXiv 2002.09797, eq. 4)."""
    coverage: float
    """Share of real balls with a generated image inside, 0 to 1 (arXiv 2002.09797, eq. 5). Unlike recall it
    is not taken in by a few strange generated images with wide balls."""


def coverage(real: Vectors, made: Vectors, *, neighbours: int = 5) -> Coverage:
    """Improved precision and recall, and density and coverage.

    Args:
        real: `[N, D]`, N above `neighbours`.
        made: `[M, D]`, M above `neighbours`.
        neighbours: k, which of a vector's nearest ones in its own sample its ball reaches to, not counting
            itself. Balls are closed.

    Raises:
        UsageError: too few vectors, vectors of different lengths, or k under 1.

    Example:
        >>> line = np.arange(10.0)[:, None]
        >>> coverage(line, line + 100, neighbours=1)
        Coverage(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    _require_samples(real, made, neighbours)
    x, y = real.astype(np.float64), made.astype(np.float64)
    between = _squared_distances(x, y)
    in_real = between <= _squared_radii(x, neighbours)[:, None]
    in_made = between <= _squared_radii(y, neighbours)[None, :]
    return Coverage(
        precision=float(in_real.any(axis=0).mean()),
        recall=float(in_made.any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / neighbours),
        coverage=float(in_real.any(axis=1).mean()),
    )


def inside(real: Vectors, made: Vectors, *, neighbours: int = 5) -> NDArray[np.bool_]:
    """Which generated images lie in any real ball: precision, image by image, `[M]`.

    Args, Raises: as `coverage`, but for any number of generated images.

    Example:
        >>> line = np.arange(10.0)[:, None]
        >>> inside(line, np.array([[4.5], [11.0]]), neighbours=1).tolist()
        [True, False]
    """
    _require_vectors(real, made, neighbours)
    if len(real) <= neighbours:
        raise UsageError(
            f"balls that reach to {neighbours} neighbours need more real vectors than that, got {len(real)}"
        )
    x, y = real.astype(np.float64), made.astype(np.float64)
    lies_in = _squared_distances(x, y) <= _squared_radii(x, neighbours)[:, None]
    return np.asarray(lies_in.any(axis=0))


def _squared_distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[N, M]`"""
    squared = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    result: NDArray[np.float64] = np.maximum(squared, 0.0)
    return result


def _squared_radii(vectors: NDArray[np.float64], neighbours: int) -> NDArray[np.float64]:
    """Squared distance of each vector to its k-th nearest other one, `[N]`."""
    own = _squared_distances(vectors, vectors)
    np.fill_diagonal(own, np.inf)
    result: NDArray[np.float64] = np.partition(own, neighbours - 1, axis=1)[:, neighbours - 1]
    return result


def _require_samples(real: Vectors, made: Vectors, neighbours: int) -> None:
    _require_vectors(real, made, neighbours)
    if min(len(real), len(made)) <= neighbours:
        raise UsageError(
            f"balls that reach to {neighbours} neighbours need more vectors than that in each sample,"
            f" got {len(real)} and {len(made)}"
        )


def _require_vectors(real: Vectors, made: Vectors, neighbours: int) -> None:
    if real.ndim != 2 or made.ndim != 2 or real.shape[1] != made.shape[1]:
        raise UsageError(
            f"vectors to compare must be [N, D] and [M, D], got {list(real.shape)} and {list(made.shape)}"
        )
    if neighbours < 1:
        raise UsageError(f"balls must reach to the first neighbour at least, got {neighbours}")
