"""The pictures that methods are measured on, and what is enlarged in their place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...runtime.files import display_name
from ...runtime.images import IMAGE_SUFFIXES, read_image
from ..degradations import Profile, degrade

Pixels = NDArray[np.uint8]

LEAST_PX = 48
"""Shortest side of a picture after cropping: SSIM's window and the perceptual trunks must fit."""


@dataclass(frozen=True)
class Pair:
    """An original and what is to be enlarged to it."""

    high: Pixels
    """`[H, W, 3]`, cropped to multiples of the scale."""
    low: Pixels
    """`[H / scale, W / scale, 3]`."""


class Picture:
    """An original. 16-bit pictures are taken as 8-bit, grey ones as RGB, alpha is left out.

    Raises:
        ImageError: the file cannot be read.
    """

    def __init__(self, folder: Path, path: Path) -> None:
        self.path = path
        self.name = display_name(path.relative_to(folder).as_posix())
        """Path inside the folder."""
        self.original = _rgb8(path)

    def at(self, scale: int, profile: Profile, seed: int) -> Pair:
        """The original cropped to multiples of the scale, and its low-resolution counterpart.

        What chance does to the picture depends on the seed and the picture's name alone.

        Raises:
            DataError: the picture is too small.
        """
        height, width = (side - side % scale for side in self.original.shape[:2])
        if min(height, width) < LEAST_PX:
            size = f"{self.original.shape[1]} x {self.original.shape[0]}"
            name = display_name(self.path)
            raise DataError(f"{name} is {size}: a picture to measure needs {LEAST_PX} px on each side")
        high = np.ascontiguousarray(self.original[:height, :width])
        return Pair(high, degrade(high, scale, profile, random_of(self.name, seed)))


def random_of(name: str, seed: int) -> np.random.Generator:
    """The source of chance for one picture."""
    digest = hashlib.blake2b(name.encode("utf-8", errors="replace"), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest, "little")])


def find_pictures(folder: Path) -> list[Path]:
    """Paths of the pictures in a folder and its subfolders, sorted.

    Raises:
        DataError: the folder is missing or has no pictures.
    """
    if not folder.is_dir():
        raise DataError(f"{display_name(folder)} is not a folder: give folders of full-size pictures")
    files = (path for path in folder.rglob("*") if path.is_file())
    paths = sorted(path for path in files if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        accepted = ", ".join(sorted(IMAGE_SUFFIXES))
        raise DataError(f"{display_name(folder)} has no pictures; accepted: {accepted}")
    return paths


def _rgb8(path: Path) -> Pixels:
    pixels = read_image(path).pixels
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / 257)
    return np.repeat(pixels, 3 // pixels.shape[2], axis=2).astype(np.uint8)
