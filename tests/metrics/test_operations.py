"""Multiply-accumulates counted from the file, against ONNX's own shape inference, and closed forms."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps.errors import ModelError
from ganapps.metrics.onnx_graph import read_graph
from ganapps.metrics.operations import count_operations
from ganapps.metrics.parameters import count_parameters

onnx = pytest.importorskip("onnx")
SIDE = 48


def floats(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


class Network:
    """A chain of nodes, each with the weights that it needs."""

    def __init__(self, channels: int = 3, side: int | str = SIDE) -> None:
        self.nodes: list[Any] = []
        self.weights: dict[str, np.ndarray] = {}
        self.last, self.channels, self.side = "x", channels, side

    def add(self, operator: str, *weights: np.ndarray | str, **attributes: Any) -> Network:
        names = []
        for weight in weights:
            if isinstance(weight, np.ndarray):
                self.weights[f"w{len(self.weights)}"] = weight
                weight = f"w{len(self.weights) - 1}"
            names.append(weight)
        out = f"t{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(operator, [self.last, *names], [out], **attributes))
        self.last = out
        return self

    def model(self) -> Any:
        picture = onnx.TensorProto.FLOAT
        graph = onnx.helper.make_graph(
            self.nodes,
            "graph",
            [onnx.helper.make_tensor_value_info("x", picture, [1, self.channels, self.side, self.side])],
            [onnx.helper.make_tensor_value_info(self.last, picture, None)],
            initializer=[onnx.numpy_helper.from_array(w, name) for name, w in self.weights.items()],
        )
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])

    def save(self, path: Path) -> Path:
        onnx.save(self.model(), path)
        return path


def by_shape_inference(model: Any) -> float:
    """Multiply-accumulates for one picture of the model's size."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in [*inferred.input, *inferred.value_info, *inferred.output]
    }
    kernels = {tensor.name: tensor.dims for tensor in inferred.initializer}
    total = 0
    for node in inferred.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            where = node.output[0] if node.op_type == "Conv" else node.input[0]
            total += math.prod(kernels[node.input[1]]) * math.prod(shapes[where][2:])
    return total


def u_shaped() -> Network:
    """Down by stride, unshuffling and pooling, up by transposing, resizing and shuffling: x2 in all."""
    net = Network()
    net.add("Conv", floats(8, 3, 3, 3), pads=[1] * 4, strides=[2, 2])
    net.add("Relu").add("SpaceToDepth", blocksize=2).add("Conv", floats(8, 16, 3, 3), pads=[1] * 4, group=2)
    net.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2]).add("Conv", floats(6, 8, 1, 1), floats(6))
    net.add("ConvTranspose", floats(6, 5, 4, 4), strides=[2, 2], pads=[1] * 4)
    scales = np.array([1, 1, 2, 2], np.float32)
    net.add("Resize", "", scales, mode="nearest").add("Conv", floats(16, 5, 5, 5), pads=[2] * 4)
    net.add("DepthToSpace", blocksize=2).add("Conv", floats(12, 4, 3, 3), pads=[1] * 4)
    return net.add("DepthToSpace", blocksize=2)


def test_a_network_of_many_resolutions_equals_shape_inference(tmp_path: Path) -> None:
    network = u_shaped()
    pixels = (2 * SIDE) ** 2
    wanted = by_shape_inference(network.model()) / pixels / 1000
    assert count_operations(network.save(tmp_path / "m.onnx"), 2) == pytest.approx(wanted)


@settings(max_examples=40, deadline=None)
@given(
    layers=st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from([1, 3, 5]), st.sampled_from([1, 2])), max_size=6
    )
)
def test_any_chain_equals_shape_inference(layers: list[tuple[int, int, int]], tmp_path_factory: Any) -> None:
    network, channels, side = Network(), 3, SIDE
    for width, kernel, stride in layers:
        if side % (4 * stride):
            stride = 1
        pads, side = [kernel // 2] * 4, side // stride
        network.add("Conv", floats(width, channels, kernel, kernel), pads=pads, strides=[stride] * 2)
        channels = width
    factor = 2 * SIDE // side
    network.add("Resize", "", np.array([1, 1, factor, factor], np.float32), mode="nearest")
    path = network.save(tmp_path_factory.mktemp("chain") / "m.onnx")
    wanted = by_shape_inference(network.model()) / (2 * SIDE) ** 2 / 1000
    assert count_operations(path, 2) == pytest.approx(wanted)


def test_the_shipped_network_by_hand() -> None:
    """Three convolutions between 3, 48 and 48 channels and twelve of 48, once for each of 16 pixels."""
    from ganapps.runtime.zoo import weights_folder

    wanted = 9 * (3 * 48 + 13 * 48 * 48) / 16 / 1000
    assert count_operations(weights_folder() / "photo-x4.onnx", 4) == pytest.approx(wanted)


def test_what_is_pooled_to_one_number_costs_nothing(tmp_path: Path) -> None:
    network = Network().add("Conv", floats(4, 3, 3, 3), pads=[1] * 4)
    whole = network.last
    network.add("GlobalAveragePool").add("Conv", floats(4, 4, 1, 1)).add("Sigmoid").add("Mul", whole)
    network.add("DepthToSpace", blocksize=2)
    assert count_operations(network.save(tmp_path / "m.onnx"), 2) == pytest.approx(108 / 4 / 1000)


@pytest.mark.parametrize(
    "network",
    [
        Network().add("Conv", floats(4, 3, 3, 3), pads=[1] * 4).add("MatMul", floats(SIDE, SIDE)),
        Network().add("Reshape", np.array([1, 12, 24, 24])).add("Conv", floats(4, 12, 3, 3)),
        Network().add("Conv", floats(4, 3, 3, 3)),  # of scale 1, where 2 is said
    ],
    ids=["matrix product", "lost resolution", "other scale"],
)
def test_what_cannot_be_counted_whole_is_not_counted(network: Network, tmp_path: Path) -> None:
    assert count_operations(network.save(tmp_path / "m.onnx"), 2) is None


def test_quantised_weights_count_as_weights(tmp_path: Path) -> None:
    """Levels behind a DequantizeLinear are weights, their scales are not."""
    network = Network().add("Relu")
    node = onnx.helper.make_node("DequantizeLinear", ["levels", "scales"], ["kernel"], axis=0)
    network.nodes.append(node)
    network.weights |= {"levels": np.zeros((4, 3, 3, 3), np.int8), "scales": floats(4)}
    network.add("Conv", "kernel", floats(4), pads=[1] * 4).add("DepthToSpace", blocksize=2)
    path = network.save(tmp_path / "m.onnx")
    assert count_parameters(path) == 108 + 4
    assert count_operations(path, 2) == pytest.approx(108 / 4 / 1000)


def test_constants_as_nodes(tmp_path: Path) -> None:
    network = Network().add("Conv", floats(3, 3, 1, 1))
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 3, 3], np.float32), "scales")
    network.nodes.append(onnx.helper.make_node("Constant", [], ["scales"], value=scales))
    network.add("Resize", "", "scales", mode="nearest")
    path = network.save(tmp_path / "m.onnx")
    assert count_operations(path, 3) == pytest.approx(9 / 9 / 1000)
    assert count_parameters(path) == 9


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("bytes") / "m.onnx"
    path.write_bytes(b"\x3a" + bytes([len(data)]) + data if len(data) < 128 else data)
    try:
        read_graph(path)
    except ModelError as error:
        assert str(error) == f"{path} is not an ONNX file"


@settings(deadline=None)
@given(st.integers(0, 2000), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=3))
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: Any, cut: int, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(Network().add("Conv", floats(3, 3, 3, 3)).model().SerializeToString())
    for place, value in flips:
        data[place % len(data)] = value
    path = tmp_path_factory.mktemp("damaged") / "m.onnx"
    path.write_bytes(data[: len(data) - cut % len(data)] if cut % 2 else data)
    try:
        count_parameters(path)
        count_operations(path, 1)
    except ModelError as error:
        assert str(error) == f"{path} is not an ONNX file"
