"""Convolutions of 8 bits in an ONNX graph, written as QuantizeLinear and DequantizeLinear around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Range = tuple[float, float]

MOST_WEIGHT = 64
"""Largest magnitude of a weight, of 127 that fit. Processors with AVX2 and without VNNI add two products of a
value and a weight in 16 bits: 2 * 255 * 64 fits, 2 * 255 * 127 is cut off without a word. With 127, photo-x4
there gave .4 grey levels else than exact sums do, on average; to keep to 64 costs .0015 dB against that."""
_MOST_BIAS = 2**30


def inner_convolutions(model: ModelProto) -> list[NodeProto]:
    """The convolutions to quantise: all but the first, which sees pixels, and the last, which makes them.

    Raises:
        ModelError: there are none, or one has weights that do not lie in the file.
    """
    found = [node for node in model.graph.node if node.op_type == "Conv"][1:-1]
    if not found:
        raise ModelError("the model has fewer than three convolutions: nothing of it would be of 8 bits")
    inside = {tensor.name for tensor in model.graph.initializer}
    for node in found:
        if not inside.issuperset(node.input[1:]):
            raise ModelError(f"the weights of the convolution {node.name!r} do not lie in the model")
    return found


def quantisable_values(model: ModelProto) -> list[str]:
    """Names of the values that get 8 bits: what goes into the inner convolutions, and what they give.

    Where only a ReLU takes what a convolution gives, it is what the ReLU gives.
    """
    names: dict[str, None] = {}
    for node in inner_convolutions(model):
        names |= dict.fromkeys((node.input[0], _result(model.graph, node)))
    return list(names)


def quantise(model: ModelProto, ranges: Mapping[str, Range]) -> None:
    """Make the inner convolutions 8-bit, in place; weights per channel, symmetric, values asymmetric.

    Jacob et al. 2018, arXiv 1712.05877, equations 1 and 8; weights are int8 within +-`MOST_WEIGHT`, values
    uint8, biases int32.

    Args:
        model: with its weights inside.
        ranges: smallest and largest of each of `quantisable_values`.

    Raises:
        ModelError: as for `inner_convolutions`.
    """
    graph = model.graph
    convolutions = inner_convolutions(model)
    names = quantisable_values(model)
    consumers = {name: [n for n in graph.node if name in n.input] for name in names}
    first_after = {name: next(n for n in graph.node if name in n.output) for name in names}
    before: dict[int, list[NodeProto]] = {}
    after: dict[int, list[NodeProto]] = {}
    scales: dict[str, np.float32] = {}
    for name in names:
        scales[name], zero = step(ranges[name])
        after[id(first_after[name])] = _around_value(graph, name, scales[name], zero)
        for node in consumers[name]:
            _rename_input(node, name, f"{name}_q8")
    for node in convolutions:
        value_scale = scales[node.input[0].removesuffix("_q8")]
        before[id(node)] = _around_weights(graph, node, value_scale)
    nodes = [n for node in graph.node for n in (*before.get(id(node), ()), node, *after.get(id(node), ()))]
    del graph.node[:]
    graph.node.extend(nodes)
    unused = {t.name for t in graph.initializer} - {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name not in unused]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def step(span: Range) -> tuple[np.float32, np.uint8]:
    """The size of a level of 256, and the level that means 0, which every span is widened to hold.

    Example:
        >>> size, zero = step((-1.0, 4.1))
        >>> round(float(size), 4), int(zero)
        (0.02, 50)
    """
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    size = np.float32(max((high - low) / 255, 1e-9))
    return size, np.uint8(np.clip(np.rint(-low / size), 0, 255))


def round_weights(
    weights: NDArray[np.float32], bias: NDArray[np.float32] | None, value_scale: np.float32
) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int32] | None]:
    """Weights of 8 bits, the size of their levels by output channel, and the bias in those of the sums.

    Args:
        weights: `[O, I, h, w]`.
        bias: `[O]` or None.
        value_scale: size of the input's levels.
    """
    scales = np.abs(weights).reshape(len(weights), -1).max(axis=1) / MOST_WEIGHT
    least: Any = np.float32(1e-12) if bias is None else np.abs(bias) / (value_scale * _MOST_BIAS)
    # A channel that is all but dead must not push its bias out of 32 bits.
    scales = np.maximum(np.maximum(scales, least), np.float32(1e-12)).astype(np.float32)
    rounded = np.rint(weights / scales[:, None, None, None]).astype(np.int8)
    return rounded, scales, None if bias is None else np.rint(bias / (scales * value_scale)).astype(np.int32)


def _result(graph: GraphProto, node: NodeProto) -> str:
    takers = [other for other in graph.node if node.output[0] in other.input]
    if len(takers) == 1 and takers[0].op_type == "Relu":
        return str(takers[0].output[0])
    return str(node.output[0])


def _around_value(graph: GraphProto, name: str, size: np.float32, zero: np.uint8) -> list[NodeProto]:
    from onnx import helper

    parts = [_keep(graph, f"{name}_scale", size), _keep(graph, f"{name}_zero", zero)]
    levels = f"{name}_levels"
    return [
        helper.make_node("QuantizeLinear", [name, *parts], [levels], f"{name}_quantise"),
        helper.make_node("DequantizeLinear", [levels, *parts], [f"{name}_q8"], f"{name}_dequantise"),
    ]


def _around_weights(graph: GraphProto, node: NodeProto, value_scale: np.float32) -> list[NodeProto]:
    from onnx import helper, numpy_helper

    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weights, *rest = (numpy_helper.to_array(tensors[name]) for name in node.input[1:])
    bias = rest[0] if rest else None
    rounded, scales, sums = round_weights(weights, bias, value_scale)
    parts: list[tuple[Any, Any]] = [(rounded, scales)]
    if sums is not None:
        parts.append((sums, (scales * value_scale).astype(np.float32)))
    added = []
    for position, (levels, sizes) in enumerate(parts, 1):
        name = node.input[position]
        inputs = [
            _keep(graph, f"{name}_levels", levels),
            _keep(graph, f"{name}_scale", sizes),
            _keep(graph, f"{name}_zero", np.zeros(len(sizes), levels.dtype)),
        ]
        made = helper.make_node("DequantizeLinear", inputs, [f"{name}_q8"], f"{name}_dequantise", axis=0)
        added.append(made)
        node.input[position] = f"{name}_q8"
    return added


def _keep(graph: GraphProto, name: str, value: Any) -> str:
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return name


def _rename_input(node: NodeProto, old: str, new: str) -> None:
    for position, name in enumerate(node.input):
        if name == old:
            node.input[position] = new
