"""The graph of an ONNX file, read without the onnx package.

A model file is a Protocol Buffers message; the numbers of its fields are those of onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from ..runtime.protobuf import read_fields, read_numbers

_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 5, 11, 12  # of GraphProto
_VALUE_NAME = 1  # of ValueInfoProto
_INPUT, _OUTPUT, _OP_TYPE, _ATTRIBUTE, _DOMAIN = 1, 2, 4, 5, 7  # of NodeProto
_ATTRIBUTE_NAME, _INTEGER, _TENSOR, _FLOATS, _INTEGERS = 1, 3, 5, 7, 8  # of AttributeProto
_DIMS, _DATA_TYPE, _FLOAT_DATA, _TENSOR_NAME, _RAW_DATA = 1, 2, 4, 8, 9  # of TensorProto

FLOAT = 1
"""Data type of 32-bit floats."""
FLOATING = frozenset({FLOAT, 10, 11, 16})
"""Data types that are of floating point: with 16, 64 and 16 (bfloat) bits."""


@dataclass(frozen=True)
class Constant:
    """A tensor that lies in the file."""

    dims: tuple[int, ...]
    data_type: int
    """By onnx.proto's TensorProto.DataType."""
    data: memoryview
    """Little-endian, as `raw_data` or the packed `float_data` hold it; empty where neither does."""

    def floats(self) -> tuple[float, ...]:
        """The numbers of a tensor of 32-bit floats; none for other types."""
        return _float32(self.data) if self.data_type == FLOAT else ()


@dataclass(frozen=True)
class Node:
    """One operation."""

    operator: str
    """Its type, such as "Conv"; with its domain before it, "domain.Type", where it is not ONNX's own."""
    inputs: tuple[str, ...]
    """An empty name is an input left out."""
    outputs: tuple[str, ...]
    integers: dict[str, tuple[int, ...]]
    """Attributes that are whole numbers."""
    floats: dict[str, tuple[float, ...]]
    """Attributes that are lists of floats."""


@dataclass(frozen=True)
class Graph:
    """A network: nodes in the order in which they are computed."""

    nodes: tuple[Node, ...]
    constants: dict[str, Constant]
    """Initializers, and the results of Constant nodes."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_graph(path: Path) -> Graph:
    """The graph of an ONNX file.

    Raises:
        ModelError: the file is not a protocol buffer, or holds no graph.
    """
    try:
        (message,) = _messages(memoryview(path.read_bytes()), _GRAPH)
        return _graph(message)
    except (IndexError, ValueError, struct.error) as error:
        raise ModelError(f"{path} is not an ONNX file") from error


def _graph(message: memoryview) -> Graph:
    constants = {}
    for tensor in _messages(message, _INITIALIZER):
        (name,) = _texts(tensor, _TENSOR_NAME)
        constants[name] = _constant(tensor)
    nodes = []
    for each in _messages(message, _NODE):
        node, tensors = _node(each)
        if node.operator == "Constant":
            constants.update(dict.fromkeys(node.outputs, tensors[0]) if tensors else {})
        else:
            nodes.append(node)
    names = [
        tuple(name for value in _messages(message, field) for name in _texts(value, _VALUE_NAME))
        for field in (_GRAPH_INPUT, _GRAPH_OUTPUT)
    ]
    inputs = tuple(name for name in names[0] if name not in constants)
    return Graph(tuple(nodes), constants, inputs, names[1])


def _node(message: memoryview) -> tuple[Node, list[Constant]]:
    """A node, and the tensors among its attributes."""
    integers, floats, tensors = {}, {}, []
    for attribute in _messages(message, _ATTRIBUTE):
        (name,) = _texts(attribute, _ATTRIBUTE_NAME)
        whole: list[int] = []
        real: list[float] = []
        for field, value in read_fields(attribute):
            if field in (_INTEGER, _INTEGERS):
                whole += read_numbers(value)
            elif field == _FLOATS and isinstance(value, memoryview):
                real += _float32(value)
            elif field == _TENSOR and isinstance(value, memoryview):
                tensors.append(_constant(value))
        integers[name], floats[name] = tuple(whole), tuple(real)
    operator = "".join(_texts(message, _OP_TYPE))
    domain = "".join(_texts(message, _DOMAIN))
    if domain not in ("", "ai.onnx"):
        operator = f"{domain}.{operator}"
    inputs, outputs = (tuple(_texts(message, field)) for field in (_INPUT, _OUTPUT))
    return Node(operator, inputs, outputs, integers, floats), tensors


def _constant(message: memoryview) -> Constant:
    dims: list[int] = []
    data_type, data = 0, memoryview(b"")
    for field, value in read_fields(message):
        if field == _DIMS:
            dims += read_numbers(value)
        elif field == _DATA_TYPE and isinstance(value, int):
            data_type = value
        elif field in (_RAW_DATA, _FLOAT_DATA) and isinstance(value, memoryview):
            data = value
    return Constant(tuple(dims), data_type, data)


def _float32(data: memoryview) -> tuple[float, ...]:
    return struct.unpack(f"<{len(data) // 4}f", data)


def _texts(data: memoryview, field: int) -> Iterator[str]:
    return (str(value, "utf-8") for value in _messages(data, field))


def _messages(data: memoryview, field: int) -> Iterator[memoryview]:
    """All values of one field that are messages or text."""
    return (value for number, value in read_fields(data) if number == field and isinstance(value, memoryview))
