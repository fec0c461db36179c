"""How far a pixel reaches into the result of a model from elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..engines.onnxruntime_engine import OnnxRuntimeEngine
from .encoding import encode
from .traits import Traits

UNKNOWN_OVERLAP = 32
"""Pixels by which tiles overlap where no bound was seen."""
_SIDES_PX = (33, 65, 129)


def find_reach(engine: OnnxRuntimeEngine, traits: Traits) -> Traits:
    """Change a pixel of a random picture and see how far, to the last bit, the result changes.

    It is a lower bound: where a change fades below the last bit, it may show in another picture.
    """
    reach = None
    for side in _SIDES_PX:
        reach = _reach_within(engine, traits, side)
        if reach is not None or None not in traits.fixed:
            break
    overlap = UNKNOWN_OVERLAP if reach is None else reach
    shortest = min((side for side in traits.fixed if side is not None), default=None)
    if shortest is not None:
        overlap = min(overlap, shortest // 4)  # at least half of a tile is kept
    return replace(traits, reach=reach, radius=overlap)


def _reach_within(engine: OnnxRuntimeEngine, traits: Traits, side: int) -> int | None:
    """The reach in a picture of about this side; None where it meets the border."""
    step = traits.multiple
    side = -(-max(side, traits.least) // step) * step
    height, width = (fixed or side for fixed in traits.fixed)
    noise = np.random.default_rng(0).random((height, width, traits.channels), np.float32)
    changed = noise.copy()
    # As much as the multiple: a pixel's place within it may matter.
    top, left = (n // 2 // step * step for n in (height, width))
    changed[top : top + step, left : left + step] = 1 - changed[top : top + step, left : left + step]
    feeds = ({traits.input: encode(picture, traits)} for picture in (noise, changed))
    before, after = (engine.run([traits.output], feed)[0][0] for feed in feeds)
    moved = (before != after).any(axis=0 if traits.output_channels_first else 2)
    rows, columns = (np.flatnonzero(moved.any(axis)) // traits.scale for axis in (1, 0))
    if rows.size == 0:
        return 0
    if rows[0] == 0 or columns[0] == 0 or rows[-1] == height - 1 or columns[-1] == width - 1:
        return None
    last_row, last_column = top + step - 1, left + step - 1
    far = max(top - rows[0], rows[-1] - last_row, left - columns[0], columns[-1] - last_column, 0)
    return int(far) + step - 1
