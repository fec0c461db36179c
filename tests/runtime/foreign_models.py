"""Tiny upscalers as they come from elsewhere: each wants its pictures in another way."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A blur of radius 1 per channel, then each pixel repeated; what is around it varies."""

    scale: int = 2
    channels: int = 3
    nhwc: bool = False
    nhwc_out: bool = False
    black: float = 0
    white: float = 1
    out_black: float | None = None
    out_white: float | None = None
    gives_reversed: bool = False
    trained_on_bgr: bool = False
    fixed: tuple[int, int] | None = None
    multiple: int = 1
    dtype: str = "float32"
    declared: bool = True
    """Whether the file says how many channels there are."""
    pooled: bool = False
    """Whether all pixels have a little part in each."""
    levels: int | None = None
    """To which values are rounded, as by a network of few bits."""
    inverted: bool = False
    """Whether it is no upscaler."""

    def save(self, path: Path) -> Path:
        graph = _Graph()
        value = self._unit(graph, "x")
        if self.multiple > 1:
            value = graph.add("SpaceToDepth", [value], blocksize=self.multiple)
            value = graph.add("DepthToSpace", [value], blocksize=self.multiple)
        if self.trained_on_bgr:
            limit = np.array([0.6, 1, 1], np.float32).reshape(1, 3, 1, 1)
            value = graph.add("Min", [value, graph.weight(limit)])
        blur = np.repeat(kernel()[None, None], self.channels, 0)
        value = graph.add("Conv", [value, graph.weight(blur)], pads=[1, 1, 1, 1], group=self.channels)
        if self.pooled:
            mean = graph.add("GlobalAveragePool", [value])
            mean = graph.add("Mul", [mean, graph.weight(np.float32(0.1))])
            value = graph.add("Mul", [value, graph.weight(np.float32(0.9))])
            value = graph.add("Add", [value, mean])
        if self.levels is not None:
            steps = graph.weight(np.float32(self.levels - 1))
            value = graph.add("Round", [graph.add("Mul", [value, steps])])
            value = graph.add("Div", [value, steps])
        if self.scale > 1:
            repeat = np.repeat(np.eye(self.channels, dtype=np.float32), self.scale**2, 0)[..., None, None]
            value = graph.add("Conv", [value, graph.weight(repeat)])
            value = graph.add("DepthToSpace", [value], blocksize=self.scale, mode="CRD")
        return self._write(graph, path, value)

    def expected(self, unit: np.ndarray) -> np.ndarray:
        """What it computes from [H, W, 3] in [0, 1], written apart from the graph."""
        around = np.pad(unit, ((1, 1), (1, 1), (0, 0)))
        height, width = unit.shape[:2]
        blurred = sum(
            kernel()[i, j] * around[i : i + height, j : j + width] for i in range(3) for j in range(3)
        )
        return np.asarray(blurred).repeat(self.scale, 0).repeat(self.scale, 1)

    def _unit(self, graph: "_Graph", value: str) -> str:
        if self.nhwc:
            value = graph.add("Transpose", [value], perm=[0, 3, 1, 2])
        value = graph.add("Cast", [value], to=TensorProto.FLOAT)
        value = graph.add("Sub", [value, graph.weight(np.float32(self.black))])
        value = graph.add("Div", [value, graph.weight(np.float32(self.white - self.black))])
        value = graph.add("Clip", [value, *(graph.weight(np.float32(limit)) for limit in (0, 1))])
        if self.inverted:
            value = graph.add("Sub", [graph.weight(np.float32(1)), value])
        return value

    def _write(self, graph: "_Graph", path: Path, value: str) -> Path:
        black = self.black if self.out_black is None else self.out_black
        white = self.white if self.out_white is None else self.out_white
        if self.gives_reversed:
            value = graph.add("Gather", [value, graph.weight(np.array([2, 1, 0]))], axis=1)
        value = graph.add("Mul", [value, graph.weight(np.float32(white - black))])
        value = graph.add("Add", [value, graph.weight(np.float32(black))])
        if white == 255:
            value = graph.add("Round", [value])
        if self.nhwc_out:
            value = graph.add("Transpose", [value], perm=[0, 2, 3, 1])
        kind = TYPES[self.dtype]
        graph.nodes.append(helper.make_node("Cast", [value], ["y"], to=kind))
        height, width = self.fixed or ("h", "w")
        channels = self.channels if self.declared else "c"
        shape = ["n", height, width, channels] if self.nhwc else ["n", channels, height, width]
        source = helper.make_tensor_value_info("x", kind, shape)
        target = helper.make_tensor_value_info("y", kind, ["m", "i", "j", "k"])
        return save_graph(path, graph.nodes, [source], [target], graph.weights)


class _Graph:
    """Nodes and weights as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(self, value: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def kernel() -> np.ndarray:
    """Of the blur; it is not symmetric, so that a turned picture shows."""
    return np.array([[0, 0.05, 0], [0.1, 0.7, 0.1], [0, 0.05, 0]], np.float32)


def save_graph(path: Path, nodes: list, inputs: list, outputs: list, weights: list) -> Path:
    graph = helper.make_graph(nodes, "elsewhere", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path
