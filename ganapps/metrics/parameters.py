"""Counting the weights of an ONNX file without the onnx package."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelError

# Field numbers of onnx.proto.
_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER = 1, 5  # of GraphProto
_INPUT, _OP_TYPE = 1, 4  # of NodeProto
_DIMS, _DATA_TYPE, _NAME = 1, 2, 8  # of TensorProto
_FLOATS = frozenset({1, 10, 11, 16})  # float, float16, double, bfloat16
_BYTES = 2


def count_parameters(path: Path) -> int:
    """How many floating-point numbers the initializers of an ONNX file hold, constants not counted.

    Constants are single numbers, such as the 255 of a range, and the scales of a Resize.

    Raises:
        ModelError: the file is not a protocol buffer.
    """
    try:
        return sum(_num_weights(graph) for graph in _messages(memoryview(path.read_bytes()), _GRAPH))
    except (IndexError, ValueError) as error:
        raise ModelError(f"{path} is not an ONNX file") from error


def _num_weights(graph: memoryview) -> int:
    constants = {
        bytes(name)
        for node in _messages(graph, _NODE)
        if any(bytes(operator) == b"Resize" for operator in _messages(node, _OP_TYPE))
        for name in _messages(node, _INPUT)
    }
    return sum(
        _num_floats(tensor)
        for tensor in _messages(graph, _INITIALIZER)
        if constants.isdisjoint(map(bytes, _messages(tensor, _NAME)))
    )


def _num_floats(tensor: memoryview) -> int:
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
    """All values of one field that are messages or text."""
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
