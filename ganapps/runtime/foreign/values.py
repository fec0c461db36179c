"""Which values and which order of colours a model from elsewhere means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from ..engines.onnxruntime_engine import OnnxRuntimeEngine
from .encoding import decode, encode, padded
from .interface import NotAnUpscaler
from .traits import BYTES, RANGES, Traits

MOST_WRONG = 0.06
"""Mean distance, in [0, 1], of an enlarged smooth picture from its cubic enlargement. A picture all of the
mean colour is at 0.08, one of mid grey at 0.11, and one with red and blue exchanged at 0.14."""
_CLEARLY_LESS = 0.67
_NOTICEABLE = 1 / 255
_HEIGHT_PX, _WIDTH_PX = 48, 64


def find_values(engine: OnnxRuntimeEngine, traits: Traits) -> Traits:
    """Ranges and orders of colour under which a coloured gradient comes out enlarged and otherwise the same.

    Where several do, which is so for a network without biases, the most common stands. That a network was
    trained on BGR and gives BGR shows only where its results for RGB are clearly worse.

    Raises:
        NotAnUpscaler: the gradient comes out as something else, however it is read.
    """
    height, width = padded(np.empty((*_size(traits), 1)), traits).shape[:2]
    picture = gradient(height, width, traits.channels)
    larger = _enlarged(picture, traits.scale)
    best: Traits | None = None
    for candidate in _ways_in(traits):
        (result,) = engine.run([candidate.output], {candidate.input: encode(picture, candidate)})
        for way in _ways_out(candidate, result):
            judged = replace(way, error=_distance(decode(result, way), larger))
            if best is None or _is_better(judged.error, best.error):
                best = judged
        if best is not None and best.error <= _NOTICEABLE:
            break  # no other can be better by what counts
    assert best is not None  # there is a first way
    if not best.error <= MOST_WRONG:
        raise NotAnUpscaler(
            f"it does not give an enlarged picture back: a smooth one comes out {255 * best.error:.0f} of 255"
            f" grey levels wrong at best, and {255 * MOST_WRONG:.0f} are accepted"
        )
    return best


def _size(traits: Traits) -> tuple[int, int]:
    height, width = traits.fixed
    return height or _HEIGHT_PX, width or _WIDTH_PX


def gradient(height: int, width: int, channels: int) -> np.ndarray:
    """A smooth picture whose colours are unlike each other, float32 [height, width, channels] in [0, 1]."""
    y, x = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    # Red and blue differ in range too, else a mirrored picture would be one with them exchanged.
    planes = [0.2 + 0.7 * x, 0.15 + 0.7 * y, 0.55 - 0.4 * x][:channels]
    return np.stack(planes, axis=-1).astype(np.float32)


def _ways_in(traits: Traits) -> Iterator[Traits]:
    ranges = (BYTES,) if traits.dtype == np.uint8 else RANGES
    for takes_bgr in (False, True)[: 1 + (traits.channels == 3)]:
        for values in ranges:
            yield replace(traits, input_range=values, takes_bgr=takes_bgr)


def _ways_out(traits: Traits, result: np.ndarray) -> Iterator[Traits]:
    """As it went in first."""
    ranges = (BYTES,) if result.dtype == np.uint8 else (traits.input_range, *RANGES)
    for gives_bgr in (traits.takes_bgr, not traits.takes_bgr)[: 1 + (traits.channels == 3)]:
        for values in ranges:
            yield replace(traits, output_range=values, gives_bgr=gives_bgr)


def _is_better(error: float, than: float) -> bool:
    if not np.isfinite(than):
        return bool(np.isfinite(error))
    return error < _CLEARLY_LESS * than and error < than - _NOTICEABLE


def _enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    height, width, channels = picture.shape
    size = (scale * width, scale * height)
    larger = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    return larger.reshape(*size[::-1], channels)


def _distance(result: np.ndarray, larger: np.ndarray) -> float:
    """Mean, over the middle half, which a border of zeros reaches less."""
    height, width = larger.shape[:2]
    middle = np.s_[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None]
    return float(np.abs(result[middle] - larger[middle]).mean())
