"""Counting the weights of an ONNX file without the onnx package."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelError

# Field numbers of onnx.proto: ModelProto.graph, GraphProto.initializer, TensorProto.dims and .data_type.
_GRAPH, _INITIALIZER, _DIMS, _DATA_TYPE = 7, 5, 1, 2
_FLOATS = frozenset({1, 10, 11, 16})  # float, float16, double, bfloat16
_BYTES = 2


def count_parameters(path: Path) -> int:
    """How many floating-point numbers the initializers of an ONNX file hold, single ones not counted.

    Single numbers are constants of the graph, such as the 255 of a range, and no weights.

    Raises:
        ModelError: the file is not a protocol buffer.
    """
    try:
        return sum(
            _num_weights(tensor)
            for graph in _messages(memoryview(path.read_bytes()), _GRAPH)
            for tensor in _messages(graph, _INITIALIZER)
        )
    except (IndexError, ValueError) as error:
        raise ModelError(f"{path} is not an ONNX file") from error


def _num_weights(tensor: memoryview) -> int:
    dims: list[int] = []
    data_type = 0
    for field, value in _fields(tensor):
        if field == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        elif field == _DATA_TYPE and isinstance(value, int):
            data_type = value
    size = math.prod(dims)
    return size if data_type in _FLOATS and size > 1 else 0


def _messages(data: memoryview, field: int) -> Iterator[memoryview]:
    """All values of one field that are messages themselves."""
    return (value for number, value in _fields(data) if number == field and isinstance(value, memoryview))


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field numbers and values of a message. Source: protobuf.dev, "Encoding"."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        field, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield field, value
            continue
        if wire == _BYTES:
            size, position = _varint(data, position)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if position + size > len(data):
            raise ValueError("cut short")
        yield field, data[position : position + size]
        position += size


def _packed(data: memoryview) -> list[int]:
    values, position = [], 0
    while position < len(data):
        value, position = _varint(data, position)
        values.append(value)
    return values


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """A number of 7 bits a byte, lowest first, and the position behind it."""
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
