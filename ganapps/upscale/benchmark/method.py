"""Ways to enlarge a picture: bicubic interpolation, and models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...metrics.bicubic import imresize
from ...metrics.operations import count_operations
from ...metrics.parameters import count_parameters
from ...runtime.session import available_threads
from ...runtime.upscaler import Upscaler
from ...runtime.zoo import find_weights
from ..rival import PARAMETERS, REAL_ESRGAN, SCALE, open_real_esrgan

Pixels = NDArray[np.uint8]

BICUBIC = "bicubic"
_DEFAULT_SCALE = 4
_WARM_UP_PX = 32


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to enlarge."""

    name: str
    """As it was asked for, or "bicubic"."""
    scale: int
    enlarge: Callable[[Pixels], NDArray[Any]]
    """`[H, W, 3]` to `[scale * H, scale * W, 3]`."""
    parameters: int = 0
    """Weights."""
    gmac_per_megapixel: float | None = None
    """Giga-multiply-accumulates per megapixel of output; None where they cannot be counted."""


def open_methods(models: Sequence[str | Path], threads: int | None) -> list[Method]:
    """Bicubic and the models by scale, the smallest first, and bicubic before each scale's models.

    Args:
        models: names of shipped weights, paths of .onnx files, or "realesrgan-x4plus"; without any the scale
            is 4.
        threads: None means all cores that this process may use.

    Raises:
        ModelError: a model cannot be used.
        DependencyError: Real-ESRGAN is asked for and not installed.
    """
    trained = [_open(model, threads) for model in models]
    scales = sorted({method.scale for method in trained}) or [_DEFAULT_SCALE]
    methods = []
    for scale in scales:
        methods.append(Method(name=BICUBIC, scale=scale, enlarge=_bicubic(scale)))
        methods += [method for method in trained if method.scale == scale]
    return methods


def _open(model: str | Path, threads: int | None) -> Method:
    if model == REAL_ESRGAN:
        enlarge = open_real_esrgan(threads or available_threads())
        return Method(name=REAL_ESRGAN, scale=SCALE, enlarge=enlarge, parameters=PARAMETERS)
    path = find_weights(model)
    upscaler = Upscaler(path, threads=threads)
    # The first run of a session plans its memory, which is none of the picture's time.
    upscaler(np.zeros((_WARM_UP_PX, _WARM_UP_PX, 3), np.uint8))
    return Method(
        name=str(model),
        scale=upscaler.scale,
        enlarge=upscaler,
        parameters=count_parameters(path),
        gmac_per_megapixel=count_operations(path, upscaler.scale),
    )


def _bicubic(scale: int) -> Callable[[Pixels], Pixels]:
    return lambda low: imresize(low, scale)
