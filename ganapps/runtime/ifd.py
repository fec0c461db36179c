"""Directories of TIFF structures, read and replaced without moving anything else in the file.

A changed directory is put behind everything and the header pointed at it: all offsets in the file, those
inside maker notes included, stay right. Source: TIFF 6.0, section 2; BigTIFF design, 2007.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SHORT, LONG, RATIONAL, LONG8 = 3, 4, 5, 16

_STRUCT = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_RATIONALS = {5: "I", 10: "i"}
_BYTES = {kind: struct.calcsize("<" + code) for kind, code in _STRUCT.items()} | {5: 8, 10: 8}
_ALL_BYTES = {2: 1, 7: 1, 11: 4, 12: 8} | _BYTES


@dataclass(frozen=True)
class Entry:
    """One entry as it is stored."""

    kind: int
    """TIFF type: 3 is a 16-bit number, 4 a 32-bit one, 5 a fraction."""
    count: int
    """Of values."""
    field_at: int
    """Offset of the field that holds the values, or where they lie if they do not fit."""
    field: bytes


@dataclass(frozen=True)
class Directory:
    """One directory of a structure."""

    order: str
    """struct's sign of the byte order."""
    big: bool
    """BigTIFF, of 64-bit offsets."""
    entries: Mapping[int, Entry]
    """By tag."""
    following: int
    """Offset of the next directory; 0 is none."""

    def numbers(self, data: bytes, tag: int) -> tuple[float, ...]:
        """Values of an entry; empty where it is missing or holds no numbers.

        Raises:
            struct.error: they lie outside the file.
        """
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in (*_STRUCT, *_RATIONALS):
            return ()
        size = entry.count * _BYTES[entry.kind]
        if size > len(data):
            raise struct.error("values longer than the file")
        at = entry.field_at
        if size > len(entry.field):
            (at,) = struct.unpack(self.order + ("Q" if self.big else "I"), entry.field)
        if entry.kind in _STRUCT:
            return struct.unpack_from(f"{self.order}{entry.count}{_STRUCT[entry.kind]}", data, at)
        pairs = struct.unpack_from(f"{self.order}{2 * entry.count}{_RATIONALS[entry.kind]}", data, at)
        return tuple(a / b if b else 0.0 for a, b in zip(pairs[::2], pairs[1::2], strict=True))

    def number(self, data: bytes, tag: int, default: int = 0) -> int:
        """The first value of an entry as a whole number."""
        values = self.numbers(data, tag)
        return int(values[0]) if values else default


def read_directory(data: bytes) -> Directory:
    """The first directory of a TIFF file or an EXIF block.

    Raises:
        ValueError, struct.error: no such structure, or cut short.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise ValueError("not a TIFF structure")
    (version,) = struct.unpack_from(order + "H", data, 2)
    if version not in (42, 43):
        raise ValueError("not a TIFF structure")
    big = version == 43
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    return _read_directory(data, order, big, at)


def following(data: bytes, first: Directory) -> Iterator[Directory]:
    """The directories behind the first, as far as they can be read."""
    seen, at = set(), first.following
    while at and at not in seen:
        seen.add(at)
        try:
            directory = _read_directory(data, first.order, first.big, at)
        except (ValueError, struct.error):
            return
        yield directory
        at = directory.following


def _read_directory(data: bytes, order: str, big: bool, at: int) -> Directory:
    if at > len(data):
        raise ValueError("the directory lies outside the file")
    head, row, field = (8, 20, 8) if big else (2, 12, 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    if count * row > len(data):
        raise ValueError("a directory longer than the file")
    entries = {}
    for start in range(at + head, at + head + count * row, row):
        tag, kind, number = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, start)
        field_at = start + row - field
        entries[tag] = Entry(kind, number, field_at, data[field_at : field_at + field])
    (following_at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at + head + count * row)
    return Directory(order, big, entries, following_at)


def is_whole(data: bytes, pointers: Sequence[int] = ()) -> bool:
    """Whether all values of the first directory lie inside the structure.

    Args:
        data: a TIFF file or an EXIF block.
        pointers: tags of entries that point at further directories, which must be whole as well.
    """
    try:
        first = read_directory(data)
        inner = [number for tag in pointers if (number := first.number(data, tag))]
        others = [_read_directory(data, first.order, first.big, at) for at in inner]
    except (ValueError, struct.error):
        return False
    return all(_inside(data, directory) for directory in (first, *others))


def _inside(data: bytes, directory: Directory) -> bool:
    code = directory.order + ("Q" if directory.big else "I")
    for entry in directory.entries.values():
        size = entry.count * _ALL_BYTES.get(entry.kind, 1)
        if size > len(entry.field) and struct.unpack(code, entry.field)[0] + size > len(data):
            return False
    return True


def with_entries(
    data: bytes, directory: Directory, changes: Mapping[int, tuple[int, Sequence[int]] | None]
) -> bytes:
    """The structure with some entries of its first directory set, added or removed.

    Args:
        data: the whole structure.
        directory: its first.
        changes: by tag, the TIFF type and the values (numerators and denominators in turn for fractions),
            or None to remove the entry.

    Raises:
        struct.error: a value that does not fit its type, or a structure too long for its offsets.
    """
    order, offset = directory.order, "Q" if directory.big else "I"
    room = 8 if directory.big else 4
    behind = bytearray(len(data) % 2)
    rows = {
        tag: struct.pack(order + ("HHQ" if directory.big else "HHI"), tag, entry.kind, entry.count)
        + entry.field
        for tag, entry in directory.entries.items()
    }
    for tag, change in changes.items():
        rows.pop(tag, None)
        if change is None:
            continue
        kind, values = change
        code = {SHORT: "H", LONG: "I", RATIONAL: "I", LONG8: "Q"}[kind]
        packed = struct.pack(f"{order}{len(values)}{code}", *values)
        count = len(values) // 2 if kind == RATIONAL else len(values)
        if len(packed) > room:
            field = struct.pack(order + offset, len(data) + len(behind))
            behind += packed + bytes(len(packed) % 2)
        else:
            field = packed.ljust(room, b"\0")
        rows[tag] = struct.pack(order + ("HHQ" if directory.big else "HHI"), tag, kind, count) + field
    first = len(data) + len(behind)
    table = struct.pack(order + ("Q" if directory.big else "H"), len(rows))
    table += b"".join(rows[tag] for tag in sorted(rows)) + struct.pack(order + offset, directory.following)
    head = data[: 8 if directory.big else 4] + struct.pack(order + offset, first)
    return b"".join([head, memoryview(data)[len(head) :], behind, table])
