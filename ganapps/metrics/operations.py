"""Counting the work of an ONNX file's convolutions without the onnx package."""

from __future__ import annotations

import math
from pathlib import Path

from .onnx_graph import Constant, Graph, Node, read_graph

_OPAQUE = frozenset({"Reshape", "Flatten", "ReduceMean", "ReduceMax", "ReduceSum", "Col2Im", "GridSample"})
"""Of their results it is not followed how many positions they have."""
_UNCOUNTED = frozenset(
    {"MatMul", "Gemm", "Einsum", "Attention", "LSTM", "GRU", "RNN", "DeformConv", "If", "Loop", "Scan"}
    | {"ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"}
)
"""Operators that multiply, or hide others that do, and are no plain convolutions."""
_PASSING = frozenset({"DequantizeLinear", "Cast", "Identity"})
"""Operators through which a weight keeps its shape."""


def count_operations(path: Path, scale: int) -> float | None:
    """Giga-multiply-accumulates per megapixel of the result, of the convolutions of an upscaler.

    Counted from the graph, for pictures so large that their borders do not matter. What overlapping tiles
    compute twice is not in it, nor are additions alone, activations and resampling.

    Args:
        path: an .onnx file.
        scale: how many times larger the result is on each side.

    Returns:
        None where the count would not be whole: the network multiplies by other means than convolutions, or
        changes its resolution in a way that is not followed.

    Raises:
        ModelError: the file is not a protocol buffer.
    """
    graph = read_graph(path)
    density: dict[str, float | None] = dict.fromkeys(graph.inputs, 1.0)
    """Positions of each picture inside the network, per pixel of the input; None where not known."""
    kernels = _kernels(graph)
    total = 0.0
    for node in graph.nodes:
        before = [density[name] for name in node.inputs if name in density]
        if not before or node.operator in ("Shape", "Size"):
            continue  # made of constants, or the numbers of a shape
        after = _density_after(node, before, graph.constants)
        density.update(dict.fromkeys(node.outputs, after))
        if node.operator in ("Conv", "ConvTranspose"):
            # A convolution's kernel is applied once for each output, a transposed one's for each input.
            places = after if node.operator == "Conv" else before[0]
            if places is None or node.inputs[1] not in kernels:
                return None
            total += places * math.prod(kernels[node.inputs[1]])
        elif (node.operator in _UNCOUNTED or "." in node.operator) and after != 0:
            return None
    result = density.get(graph.outputs[0]) if graph.outputs else None
    if result is not None and not math.isclose(result, scale**2):
        return None
    return total / scale**2 / 1000


def _density_after(node: Node, before: list[float | None], constants: dict[str, Constant]) -> float | None:
    """Positions of a node's result, from those of its inputs that are not constants."""
    if not any(places != 0 for places in before):
        return 0.0  # of the whole picture there is one number a channel
    if node.operator in _OPAQUE or None in before:
        return None
    # The larger, because a number for each channel may be spread over a whole picture.
    density = max(places for places in before if places is not None)
    block = math.prod(node.integers.get("blocksize", (1,))) ** 2
    strides = math.prod(node.integers.get("strides", ()))
    match node.operator:
        case "Conv" | "MaxPool" | "AveragePool" | "LpPool":
            return density / strides
        case "ConvTranspose":
            return density * strides
        case "DepthToSpace":
            return density * block
        case "SpaceToDepth":
            return density / block
        case "GlobalAveragePool" | "GlobalMaxPool":
            return 0.0
        case "Resize" | "Upsample":
            scales = _scales(node, constants)
            return density * math.prod(scales) if scales else None
        case "Slice" if len(node.inputs) > 4:
            return None  # every n-th position
        case _:
            return density


def _scales(node: Node, constants: dict[str, Constant]) -> tuple[float, ...]:
    """How many times larger a Resize or an Upsample makes each axis; nothing where it is computed."""
    if node.floats.get("scales"):
        return node.floats["scales"]
    place = 2 if node.operator == "Resize" else 1
    name = node.inputs[place] if len(node.inputs) > place else ""
    return constants[name].floats() if name in constants else ()


def _kernels(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Shapes of the constants, also behind what changes only their type."""
    shapes = {name: constant.dims for name, constant in graph.constants.items()}
    for node in graph.nodes:
        if node.operator in _PASSING and node.inputs[0] in shapes:
            shapes[node.outputs[0]] = shapes[node.inputs[0]]
    return shapes
