"""The weights in a model file, read without the onnx package, which the light install does not have.

A model file is a Protocol Buffers message. Only its way to the weights is followed: ModelProto.graph,
GraphProto.initializer, and of each TensorProto its name, shape, type and raw data (field numbers from
onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import ModelError
from .protobuf import Value, read_fields, read_numbers

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOAT = 1


def read_initializers(model: bytes | bytearray, name: str) -> dict[str, np.ndarray]:
    """All weights of a model, by name: float32 arrays that share the memory of `model`.

    Args:
        model: the bytes of an .onnx file.
        name: of the file, for the error.

    Raises:
        ModelError: the bytes are no whole model, or keep weights in another way than exports of ganapps do.
    """
    try:
        found: dict[str, np.ndarray] = {}
        for graph in _messages(memoryview(model), _GRAPH):
            for tensor in _messages(graph, _INITIALIZER):
                key, weights = _tensor(tensor)
                found[key] = weights
        return found
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"the weights in {name} cannot be read: {error}") from error


def blend(faithful: bytes, vivid: bytes, strength: float, names: tuple[str, str]) -> bytes:
    """A model whose weights lie on the line from one network to another of the same shape.

    Wang et al. 2018, ESRGAN, arXiv 1809.00219, section 3.4. The weights are written into the file's bytes and
    not given to ONNX Runtime apart, because its optimisations take weights from the file.

    Args:
        faithful: the model file at strength 0.
        vivid: the model file at strength 1; all but the weights is from this one.
        strength: 0 to 1.
        names: of the two files, for errors.

    Raises:
        ModelError: one cannot be read, or the two are not of one shape.
    """
    mixed = bytearray(vivid)
    start, end = read_initializers(faithful, names[0]), read_initializers(mixed, names[1])
    if not end or {k: w.shape for k, w in start.items()} != {k: w.shape for k, w in end.items()}:
        raise ModelError(f"{names[0]} and {names[1]} cannot be blended: their networks differ in shape")
    share = np.float32(strength)
    for name, weights in end.items():
        # What is equal in both, such as the 255 of the pixel range, stays as it is to the last bit.
        mean = (1 - share) * start[name] + share * weights
        weights[...] = np.where(start[name] == weights, weights, mean)
    return bytes(mixed)


def _tensor(message: memoryview) -> tuple[str, np.ndarray]:
    shape: list[int] = []
    kind, name, raw = 0, "", memoryview(b"")
    for field, value in read_fields(message):
        if field == _DIMS:
            shape += read_numbers(value)
        elif field == _DATA_TYPE:
            (kind,) = read_numbers(value)
        elif field == _NAME:
            name = bytes(_bytes(value)).decode()
        elif field == _RAW_DATA:
            raw = _bytes(value)
    if kind != _FLOAT:
        raise ValueError(f"{name or 'one'} is not of float32")
    return name, np.frombuffer(raw, "<f4").reshape(shape)


def _messages(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """The values of one field."""
    return (_bytes(value) for field, value in read_fields(message) if field == wanted)


def _bytes(value: Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value
