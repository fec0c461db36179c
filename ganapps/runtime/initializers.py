"""The weights in a model file, read without the onnx package, which the light install does not have.

A model file is a Protocol Buffers message (https://protobuf.dev/programming-guides/encoding). Only its way to
the weights is followed: ModelProto.graph, GraphProto.initializer, and of each TensorProto its name, shape,
type and raw data (field numbers from onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import ModelError

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOAT = 1
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


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
        for _, graph in _fields(memoryview(model), _GRAPH):
            for _, tensor in _fields(_bytes(graph), _INITIALIZER):
                key, weights = _tensor(_bytes(tensor))
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
    for field, value in _fields(message):
        if field == _DIMS:
            shape += _numbers(value)
        elif field == _DATA_TYPE:
            (kind,) = _numbers(value)
        elif field == _NAME:
            name = bytes(_bytes(value)).decode()
        elif field == _RAW_DATA:
            raw = _bytes(value)
    if kind != _FLOAT:
        raise ValueError(f"{name or 'one'} is not of float32")
    return name, np.frombuffer(raw, "<f4").reshape(shape)


def _fields(message: memoryview, wanted: int | None = None) -> Iterator[tuple[int, int | memoryview]]:
    """Field numbers and values of a message, all or those of one number."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        value: int | memoryview
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
        if wanted is None or field == wanted:
            yield field, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    number = shift = 0
    while shift < 70:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
    raise ValueError(f"a number of more than ten bytes before byte {at}")


def _numbers(value: int | memoryview) -> list[int]:
    """A repeated number, packed or not."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(number)
    return numbers


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value
