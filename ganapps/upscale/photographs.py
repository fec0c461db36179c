"""Training photographs: decoded once, kept in memory, cut where there is detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import DataError, ImageError
from ..runtime.images import IMAGE_SUFFIXES, read_image

Pixels = NDArray[np.uint8]


def load_photographs(
    folder: Path, *, min_px: int, on_progress: Callable[[float], None] | None = None
) -> tuple[Pixels, ...]:
    """All photographs under a folder, as uint8 RGB `[H, W, 3]`, in the order of their paths.

    Files that cannot be read and pictures with a side under `min_px` pixels are left out.

    Raises:
        DataError: the folder is missing, or nothing in it can be used.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give a folder of photographs")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
    if not paths:
        raise DataError(f"there are no images under {folder}; accepted: {', '.join(sorted(IMAGE_SUFFIXES))}")
    photographs = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        for i, pixels in enumerate(pool.map(_read_rgb, paths), 1):
            if pixels is not None and min(pixels.shape[:2]) >= min_px:
                photographs.append(pixels)
            if on_progress is not None:
                on_progress(i / len(paths))
    if not photographs:
        raise DataError(
            f"none of the {len(paths)} images under {folder} can be used:"
            f" each side must be at least {min_px} pixels"
        )
    return tuple(photographs)


def _read_rgb(path: Path) -> Pixels | None:
    """8-bit RGB pixels of one file, or None where it is not a readable picture."""
    try:
        pixels = read_image(path).pixels
    except ImageError:
        return None
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


class CropSampler:
    """Random square crops with a preference for detail; crop i of a seed is always the same.

    Flat sky teaches an upscaler nothing, so each crop is the more detailed of two drawn at random, as
    measured by the standard deviation of neighbouring pixels' differences.

    Args:
        photographs: uint8 `[H, W, 3]` pictures, each side at least `crop_px`.
        crop_px: side of a crop.
        grid_px: crops start at multiples of it, so that a low-resolution grid stays aligned.
    """

    def __init__(self, photographs: Sequence[Pixels], crop_px: int, grid_px: int) -> None:
        self.photographs, self.crop_px, self.grid_px = photographs, crop_px, grid_px

    def draw(self, random: np.random.Generator) -> Pixels:
        """One crop, `[crop_px, crop_px, 3]`, turned and mirrored at random."""
        first, second = self._cut(random), self._cut(random)
        crop = first if _detail(first) >= _detail(second) else second
        crop = np.rot90(crop, k=int(random.integers(4)))
        return crop[:, ::-1] if random.integers(2) else crop

    def _cut(self, random: np.random.Generator) -> Pixels:
        picture = self.photographs[int(random.integers(len(self.photographs)))]
        top, left = (
            int(random.integers((side - self.crop_px) // self.grid_px + 1)) * self.grid_px
            for side in picture.shape[:2]
        )
        return picture[top : top + self.crop_px, left : left + self.crop_px]


def stack(images: Sequence[Pixels]) -> Tensor:
    """`[N, 3, H, W]` from pictures of one size, in channels_last layout without a copy."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)


def _detail(crop: Pixels) -> float:
    green = crop[::2, ::2, 1].astype(np.float32)
    return float(np.diff(green, axis=0).std() + np.diff(green, axis=1).std())
