"""Writing a PNG from top to bottom, without ever holding it."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np

from . import exif as exif_bytes
from .bands import Bands
from .splice import png_chunk

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""By numbers to a pixel: grey, grey and alpha, RGB, RGB and alpha."""
_LEVEL = 4
_BLOCK_BYTES = 1 << 22


class PngStream:
    """A PNG that is being written. Source: PNG specification, third edition."""

    def __init__(self, stream: BinaryIO, picture: Bands, template: bytes) -> None:
        """Write what stands before the pixels.

        Args:
            stream: to write to.
            picture: tells size, depth and channels; its rows are not asked for.
            template: a PNG of one pixel with the metadata that this one is to have.
        """
        self._stream = stream
        self._step = picture.samples * picture.dtype.itemsize
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, 15, 9, zlib.Z_FILTERED)
        before, self._after = _annotations(template, picture.width, picture.height)
        depth, colours = 8 * picture.dtype.itemsize, _COLOUR_TYPES[picture.samples]
        header = struct.pack(">IIBBBBB", picture.width, picture.height, depth, colours, 0, 0, 0)
        stream.write(_SIGNATURE + png_chunk(b"IHDR", header) + before)

    def write(self, rows: np.ndarray) -> None:
        """The next rows, [h, W, samples]."""
        block = max(1, _BLOCK_BYTES // (rows.shape[1] * self._step))
        for top in range(0, len(rows), block):
            self._put(self._compressor.compress(self._filtered(rows[top : top + block]).data))

    def close(self) -> None:
        """Write what stands behind the pixels; the stream stays open."""
        self._put(self._compressor.flush())
        self._stream.write(self._after + png_chunk(b"IEND", b""))

    def _filtered(self, rows: np.ndarray) -> np.ndarray:
        """Filter 1 of the specification: each byte less the same byte of the pixel on the left."""
        plain = np.ascontiguousarray(rows, rows.dtype.newbyteorder(">")).view(np.uint8)
        plain = plain.reshape(len(rows), -1)
        step = self._step
        result = np.empty((len(plain), 1 + plain.shape[1]), np.uint8)
        result[:, 0] = 1
        result[:, 1 : 1 + step] = plain[:, :step]
        np.subtract(plain[:, step:], plain[:, :-step], out=result[:, 1 + step :])
        return result

    def _put(self, data: bytes) -> None:
        if data:
            self._stream.write(png_chunk(b"IDAT", data))


def _annotations(template: bytes, width: int, height: int) -> tuple[bytes, bytes]:
    """All chunks of the template but header, pixels and end: those before the pixels, and those behind."""
    before: list[bytes] = []
    after: list[bytes] = []
    at, seen = len(_SIGNATURE), False
    while at < len(template):
        (length,) = struct.unpack_from(">I", template, at)
        kind, data = template[at + 4 : at + 8], template[at + 8 : at + 8 + length]
        at += 12 + length
        seen = seen or kind == b"IDAT"
        if kind in (b"IHDR", b"IDAT", b"IEND"):
            continue
        if kind == b"eXIf":
            data = exif_bytes.resized(data, width, height)
        (after if seen else before).append(png_chunk(kind, data))
    return b"".join(before), b"".join(after)
