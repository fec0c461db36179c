"""Upscalers compared with bicubic enlargement on folders of pictures, as published tables do it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, DependencyError
from ..metrics.bicubic import imresize
from ..metrics.luma import luma
from ..metrics.parameters import count_parameters
from ..metrics.psnr import psnr
from ..metrics.ssim import ssim
from ..runtime.images import IMAGE_SUFFIXES, read_image
from ..runtime.upscaler import Upscaler
from ..runtime.zoo import find_weights
from .scoreboard import Row, Table

if TYPE_CHECKING:
    from ..features.lpips import ShiftTolerantLpips

Pixels = NDArray[np.uint8]

_JOB = "the perceptual column of ganapps benchmark upscale"
_LEAST_PX = 48
"""Shortest side of a picture after cropping: SSIM's window and the perceptual trunks must fit."""
_DEFAULT_SCALE = 4


def benchmark_upscale(
    folders: Sequence[Path],
    *,
    models: Sequence[str | Path],
    perceptual: bool | None = None,
    threads: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Table:
    """Shrink the pictures of each folder bicubically, enlarge them, and compare with the originals.

    Pictures are cropped to a multiple of the scale. 16-bit pictures are taken as 8-bit, grey ones as RGB,
    alpha is left out. Bicubic enlargement comes first, once for each scale.

    Args:
        folders: searched with their subfolders.
        models: names of shipped weights or paths of .onnx files.
        perceptual: whether to measure shift-tolerant LPIPS, which needs PyTorch; None means where it can be.
        threads: None means all cores that this process may use.
        on_progress: called with the finished share, in (0, 1].

    Raises:
        DataError: a folder is missing, has no pictures, or one that is too small.
        DependencyError: `perceptual` is True and its packages are not installed.
        ImageError: a picture cannot be read.
        ModelError: a model cannot be used.
    """
    methods = _methods(models, threads)
    distances, notes = _distances(perceptual, threads)
    found = [(folder, _pictures(folder)) for folder in folders]
    total = len(methods) * sum(len(paths) for _, paths in found)
    done = 0
    rows = []
    for folder, paths in found:
        scores: list[list[_Score]] = [[] for _ in methods]
        for path in paths:
            picture = _Picture(path, distances)
            for method, kept in zip(methods, scores, strict=True):
                kept.append(picture.score(method))
                done += 1
                if on_progress is not None:
                    on_progress(done / total)
        name = folder.resolve().name
        rows += [_row(name, method, kept) for method, kept in zip(methods, scores, strict=True)]
    return Table(tuple(rows), notes)


@dataclass(frozen=True)
class _Method:
    """A way to enlarge."""

    name: str
    scale: int
    enlarge: Callable[[Pixels], NDArray[Any]]
    parameters: int


@dataclass(frozen=True)
class _Score:
    """One method on one picture."""

    psnr_y: float
    ssim_y: float
    psnr_rgb: float
    distances: tuple[float, ...]
    seconds: float
    megapixels: float


class _Picture:
    """An original that several methods are measured on."""

    def __init__(self, path: Path, distances: Sequence[ShiftTolerantLpips]) -> None:
        self.path, self.distances = path, distances
        self.original = _rgb8(path)
        self._cropped: dict[int, tuple[Pixels, Pixels, list[Any]]] = {}

    def score(self, method: _Method) -> _Score:
        high, low, wanted = self._at(method.scale)
        started = time.perf_counter()
        larger = method.enlarge(low)
        seconds = time.perf_counter() - started
        ours, theirs = luma(larger), luma(high)
        return _Score(
            psnr_y=psnr(ours, theirs, border=method.scale, peak=255),
            ssim_y=ssim(ours, theirs, border=method.scale, peak=255),
            psnr_rgb=psnr(larger, high, border=method.scale),
            distances=tuple(
                _distance(distance, larger, features)
                for distance, features in zip(self.distances, wanted, strict=True)
            ),
            seconds=seconds,
            megapixels=high.shape[0] * high.shape[1] / 1e6,
        )

    def _at(self, scale: int) -> tuple[Pixels, Pixels, list[Any]]:
        """The picture cropped to multiples of the scale, shrunk, and as the perceptual trunks see it."""
        if scale not in self._cropped:
            height, width = (side - side % scale for side in self.original.shape[:2])
            if min(height, width) < _LEAST_PX:
                size = f"{self.original.shape[1]} x {self.original.shape[0]}"
                raise DataError(
                    f"{self.path} is {size}: a picture to measure needs {_LEAST_PX} px on each side"
                )
            high = np.ascontiguousarray(self.original[:height, :width])
            wanted = [distance.features(_tensor(high)) for distance in self.distances]
            self._cropped[scale] = high, imresize(high, 1 / scale), wanted
        return self._cropped[scale]


def _methods(models: Sequence[str | Path], threads: int | None) -> list[_Method]:
    trained = []
    for model in models:
        path = find_weights(model)
        upscaler = Upscaler(path, threads=threads)
        upscaler(np.zeros((32, 32, 3), np.uint8))  # the first run of a session plans its memory
        trained.append(_Method(str(model), upscaler.scale, upscaler, count_parameters(path)))
    scales = sorted({method.scale for method in trained}) or [_DEFAULT_SCALE]
    return [_Method("bicubic", scale, _bicubic(scale), 0) for scale in scales] + trained


def _bicubic(scale: int) -> Callable[[Pixels], Pixels]:
    return lambda low: imresize(low, scale)


def _distances(
    perceptual: bool | None, threads: int | None
) -> tuple[tuple[ShiftTolerantLpips, ...], tuple[str, ...]]:
    """The perceptual distances, VGG first, and what to say where there are none."""
    if perceptual is False:
        return (), ()
    missing = [name for name in ("torch", "stlpips_pytorch") if find_spec(name) is None]
    if missing:
        package = "PyTorch" if missing[0] == "torch" else "stlpips-pytorch"
        error = DependencyError.for_extra(_JOB, package, "metrics")
        if perceptual:
            raise error
        return (), (str(error),)
    import torch

    from ..features.lpips import ShiftTolerantLpips

    if threads is not None:
        torch.set_num_threads(threads)
    return (ShiftTolerantLpips("vgg", _JOB), ShiftTolerantLpips("alex", _JOB)), ()


def _distance(distance: ShiftTolerantLpips, pixels: Pixels, wanted: Any) -> float:
    return float(distance.between(distance.features(_tensor(pixels)), wanted))


def _tensor(pixels: Pixels) -> Any:
    """uint8 `[H, W, 3]` to `[1, 3, H, W]` in [0, 1]."""
    import torch

    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: give folders of full-size pictures")
    files = (path for path in folder.rglob("*") if path.is_file())
    paths = sorted(path for path in files if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise DataError(f"{folder} has no pictures; accepted: {', '.join(sorted(IMAGE_SUFFIXES))}")
    return paths


def _rgb8(path: Path) -> Pixels:
    pixels = read_image(path).pixels
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / 257)
    return np.repeat(pixels, 3 // pixels.shape[2], axis=2).astype(np.uint8)


def _row(folder: str, method: _Method, scores: Sequence[_Score]) -> Row:
    distances = [fmean(values) for values in zip(*(score.distances for score in scores), strict=True)]
    vgg, alex = distances or (None, None)
    return Row(
        folder=folder,
        model=method.name,
        scale=method.scale,
        images=len(scores),
        psnr_y=fmean(score.psnr_y for score in scores),
        ssim_y=fmean(score.ssim_y for score in scores),
        psnr_rgb=fmean(score.psnr_rgb for score in scores),
        lpips_vgg=vgg,
        lpips_alex=alex,
        seconds_per_megapixel=sum(s.seconds for s in scores) / sum(s.megapixels for s in scores),
        parameters=method.parameters,
    )
