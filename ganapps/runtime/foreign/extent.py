"""Which sizes a model from elsewhere takes, and how many times larger its results are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...errors import ModelError
from ..engines.onnxruntime_engine import OnnxRuntimeEngine, Port
from .interface import TYPES, Layout, NotAnUpscaler, possible_layouts
from .traits import Traits

MOST_SCALE = 16
_SIZES = {
    1: (29, 31),
    2: (26, 34),
    3: (33, 39),
    4: (28, 44),
    6: (30, 42),
    7: (35, 49),
    8: (24, 40),
    12: (36, 60),
    16: (32, 48),
    24: (24, 48),
    32: (32, 64),
    48: (48, 96),
    64: (64, 128),
}
"""Heights and widths by the multiple that they show: no larger one of the list divides both. Two sides that
differ tell a picture from a turned one."""


def find_extent(engine: OnnxRuntimeEngine, source: Port, target: Port) -> Traits:
    """Layout, channels, scale and sizes, by running grey pictures.

    Raises:
        NotAnUpscaler: no picture gives an enlarged one.
    """
    seen = ""
    for layout in possible_layouts(source):
        for multiple, size in _candidates(layout):
            result = _run(engine, source, target, layout, size)
            if result is None:
                continue
            found = _scale(result.shape, size, layout.channels)
            if found is None:
                shape = _batch_shape(layout, size)
                seen = seen or f"it makes {list(result.shape)} of a picture {list(shape)}, no enlarged one"
                continue
            least = _least(engine, source, target, layout, multiple, size)
            return Traits(
                input=source.name,
                output=target.name,
                dtype=TYPES[source.type],
                channels=layout.channels,
                channels_first=layout.channels_first,
                output_channels_first=found[1],
                scale=found[0],
                fixed=layout.fixed,
                multiple=multiple,
                least=least,
            )
    raise NotAnUpscaler(seen or "it can be run with none of the picture sizes that were tried")


def _candidates(layout: Layout) -> Iterator[tuple[int, tuple[int, int]]]:
    """Multiple, and height and width to try it with."""
    height, width = layout.fixed
    if height is not None and width is not None:
        yield 1, (height, width)
        return
    for multiple, (rows, columns) in _SIZES.items():
        yield multiple, (height or rows, width or columns)


def _scale(shape: tuple[int, ...], size: tuple[int, int], channels: int) -> tuple[int, bool] | None:
    """How many times larger a result is, and whether its channels come first; None where it is no picture."""
    if len(shape) != 4 or shape[0] != 1:
        return None
    for first in (True, False):
        count, height, width = shape[1:] if first else (shape[3], shape[1], shape[2])
        scale = height // size[0]
        whole = (height, width) == (scale * size[0], scale * size[1])
        if count == channels and whole and 1 <= scale <= MOST_SCALE:
            return scale, first
    return None


def _least(
    engine: OnnxRuntimeEngine,
    source: Port,
    target: Port,
    layout: Layout,
    multiple: int,
    size: tuple[int, int],
) -> int:
    """The smallest square that gives a result of the right shape; padding refuses it where it mirrors."""
    most = max(size)
    for power in range(7):
        side = multiple << power
        if side >= most:
            break
        tried = (layout.fixed[0] or side, layout.fixed[1] or side)
        result = _run(engine, source, target, layout, tried)
        if result is not None and _scale(result.shape, tried, layout.channels) is not None:
            return side
    return most


def _run(
    engine: OnnxRuntimeEngine, source: Port, target: Port, layout: Layout, size: tuple[int, int]
) -> np.ndarray | None:
    """The result for a grey picture; None where the model refuses it."""
    dtype = TYPES[source.type]
    grey = np.full(_batch_shape(layout, size), 127 if dtype == np.uint8 else 0.5).astype(dtype)
    try:
        return engine.run([target.name], {source.name: grey})[0]
    except ModelError:
        return None


def _batch_shape(layout: Layout, size: tuple[int, int]) -> tuple[int, ...]:
    return (1, layout.channels, *size) if layout.channels_first else (1, *size, layout.channels)
