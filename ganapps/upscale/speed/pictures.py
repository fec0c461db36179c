"""The pictures that speed is measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import DataError
from ...runtime.images import IMAGE_SUFFIXES, read_image


def synthetic_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Waves, edges and a little grain: [height, width, 3] uint8, which compresses about as photographs do.

    Example:
        >>> synthetic_picture(4, 6).shape
        (4, 6, 3)
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 64.0
    waves = [np.sin(x * a + y * b + c) for a, b, c in random.uniform(0.3, 3, (9, 3))]
    colours = np.stack([sum(waves[i::3]) / 6 + 0.5 for i in range(3)], axis=-1)
    colours[(np.sin(3 * x) * np.cos(2 * y) > 0.6)] *= 0.4
    grain = random.normal(0, 0.01, (height, width, 3))
    return np.rint(np.clip(colours + grain, 0, 1) * 255).astype(np.uint8)


def load_pictures(folder: Path | None, side: int) -> list[np.ndarray]:
    """Pictures of a folder, as RGB of 8 bits; without a folder one synthetic one of `side` x `side`.

    Raises:
        DataError: no folder, or no pictures in it.
        ImageError: a picture that cannot be read.
    """
    if folder is None:
        return [synthetic_picture(side, side)]
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: give one of pictures")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise DataError(f"{folder} has no pictures; accepted: {', '.join(sorted(IMAGE_SUFFIXES))}")
    return [_rgb8(path) for path in paths]


def _rgb8(path: Path) -> np.ndarray:
    pixels = read_image(path).pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(pixels, 3 // pixels.shape[2], axis=2))
