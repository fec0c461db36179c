"""Writing a TIFF from top to bottom, strip by strip, of any length."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from .bands import Bands
from .tiff_directory import (
    EXIF_DIRECTORY,
    LONG,
    LONG8,
    SHORT,
    Directory,
    Entry,
    numbers,
    pack_directory,
    read_directory,
)
from .tiff_strip import pack_strip, rows_of_strip

_LIMIT_BYTES = 2**32
_MARGIN_BYTES = 1 << 26
"""For the directory and for what deflate adds to noise."""
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003


class TiffStream:
    """A little-endian TIFF that is being written, deflated with the horizontal predictor.

    BigTIFF where 32-bit offsets might not do. Source: TIFF 6.0, section 14; BigTIFF design, 2007.
    """

    def __init__(self, stream: BinaryIO, picture: Bands, template: bytes, *, big: bool | None = None) -> None:
        """Write what stands before the pixels.

        Args:
            stream: to write to; must be able to seek.
            picture: tells size, depth and channels; its rows are not asked for.
            template: a TIFF of one pixel with the metadata that this one is to have.
            big: whether to write BigTIFF; None decides by the size.
        """
        row_bytes = picture.width * picture.samples * picture.dtype.itemsize
        self._big = row_bytes * picture.height > _LIMIT_BYTES - _MARGIN_BYTES if big is None else big
        self._stream, self._picture, self._template = stream, picture, template
        self._strip_rows = rows_of_strip(row_bytes)
        self._waiting: list[np.ndarray] = []
        self._offsets: list[int] = []
        self._lengths: list[int] = []
        self._at = 0
        self._put(b"II+\x00\x08\x00\x00\x00" + bytes(8) if self._big else b"II*\x00" + bytes(4))

    def write(self, rows: np.ndarray) -> None:
        """The next rows, [h, W, samples]."""
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) < self._strip_rows:
            return
        # At most a strip was waiting: joining it is cheap.
        joined = rows if len(self._waiting) == 1 else np.concatenate(self._waiting)
        whole = len(joined) - len(joined) % self._strip_rows
        for top in range(0, whole, self._strip_rows):
            self._put_strip(joined[top : top + self._strip_rows])
        self._waiting = [joined[whole:].copy()] if whole < len(joined) else []

    def close(self) -> None:
        """Write the last strip and the directory; the stream stays open."""
        if self._waiting:
            self._put_strip(np.concatenate(self._waiting))
        self._put(bytes(self._at % 2))
        at = self._at
        self._put(pack_directory(self._directory(), at, big=self._big))
        self._stream.seek(8 if self._big else 4)
        self._stream.write(struct.pack("<Q" if self._big else "<I", at))

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._at += len(data)

    def _put_strip(self, rows: np.ndarray) -> None:
        data = pack_strip(rows)
        self._offsets.append(self._at)
        self._lengths.append(len(data))
        self._put(data)

    def _directory(self) -> Directory:
        picture = self._picture
        result = read_directory(self._template)
        exif = result.get(EXIF_DIRECTORY)
        if exif is not None and exif.inner is not None:
            sides = {_EXIF_WIDTH: picture.width, _EXIF_HEIGHT: picture.height}
            known = {tag: numbers(LONG, [side]) for tag, side in sides.items() if tag in exif.inner}
            result[EXIF_DIRECTORY] = Entry(exif.kind, b"", exif.inner | known)
        result |= {
            256: numbers(LONG, [picture.width]),
            257: numbers(LONG, [picture.height]),
            258: numbers(SHORT, [8 * picture.dtype.itemsize] * picture.samples),
            259: numbers(SHORT, [8]),  # compression: deflate
            262: numbers(SHORT, [2 if picture.channels == 3 else 1]),  # RGB, or grey with black at zero
            273: numbers(LONG8 if self._big else LONG, self._offsets),
            277: numbers(SHORT, [picture.samples]),
            278: numbers(LONG, [self._strip_rows]),
            279: numbers(LONG8 if self._big else LONG, self._lengths),
            317: numbers(SHORT, [2]),  # predictor: horizontal differences
        }
        return result
