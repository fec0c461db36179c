"""Sign-flip permutation test of paired differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

MAX_PAIRS = 20
"""With so many, a million patterns of signs are counted."""


def sign_flip_p_value(differences: ArrayLike) -> float:
    """Exact two-sided p-value of the mean of paired differences, 0 to 1.

    If neither side of a pair were better, every difference could as well have had the other sign. Of all
    `2^n` patterns of signs, the p-value is the share whose mean lies as far from 0 as the observed one, or
    farther. It assumes no distribution; the smallest value that n pairs can give is `2 / 2^n`, so 5 pairs
    can never reach .05 and 6 can.

    Args:
        differences: one for each pair, `[n]`, n from 1 to 20.

    Raises:
        UsageError: no differences, more than 20, or one that is not finite.

    Source: Fisher 1935, The Design of Experiments, section 21.

    Example:
        >>> sign_flip_p_value([1, 2, 3, 4, 5, 6])
        0.03125
        >>> sign_flip_p_value([0, 0, 0])
        1.0
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or not 1 <= len(values) <= MAX_PAIRS:
        raise UsageError(f"a sign-flip test takes 1 to {MAX_PAIRS} differences, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise UsageError("a sign-flip test takes finite differences")
    sums = _sums_of_all_signs(values)
    # Sums of the same numbers in another order differ in the last bits.
    tolerance = 1e-12 * float(np.abs(values).sum())
    return float((np.abs(sums) >= abs(float(values.sum())) - tolerance).mean())


def _sums_of_all_signs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums
