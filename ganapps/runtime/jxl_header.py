"""The header of a JPEG XL file, read here because its library decodes everything before it tells a size.

Source: ISO/IEC 18181-1, sections 5.2.1 (fields), C.2 (size) and D.3 (metadata); 18181-2 (boxes).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_CONTAINER = b"\x00\x00\x00\x0cJXL "
_CODESTREAM = b"\xff\x0a"
# Width by height of the eight short forms; the numerator and the denominator.
_RATIOS = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_MOST_HEADER_BYTES = 64


@dataclass(frozen=True)
class JxlHeader:
    """What the first bytes say."""

    width: int
    height: int
    bits: int
    """Per channel, of the file."""
    floating: bool
    """The numbers in the file are floating-point."""
    animated: bool


class _Bits:
    """Bits from the lowest of the first byte upwards."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next `count` bits as a number.

        Raises:
            ValueError: the header ends too soon.
        """
        if count > self._left:
            raise ValueError("the header is cut short")
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return value

    def choose(self, *forms: tuple[int, int]) -> int:
        """One of four forms, each an offset and the bits that follow."""
        offset, count = forms[self.take(2)]
        return offset + self.take(count)


def read_jxl_header(data: bytes) -> JxlHeader:
    """Size, depth and kind of a file.

    Raises:
        ValueError: no JPEG XL, or cut short.
    """
    stream = _codestream_start(data)
    if not stream.startswith(_CODESTREAM):
        raise ValueError("no codestream is found")
    bits = _Bits(stream[2:])
    width, height = _size(bits)
    animated = False
    if bits.take(1):  # everything as usual
        return JxlHeader(width, height, 8, False, False)
    if bits.take(1):
        bits.take(3)  # orientation: the library turns the picture
        if bits.take(1):
            _size(bits)
        if bits.take(1):
            _skip_preview(bits)
        animated = bool(bits.take(1))
        if animated:
            bits.choose((100, 0), (1000, 0), (1, 10), (1, 30))
            bits.choose((1, 0), (1001, 0), (1, 8), (1, 10))
            bits.choose((0, 0), (0, 3), (0, 16), (0, 32))
            bits.take(1)
    floating = bool(bits.take(1))
    usual = (32, 16, 24) if floating else (8, 10, 12)
    depth = bits.choose(*((value, 0) for value in usual), (1, 6))
    return JxlHeader(width, height, depth, floating, animated)


def _size(bits: _Bits) -> tuple[int, int]:
    if bits.take(1):
        height = 8 * (1 + bits.take(5))
        across, down = _RATIOS[bits.take(3)]
        width = height * across // down if across else 8 * (1 + bits.take(5))
        return width, height
    forms = ((1, 9), (1, 13), (1, 18), (1, 30))
    height = bits.choose(*forms)
    across, down = _RATIOS[bits.take(3)]
    return (height * across // down if across else bits.choose(*forms)), height


def _skip_preview(bits: _Bits) -> None:
    eighths = bits.take(1)
    forms = ((16, 0), (32, 0), (1, 5), (33, 9)) if eighths else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.choose(*forms)
    if not bits.take(3):
        bits.choose(*forms)


def _codestream_start(data: bytes) -> bytes:
    """The first bytes of the codestream, bare or in boxes."""
    if not data.startswith(_CONTAINER):
        return data[:_MOST_HEADER_BYTES]
    at, found = 0, b""
    while at + 8 <= len(data) and len(found) < _MOST_HEADER_BYTES:
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1:
            if at + 16 > len(data):
                break
            (size,) = struct.unpack_from(">Q", data, body)
            body = at + 16
        end = len(data) if size == 0 else at + size
        if end <= at:
            break
        if kind in (b"jxlc", b"jxlp"):
            found += data[body + (4 if kind == b"jxlp" else 0) : end][:_MOST_HEADER_BYTES]
        at = end
    return found
