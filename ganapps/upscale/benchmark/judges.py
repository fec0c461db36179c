"""Trained networks that say how different two pictures look, where they are installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DependencyError

if TYPE_CHECKING:
    from ...features.lpips import ShiftTolerantLpips

Pixels = NDArray[np.uint8]

_JOB = "the perceptual column of ganapps benchmark upscale"
_PIECE_PX = 1024
"""Largest side that is looked at in one: the features of so many pixels take 0.8 GB."""


class Judges:
    """Shift-tolerant LPIPS with VGG and with AlexNet, or nobody.

    Args:
        distances: what to measure with.
    """

    def __init__(self, distances: tuple[ShiftTolerantLpips, ...] = ()) -> None:
        self._distances = distances

    def against(self, high: Pixels) -> Sight:
        """What the judges see in an original, to compare others with."""
        return Sight(self._distances, high)


class Sight:
    """An original as the judges see it.

    A picture of up to 1024 px on each side is looked at whole. A larger one is cut into pieces of about one
    size, and their distances are averaged by their pixels.
    """

    def __init__(self, distances: tuple[ShiftTolerantLpips, ...], high: Pixels) -> None:
        self._distances, self._high = distances, high
        self._pieces = list(_pieces(*high.shape[:2]))
        self._known = [self._features(d, high) for d in distances] if len(self._pieces) == 1 else None

    def distances(self, larger: Pixels) -> tuple[float, float] | None:
        """Distances of a picture of the same shape with VGG and AlexNet; None where nobody judges."""
        if not self._distances:
            return None
        vgg, alex = (self._distance(index, larger) for index in range(len(self._distances)))
        return vgg, alex

    def _distance(self, index: int, larger: Pixels) -> float:
        distance = self._distances[index]
        total = 0.0
        for piece in self._pieces:
            wanted = self._known[index] if self._known else self._features(distance, self._high[piece])
            seen = self._features(distance, larger[piece])
            total += float(distance.between(seen, wanted)) * larger[piece].size
        return total / larger.size

    @staticmethod
    def _features(distance: ShiftTolerantLpips, pixels: Pixels) -> Any:
        import torch

        tensor = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            return distance.features(tensor)


def call_judges(perceptual: bool | None, threads: int | None) -> tuple[Judges, tuple[str, ...]]:
    """The judges, and what to say where there are none.

    Args:
        perceptual: whether to have them; None means where their packages are installed.
        threads: None means PyTorch's own number.

    Raises:
        DependencyError: `perceptual` is True and a package is not installed.
    """
    if perceptual is False:
        return Judges(), ()
    missing = [name for name in ("torch", "stlpips_pytorch") if find_spec(name) is None]
    if missing:
        package = "PyTorch" if missing[0] == "torch" else "stlpips-pytorch"
        error = DependencyError.for_extra(_JOB, package, "metrics")
        if perceptual:
            raise error
        return Judges(), (str(error),)
    import torch

    from ...features.lpips import ShiftTolerantLpips

    if threads is not None:
        torch.set_num_threads(threads)
    return Judges((ShiftTolerantLpips("vgg", _JOB), ShiftTolerantLpips("alex", _JOB))), ()


def _pieces(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Windows that cover a picture once."""
    rows, columns = (_cuts(side) for side in (height, width))
    return ((row, column) for row in rows for column in columns)


def _cuts(side: int) -> list[slice]:
    count = -(-side // _PIECE_PX)
    ends = [round(side * i / count) for i in range(count + 1)]
    return [slice(start, stop) for start, stop in zip(ends, ends[1:], strict=False)]
