"""EXIF, changed in place: what turning and enlarging an image makes wrong, and nothing else.

EXIF is a little TIFF file: 2 bytes of byte order, the number 42, the offset of the first directory
(IFD0); a directory is a count, entries of 12 bytes (tag, type, count, value or offset) and the offset of the
next directory (IFD1, the thumbnail). Writing it anew would break the maker notes, which hold absolute
offsets, so only bytes are patched. Source: TIFF 6.0, section 2; Exif 2.32, section 4.5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from . import ifd

PREFIX = b"Exif\x00\x00"

_ORIENTATION = 0x0112
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_WIDTH = 0xA002
_HEIGHT = 0xA003
_ACROSS, _DOWN, _UNIT = 0x011A, 0x011B, 0x0128
_CM_PER_INCH = 2.54
_SHORT, _LONG = 3, 4

_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))[2-8]""")


@dataclass(frozen=True)
class _Entry:
    """One entry of a directory."""

    tag: int
    kind: int
    """TIFF type: 3 is a 16-bit number, 4 a 32-bit one."""
    value_at: int
    """Offset of the 4 value bytes."""


def without_prefix(exif: bytes) -> bytes:
    """The bare TIFF structure; JPEG puts `Exif\\0\\0` before it, WebP and AVIF mostly do not."""
    while exif.startswith(PREFIX):
        exif = exif[len(PREFIX) :]
    return exif


def orientation(tiff: bytes) -> int:
    """1 to 8; 1, upright, where it is not said."""
    try:
        value = ifd.read_directory(tiff).number(tiff, _ORIENTATION, 1)
    except (struct.error, ValueError):
        return 1
    return value if 1 <= value <= 8 else 1


def is_whole(tiff: bytes) -> bool:
    """Whether nothing of it is cut off; what maker notes point at is not known."""
    return ifd.is_whole(tiff, (_EXIF_IFD, _GPS_IFD))


def resolution(tiff: bytes) -> tuple[float, float] | None:
    """Dots per inch, across and down; None where they are not said."""
    try:
        directory = ifd.read_directory(tiff)
        across, down = (directory.numbers(tiff, tag) for tag in (_ACROSS, _DOWN))
        unit = directory.number(tiff, _UNIT, 2)
    except (struct.error, ValueError):
        return None
    if not across or not down or unit not in (2, 3):
        return None
    scale = _CM_PER_INCH if unit == 3 else 1.0
    return across[0] * scale, down[0] * scale


def with_resolution(tiff: bytes | None, dpi: tuple[float, float]) -> bytes | None:
    """EXIF that says the resolution; `tiff` as it was where it cannot be parsed."""
    whole = b"II*\0\x08\0\0\0" + bytes(6) if tiff is None else tiff
    across, down = ((round(value * 1000), 1000) for value in dpi)
    changes = {_ACROSS: (ifd.RATIONAL, across), _DOWN: (ifd.RATIONAL, down), _UNIT: (ifd.SHORT, (2,))}
    try:
        return ifd.with_entries(whole, ifd.read_directory(whole), changes)
    except (struct.error, ValueError):
        return tiff


def upright(tiff: bytes, *, cut_thumbnail: bool = True) -> bytes:
    """Set the orientation to 1, after the pixels were turned.

    The thumbnail still lies on its side, so IFD1 is cut off. Works for whole TIFF files too.

    Args:
        tiff: EXIF without prefix, or a TIFF file.
        cut_thumbnail: False for a TIFF file, where the next directory is the next page.

    Returns:
        The patched bytes, or `tiff` as it was where it cannot be parsed.
    """
    patched = bytearray(tiff)
    try:
        order, first = _header(tiff)
        for entry in _entries(tiff, order, first):
            if entry.tag == _ORIENTATION:
                _set_number(patched, order, entry, 1)
        if cut_thumbnail:
            (count,) = struct.unpack_from(order + "H", tiff, first)
            struct.pack_into(order + "I", patched, first + 2 + 12 * count, 0)
    except (struct.error, ValueError):
        return tiff
    return bytes(patched)


def resized(tiff: bytes, width: int, height: int) -> bytes:
    """Set the pixel dimensions that EXIF repeats; `tiff` as it was where it has none or cannot be parsed."""
    patched = bytearray(tiff)
    try:
        order, first = _header(tiff)
        for pointer in _entries(tiff, order, first):
            if pointer.tag == _EXIF_IFD:
                (inner,) = struct.unpack_from(order + "I", tiff, pointer.value_at)
                for entry in _entries(tiff, order, inner):
                    if entry.tag in (_WIDTH, _HEIGHT):
                        _set_number(patched, order, entry, width if entry.tag == _WIDTH else height)
    except (struct.error, ValueError):
        return tiff
    return bytes(patched)


def upright_xmp(xmp: bytes) -> bytes:
    """Set the orientation that XMP repeats to 1."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def _header(tiff: bytes) -> tuple[str, int]:
    """struct's sign of the byte order, and the offset of the first directory."""
    orders = {b"II*\x00": "<", b"MM\x00*": ">"}
    if tiff[:4] not in orders:
        raise ValueError("not a classic TIFF structure")
    order = orders[tiff[:4]]
    return order, struct.unpack_from(order + "I", tiff, 4)[0]


def _entries(tiff: bytes, order: str, offset: int) -> Iterator[_Entry]:
    (count,) = struct.unpack_from(order + "H", tiff, offset)
    for at in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", tiff, at)
        yield _Entry(tag, kind, at + 8)


def _set_number(patched: bytearray, order: str, entry: _Entry, value: int) -> None:
    if entry.kind == _SHORT:
        # A 16-bit field cannot hold a larger number: 0 says "unknown" rather than something wrong.
        struct.pack_into(order + "HH", patched, entry.value_at, value if value < 65536 else 0, 0)
    elif entry.kind == _LONG:
        struct.pack_into(order + "I", patched, entry.value_at, value)
