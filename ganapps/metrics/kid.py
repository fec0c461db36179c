"""Kernel Inception distance: how far two sets of images lie apart, by vectors of any network.

Binkowski et al. 2018, arXiv 1801.01401. Unlike the Frechet distance its estimate has no bias, so that sets of
some hundred images can be compared, and sets of different sizes with each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Vectors = NDArray[np.floating]


def kid(one: Vectors, other: Vectors) -> float:
    """Squared maximum mean discrepancy of two samples under the kernel `(x . y / D + 1)^3`, without bias.

    Arguments are samples of vectors; `MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)` where x and x' are
    different images (arXiv 1801.01401, section 4; unbiased estimator: Gretton et al. 2012, eq. 3). In
    expectation it is 0 for two samples of one distribution, so that of an estimate may be negative.

    Args:
        one: `[N, D]`, N at least 2.
        other: `[M, D]`, M at least 2.

    Raises:
        UsageError: too few vectors, or of different lengths.

    Example:
        >>> kid(np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]]))
        7.0
    """
    _require_pair(one, other)
    x, y = one.astype(np.float64), other.astype(np.float64)
    return float(_mean_of_pairs(_kernel(x, x)) + _mean_of_pairs(_kernel(y, y)) - 2 * _kernel(x, y).mean())


def _kernel(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = (one @ other.T / one.shape[1] + 1) ** 3
    return result


def _mean_of_pairs(kernel: NDArray[np.float64]) -> float:
    """Mean of a square matrix without its diagonal: an image paired with itself is what biases."""
    num = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (num * (num - 1)))


def _require_pair(one: Vectors, other: Vectors) -> None:
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise UsageError(
            f"vectors to compare must be [N, D] and [M, D], got {list(one.shape)} and {list(other.shape)}"
        )
    if min(len(one), len(other)) < 2:
        raise UsageError(
            f"the distance of two samples needs 2 vectors of each, got {len(one)} and {len(other)}"
        )
