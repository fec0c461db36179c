"""Counting the weights of an ONNX file without the onnx package."""

from __future__ import annotations

import math
from pathlib import Path

from .onnx_graph import FLOATING, read_graph

_SETTINGS = {"Resize": slice(1, None), "QuantizeLinear": slice(1, None), "DequantizeLinear": slice(1, None)}
"""Inputs that are not weights: how much larger, and what a quantised number stands for."""


def count_parameters(path: Path) -> int:
    """How many weights the network in an ONNX file has.

    Weights are tensors of floating point in the file, and whole numbers that stand for such, as a quantised
    model has them. Single numbers, such as the 255 of a range, and the scales of a Resize or of quantised
    weights are not counted.

    Raises:
        ModelError: the file is not a protocol buffer.
    """
    graph = read_graph(path)
    settings = {
        name
        for node in graph.nodes
        if node.operator in _SETTINGS
        for name in node.inputs[_SETTINGS[node.operator]]
    }
    quantised = {
        name for node in graph.nodes if node.operator == "DequantizeLinear" for name in node.inputs[:1]
    }
    return sum(
        size
        for name, constant in graph.constants.items()
        if name not in settings
        and (constant.data_type in FLOATING or name in quantised)
        and (size := math.prod(constant.dims)) > 1
    )
