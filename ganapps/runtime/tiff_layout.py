"""TIFF layouts that Pillow does not open and OpenCV reads as something else, laid out anew.

16-bit channels stored apart, 16-bit grey with alpha, 16-bit inks: OpenCV 5.0 gives wrong pixels for the first
and 8 bits of the second, both without a word, and nothing for the third. Each becomes one or several files
of 16-bit grey, made of the same data behind another directory, which every decoder reads.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import ImageError
from . import ifd

_SUBFILE = 254
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _ORIENTATION, _SAMPLES, _STRIP_ROWS, _STRIP_BYTES = 273, 274, 277, 278, 279
_PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 284, 317, 322, 323, 324, 325
_EXTRA, _KIND = 338, 339
# No strip or tile may be larger than the picture by more than this, whatever its directory says.
_LARGEST_BLOCK = 2**26
_KINDS = {2: "signed", 3: "floating-point", 4: "undefined", 5: "complex", 6: "complex"}


@dataclass(frozen=True)
class Page:
    """The first page of a TIFF as its directory describes it."""

    directory: ifd.Directory
    width: int
    height: int
    bits: tuple[int, ...]
    """Of each channel."""
    kind: int
    """Sample format: 1 unsigned, 2 signed, 3 floating-point."""
    photometric: int
    """0 grey with white at zero, 1 grey, 2 RGB, 3 palette, 5 inks, 6 YCbCr, 8 Lab."""
    apart: bool
    """Channels stored one after the other, not side by side."""
    extra: tuple[int, ...]
    """What the channels beyond the colours are: 1 alpha already multiplied in, 2 alpha, 0 not said."""

    @property
    def needs_new_layout(self) -> bool:
        """Whether the usual decoders fail on it."""
        deep = set(self.bits) == {16} and len(self.bits) > 1
        return deep and (self.apart or len(self.bits) == 2 or self.photometric == 5)

    @property
    def premultiplied(self) -> bool:
        """The colours are stored already multiplied by alpha."""
        at = self.alpha_at
        return at is not None and bool(self.extra) and self.extra[at - self.colours] == 1

    @property
    def colours(self) -> int:
        """Channels that are not extra."""
        return {0: 1, 1: 1, 2: 3, 5: 4}.get(self.photometric, len(self.bits))

    @property
    def alpha_at(self) -> int | None:
        """Which channel is alpha; one more than the colours is, where nothing is said of it."""
        if not self.extra and len(self.bits) == self.colours + 1:
            return self.colours
        for i, meaning in enumerate(self.extra):
            if meaning in (1, 2) and self.colours + i < len(self.bits):
                return self.colours + i
        return None


def read_page(data: bytes) -> Page | None:
    """The first page, or None for a directory that makes no sense, which the decoders will refuse."""
    try:
        directory = ifd.read_directory(data)
        count = max(1, directory.number(data, _SAMPLES, 1))
        bits = tuple(int(value) for value in directory.numbers(data, _BITS)) or (1,)
        return Page(
            directory=directory,
            width=directory.number(data, _WIDTH),
            height=directory.number(data, _HEIGHT),
            bits=bits * count if len(bits) == 1 and count < 64 else bits,
            kind=directory.number(data, _KIND, 1),
            photometric=directory.number(data, _PHOTOMETRIC, 1),
            apart=directory.number(data, _PLANAR, 1) == 2,
            extra=tuple(int(value) for value in directory.numbers(data, _EXTRA)),
        )
    except (struct.error, ValueError):
        return None


def check_page(data: bytes, page: Page, name: str) -> None:
    """Refuse what would be read wrongly or would take memory beyond measure.

    Raises:
        ImageError: floating-point or 32-bit pixels, or blocks far larger than the picture.
    """
    accepted = "accepted are grey and colour of 8 or 16 bits a channel: convert it to 16 bits first"
    if page.kind in _KINDS:
        raise ImageError(f"{name} has {_KINDS[page.kind]} pixels of {max(page.bits)} bits, {accepted}")
    if not set(page.bits) <= {1, 2, 4, 8, 16} or len(set(page.bits)) > 1:
        depths = sorted(set(page.bits))
        found = ", ".join(map(str, depths[:4])) + (", ..." if len(depths) > 4 else "")
        raise ImageError(f"{name} has pixels of {found} bits a channel, {accepted}")
    width = page.directory.number(data, _TILE_WIDTH)
    height = page.directory.number(data, _TILE_HEIGHT)
    if width * height > max(_LARGEST_BLOCK, 4 * page.width * page.height):
        raise ImageError(f"{name} is damaged: its tiles of {width} x {height} pixels are larger than itself")


def count_pages(data: bytes, page: Page) -> int:
    """Pages without the smaller copies of the first that cameras and scanners add."""
    others = ifd.following(data, page.directory)
    return 1 + sum(not directory.number(data, _SUBFILE) & 1 for directory in others)


def upright(data: bytes, page: Page) -> bytes:
    """The file with an orientation of 1."""
    return ifd.with_entries(data, page.directory, {_ORIENTATION: (ifd.SHORT, (1,))})


def grey_files(data: bytes, page: Page) -> Iterator[bytes]:
    """Files of 16-bit grey that hold the channels; see `channels`."""
    shape: dict[int, tuple[int, tuple[int, ...]] | None] = {
        _BITS: (ifd.SHORT, (16,)),
        _PHOTOMETRIC: (ifd.SHORT, (1,)),
        _SAMPLES: (ifd.SHORT, (1,)),
        _PLANAR: (ifd.SHORT, (1,)),
        _EXTRA: None,
        _KIND: None,
    }
    count, directory = len(page.bits), page.directory
    if not page.apart:
        # Side by side they are one row of grey, whose differences are taken off afterwards.
        shape |= {_WIDTH: (ifd.LONG, (count * page.width,)), _PREDICTOR: None}
        if tile_width := directory.number(data, _TILE_WIDTH):
            shape[_TILE_WIDTH] = (ifd.LONG, (count * tile_width,))
        yield ifd.with_entries(data, directory, shape)
        return
    tiled = _TILE_OFFSETS in directory.entries
    tags = (_TILE_OFFSETS, _TILE_BYTES) if tiled else (_STRIP_OFFSETS, _STRIP_BYTES)
    blocks = [tuple(int(value) for value in directory.numbers(data, tag)) for tag in tags]
    each = _blocks_of_a_channel(data, page, tiled=tiled)
    kind = ifd.LONG8 if directory.big else ifd.LONG
    for start in range(0, each * count, each):
        own = {tag: (kind, values[start : start + each]) for tag, values in zip(tags, blocks, strict=True)}
        if any(len(values) != each for _, values in own.values()):
            raise ValueError("fewer strips than channels need")
        yield ifd.with_entries(data, directory, {**shape, **own})


def _blocks_of_a_channel(data: bytes, page: Page, *, tiled: bool) -> int:
    number = page.directory.number
    if tiled:
        across = math.ceil(page.width / max(1, number(data, _TILE_WIDTH)))
        return across * math.ceil(page.height / max(1, number(data, _TILE_HEIGHT)))
    return math.ceil(page.height / max(1, number(data, _STRIP_ROWS, page.height)))


def channels(data: bytes, page: Page, decode: Callable[[bytes], np.ndarray]) -> np.ndarray:
    """All channels, [H, W, C] uint16.

    Args:
        data: the file.
        page: its first page.
        decode: from a file of 16-bit grey to [H, W].
    """
    planes = [decode(grey) for grey in grey_files(data, page)]
    if page.apart:
        return np.dstack(planes)
    pixels = planes[0].reshape(page.height, page.width, len(page.bits))
    if page.directory.number(data, _PREDICTOR, 1) == 2:
        step = page.directory.number(data, _TILE_WIDTH) or page.width
        for left in range(0, page.width, step):
            part = pixels[:, left : left + step]
            np.cumsum(part, axis=1, dtype=np.uint16, out=part)
    return pixels
