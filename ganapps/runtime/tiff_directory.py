"""Directories of a TIFF taken apart and laid out anew, in TIFF of 32-bit or BigTIFF of 64-bit offsets."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

SHORT, LONG, LONG8 = 3, 4, 16
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
"""By type. Source: TIFF 6.0, section 2; BigTIFF design, 2007."""
_CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}
EXIF_DIRECTORY = 0x8769
_INNER = frozenset({EXIF_DIRECTORY, 0x8825, 0xA005})
"""Entries that point at a directory: EXIF, GPS, interoperability."""


@dataclass(frozen=True)
class Entry:
    """One entry of a directory, wherever its value was stored."""

    kind: int
    """TIFF type."""
    data: bytes
    """The value, little-endian; empty where `inner` is given."""
    inner: Directory | None = None


Directory = dict[int, Entry]
"""Entries by tag."""


def numbers(kind: int, values: Iterable[int]) -> Entry:
    """An entry of SHORT, LONG or LONG8."""
    packed = [struct.pack("<" + _CODES[kind], value) for value in values]
    return Entry(kind, b"".join(packed))


def read_directory(data: bytes) -> Directory:
    """The first directory of a little-endian TIFF of 32-bit offsets that this program has written."""
    (at,) = struct.unpack_from("<I", data, 4)
    return _read(data, at)


def _read(data: bytes, at: int) -> Directory:
    (count,) = struct.unpack_from("<H", data, at)
    found: Directory = {}
    for row in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from("<HHI", data, row)
        size = number * _BYTES[kind]
        (place,) = (row + 8,) if size <= 4 else struct.unpack_from("<I", data, row + 8)
        if tag in _INNER:
            found[tag] = Entry(kind, b"", _read(data, *struct.unpack_from("<I", data, row + 8)))
        else:
            found[tag] = Entry(kind, data[place : place + size])
    return found


def pack_directory(directory: Directory, at: int, *, big: bool) -> bytes:
    """The directory as it is to stand at the even offset `at`, long values and inner directories behind it.

    Args:
        directory: what to lay out.
        at: offset in the file.
        big: BigTIFF.
    """
    head, row, room, offset = ("<Q", "<HHQ", 8, "<Q") if big else ("<H", "<HHI", 4, "<I")
    size = struct.calcsize(head) + len(directory) * (struct.calcsize(row) + room) + room
    table, behind = [struct.pack(head, len(directory))], bytearray()
    for tag, entry in sorted(directory.items()):
        place = at + size + len(behind)
        if entry.inner is not None:
            behind += pack_directory(entry.inner, place, big=big)
            kind, count, field = (LONG8 if big else LONG), 1, struct.pack(offset, place)
        else:
            kind, count, field = entry.kind, len(entry.data) // _BYTES[entry.kind], entry.data
            if len(field) > room:
                behind += field
                field = struct.pack(offset, place)
        behind += bytes(len(behind) % 2)
        table.append(struct.pack(row, tag, kind, count) + field.ljust(room, b"\0"))
    return b"".join([*table, bytes(room), behind])
