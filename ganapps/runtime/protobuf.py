"""Protocol Buffers messages, as ONNX files are, read without a schema or a package.

Source: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

Value = int | memoryview
"""Of a field: a whole number, or the bytes of a message, a text or a packed list."""

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_MOST_BITS = 70


def read_fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Field numbers and values of a message.

    Raises:
        ValueError, IndexError: it is no message, or not whole.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        value: Value
        if wire == _VARINT:
            value, at = _varint(message, at)
        else:
            if wire == _BYTES:
                length, at = _varint(message, at)
            elif wire in (_FIXED_32, _FIXED_64):
                length = 4 if wire == _FIXED_32 else 8
            else:
                raise ValueError(f"wire type {wire} at byte {at}")
            value, at = message[at : at + length], at + length
            if at > len(message):
                raise ValueError("it ends early")
        yield field, value


def read_numbers(value: Value) -> list[int]:
    """A repeated whole number, packed or not.

    Raises:
        ValueError, IndexError: the packed list is not whole.

    Example:
        >>> read_numbers(memoryview(bytes([3, 0x8E, 2])))
        [3, 270]
    """
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(number)
    return numbers


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    number = shift = 0
    while shift < _MOST_BITS:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
    raise ValueError(f"a number of more than ten bytes before byte {at}")
