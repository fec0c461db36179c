"""What a result takes: of memory, and of what its format can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError
from .bands import Outlook
from .images import Image
from .memory import show_bytes
from .strips import BANDS_HELD, STRIP_FORMATS

_BYTES_PER_READ_PIXEL = 10
"""Taken while a picture of 8 bits is read: Pillow's 4 and the array's 3, twice. Measured: 10.2."""

# Longest side in pixels. WebP and JPEG by their headers (the library stops 35 short), AVIF by OpenCV.
_LONGEST_PX = {"jpeg": 65500, "webp": 16383, "avif": 65536, "png": 2**31 - 1, "tiff": 2**32 - 1}
_MOST_BMP_BYTES = 2**31 - 1
# The result, OpenCV's copy of it, up to two copies of the encoded file, and the next result.
_WHOLE_COPIES = 5
# Beyond this, libraries count bytes in numbers of 32 bits.
_MOST_WHOLE_BYTES = 2**31 - 1
# By `transparency.fill_hidden`: distances, labels, numbers and masks.
_FILLING_BYTES = 16
_BAND_BYTES = (1 << 23, 1 << 28)
_BAND_SHARE = 16


@dataclass(frozen=True)
class Way:
    """How to compute and write it."""

    in_strips: bool
    """From top to bottom, for want of memory; else as a whole."""
    band_bytes: int = 0
    """Of a band of the result, for strips."""


def readable_pixels(source: Path, budget: int) -> int:
    """Pixels of the largest picture that may be read from a file, whose bytes are in memory meanwhile."""
    try:
        file_bytes = source.stat().st_size
    except (OSError, ValueError):
        file_bytes = 0  # reading it will say what is wrong
    return max(0, budget - file_bytes) // _BYTES_PER_READ_PIXEL


def check_format(outlook: Outlook, format: str, name: str) -> None:
    """Refuse what the format cannot hold, before anything is computed.

    Raises:
        OutputError: too long a side, or too many bytes for BMP.
    """
    longest = _LONGEST_PX.get(format, 2**31 - 1)
    size = f"{outlook.width} x {outlook.height} pixels"
    if max(outlook.width, outlook.height) > longest:
        raise OutputError(
            f"{name} would have {size}, and {format} holds {longest} on a side: write a png or a tiff"
        )
    if format == "bmp" and 4 * outlook.width * outlook.height > _MOST_BMP_BYTES:
        raise OutputError(f"{name} would have {size}, and bmp holds 2 GB: write a png or a tiff")


def choose_way(image: Image, outlook: Outlook, format: str, budget: int, name: str) -> Way:
    """Whether the result is made as a whole, or from top to bottom in strips for want of memory.

    Args:
        image: the input.
        outlook: its result.
        format: of the result.
        budget: bytes that this process may take for pictures.
        name: of the result, for the sentence.

    Raises:
        OutputError: there is too little memory even so.
    """
    pixel = (image.pixels.shape[2] + (image.alpha is not None)) * image.pixels.itemsize
    taken = _taken(image)
    result = outlook.width * outlook.height * pixel
    area = image.pixels.shape[0] * image.pixels.shape[1]
    computed = area * pixel * outlook.scale ** (2 * outlook.passes)
    largest = max(result, computed)
    whole = taken + _WHOLE_COPIES * largest
    if whole <= budget and (format not in STRIP_FORMATS or largest <= _MOST_WHOLE_BYTES):
        return Way(False)
    if format not in STRIP_FORMATS:
        raise OutputError(
            f"{name} would take {show_bytes(whole)} of memory as {format}, and {show_bytes(budget)} is the"
            " limit: write a png or a tiff, which are made in strips, or raise it with --memory"
        )
    # The result of all passes but the last is in memory as a whole.
    before = area * pixel * outlook.scale ** (2 * max(0, outlook.passes - 1))
    taken += before if outlook.passes > 1 else 0
    least, most = _BAND_BYTES
    if taken + BANDS_HELD * least > budget:
        raise OutputError(
            f"{name} takes {show_bytes(taken + BANDS_HELD * least)} of memory even in strips, and"
            f" {show_bytes(budget)} is the limit: raise it with --memory, or cut the image into parts"
        )
    return Way(True, max(least, min((budget - taken) // _BAND_SHARE, most)))


def _taken(image: Image) -> int:
    """By the input, while it is enlarged."""
    if image.alpha is None:
        return image.pixels.nbytes
    return image.pixels.nbytes * 2 + image.alpha.nbytes + _FILLING_BYTES * image.alpha.size
