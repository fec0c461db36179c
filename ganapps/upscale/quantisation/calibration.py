"""What values a network takes on photographs: crops of them, and the span of each value."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, ImageError
from ...metrics.bicubic import imresize
from ...runtime.engines.onnxruntime_engine import OnnxRuntimeEngine
from ...runtime.files import display_name
from ..benchmark.picture import Pair, Picture, find_pictures
from ..photographs import CropSampler

if TYPE_CHECKING:
    from onnx import ModelProto

LOW_PX = 64
"""Side of a crop as the model sees it."""
_HELD_OUT = 0.25
"""Share of the crops asked for that is cut in addition, from other photographs, and not calibrated on."""


@dataclass(frozen=True)
class Crops:
    """Crops of photographs, shrunk, and their originals."""

    calibration: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    """From other photographs."""
    num_photographs: int
    """That `calibration` is from."""


def cut_crops(folder: Path, scale: int, num: int, seed: int) -> Crops:
    """Crops of randomly chosen photographs of a folder, the same for the same seed.

    Files that cannot be read and pictures with a side under `LOW_PX * scale` are left out. There is one crop
    a photograph where there are enough of them.

    Args:
        folder: with its subfolders.
        scale: of the model; crops are shrunk by it, with antialiased bicubic interpolation.
        num: crops to calibrate on, 1 or more; a quarter more are held out.
        seed: of the choice.

    Raises:
        DataError: no folder, or fewer than two pictures that can be used.
    """
    paths = find_pictures(folder)
    random = np.random.default_rng(seed)
    num_held = max(1, round(num * _HELD_OUT))
    each = -(-(num + num_held) // len(paths))
    groups: list[list[Pair]] = []
    for pixels in _large_enough(folder, [paths[i] for i in random.permutation(len(paths))], LOW_PX * scale):
        sampler = CropSampler((pixels,), LOW_PX * scale, 1)
        groups.append([_shrunk(sampler.draw(random), scale) for _ in range(each)])
        if len(groups) * each >= num + num_held:
            break
    if len(groups) < 2:
        raise DataError(
            f"{display_name(folder)} has {len(groups)} pictures with sides of {LOW_PX * scale} px or more:"
            " two are needed, one to calibrate on and one to compare"
        )
    parted = min(-(-num_held // each), len(groups) - 1)
    held, rest = groups[:parted], groups[parted:]
    calibration = tuple(pair for group in rest for pair in group)[:num]
    held_out = tuple(pair for group in held for pair in group)[:num_held]
    return Crops(calibration, held_out, min(len(rest), -(-len(calibration) // each)))


def value_ranges(
    model: ModelProto, names: Sequence[str], lows: Sequence[NDArray[np.uint8]], threads: int
) -> dict[str, tuple[float, float]]:
    """The least and the greatest that values of a network become on pictures.

    Args:
        model: an upscaler; it is not changed.
        names: of float values inside it.
        lows: `[h, w, 3]`.
        threads: that a run may use.
    """
    from onnx import TensorProto, helper

    open_model = copy.deepcopy(model)
    open_model.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names)
    engine = OnnxRuntimeEngine(open_model.SerializeToString(), "the model", threads=threads)
    ranges = dict.fromkeys(names, (0.0, 0.0))
    for low in lows:
        for name, value in zip(names, engine.run(names, {"image": low[None]}), strict=True):
            least, most = ranges[name]
            ranges[name] = min(least, float(value.min())), max(most, float(value.max()))
    return ranges


def _large_enough(folder: Path, paths: Sequence[Path], side: int) -> Iterator[NDArray[np.uint8]]:
    for path in paths:
        try:
            pixels = Picture(folder, path).original
        except ImageError:
            continue
        if min(pixels.shape[:2]) >= side:
            yield pixels


def _shrunk(high: NDArray[np.uint8], scale: int) -> Pair:
    high = np.ascontiguousarray(high)
    return Pair(high, imresize(high, 1 / scale))
