"""The mean over a picture's eight turned and mirrored copies: the geometric self-ensemble."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

COPIES = 8
"""Runs of the network for one result."""


def mean_of_copies(function: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """Apply `function` to the eight turned and mirrored copies, turn the results back, and average them.

    Args:
        function: maps [h, w, C] to float32 [scale * h, scale * w, C]; looks equally far to all sides.
        image: [H, W, C].

    Returns:
        float32 [scale * H, scale * W, C], not rounded. Equal for a tile and for the whole where `function`
        is: the sum runs in one order for every pixel.

    Source: Lim and others, arXiv 1707.02921, section 3.3.
    """
    total: np.ndarray | None = None
    for turns in range(4):
        for mirrored in (False, True):
            copy = np.rot90(image, turns)
            result = function(np.ascontiguousarray(copy[:, ::-1] if mirrored else copy))
            upright = np.rot90(result[:, ::-1] if mirrored else result, -turns)
            total = upright.astype(np.float32, order="C") if total is None else total + upright
    assert total is not None  # eight copies
    return total / np.float32(COPIES)
