"""Tiny valid models, made with `onnx` alone, so that these tests need no training framework."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ganapps.runtime.upscaler import Upscaler

FLOAT, UINT8, INT64 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64


class Graph:
    """Nodes and weights as they are added."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(seed)

    def add(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(self, value: np.ndarray, name: str) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def convolution(self, value: str, ins: int, outs: int, output: str) -> str:
        shape = (outs, ins, 3, 3)
        weight = (self.random.standard_normal(shape) / np.sqrt(9 * ins)).astype(np.float32)
        bias = (0.1 * self.random.standard_normal(outs)).astype(np.float32)
        names = [value, self.weight(weight, f"{output}.w"), self.weight(bias, f"{output}.b")]
        return self.add("Conv", names, output, kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    def save(self, path: Path, inputs: list, outputs: list, metadata: dict[str, str]) -> Path:
        graph = helper.make_graph(self.nodes, "tiny", inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())
        return path


def card(task: str, **numbers: object) -> dict[str, str]:
    """Metadata of a model file."""
    entries = {
        "task": task,
        "name": f"tiny-{task}",
        "version": "1",
        "licence": "Apache-2.0",
        "trained_on": "nothing",
        "recipe": "none",
        **numbers,
    }
    return {f"ganapps.{key}": str(value) for key, value in entries.items()}


def make_upscale_model(path: Path, *, scale: int = 2, width: int = 16, seed: int = 0) -> Path:
    """Three convolutions (radius 3), a nearest-neighbour skip, PixelShuffle: laid out like real weights."""
    graph = Graph(seed)
    graph.weight(np.zeros((1, 1, 1, 1), np.float32), "fraction")
    graph.weight(np.float32(255), "255")
    graph.add("Cast", ["image"], "whole", to=FLOAT)
    graph.add("Add", ["whole", "fraction"], "exact")
    graph.add("Div", ["exact", "255"], "unit")
    graph.add("Transpose", ["unit"], "low", perm=[0, 3, 1, 2])
    graph.convolution("low", 3, width, "a")
    graph.add("Relu", ["a"], "b")
    graph.convolution("b", width, width, "c")
    graph.add("Relu", ["c"], "d")
    graph.convolution("d", width, 3 * scale**2, "e")
    # The skip: every channel of the input, repeated for each pixel that PixelShuffle makes of it.
    repeat = np.repeat(np.eye(3, dtype=np.float32), scale**2, axis=0)[..., None, None]
    graph.add("Conv", ["low", graph.weight(repeat, "repeat")], "skip", kernel_shape=[1, 1])
    graph.add("Mul", ["e", graph.weight(np.float32(0.1), "tenth")], "detail")
    graph.add("Add", ["skip", "detail"], "f")
    graph.add("DepthToSpace", ["f"], "high", blocksize=scale, mode="CRD")
    graph.add("Transpose", ["high"], "last", perm=[0, 2, 3, 1])
    limits = [graph.weight(np.float32(0), "0"), graph.weight(np.float32(1), "1")]
    graph.add("Clip", ["last", *limits], "upscaled_float")
    graph.add("Mul", ["upscaled_float", "255"], "bytes")
    graph.add("Round", ["bytes"], "rounded")
    graph.add("Cast", ["rounded"], "upscaled", to=UINT8)
    inputs = [
        helper.make_tensor_value_info("image", UINT8, ["n", "h", "w", 3]),
        helper.make_tensor_value_info("fraction", FLOAT, ["fn", "fh", "fw", "fc"]),
    ]
    outputs = [
        helper.make_tensor_value_info("upscaled", UINT8, ["n", "sh", "sw", 3]),
        helper.make_tensor_value_info("upscaled_float", FLOAT, ["n", "sh", "sw", 3]),
    ]
    return graph.save(path, inputs, outputs, card("upscale", scale=scale, radius=3))


def make_sample_model(
    path: Path,
    *,
    classes: tuple[str, ...] = ("cat", "dog", "great auk"),
    channels: int = 3,
    confidence: bool = True,
) -> Path:
    """A linear layer of latent and label, two convolutions to 8 x 8 pixels, and a linear classifier."""
    latent, side, width = 6, 8, 16
    graph = Graph(1)
    normal = graph.random.standard_normal
    table = normal((len(classes), latent)).astype(np.float32)
    graph.add("Gather", [graph.weight(table, "table"), "label"], "embedded", axis=0)
    graph.add("Concat", ["latent", "embedded"], "z", axis=1)
    linear = (normal((2 * latent, width * side * side)) / 3).astype(np.float32)
    graph.add("MatMul", ["z", graph.weight(linear, "linear")], "flat")
    graph.add("Reshape", ["flat", graph.weight(np.array([-1, width, side, side]), "shape")], "map")
    graph.add("Relu", ["map"], "active")
    graph.convolution("active", width, width, "hidden")
    graph.convolution("hidden", width, channels, "logits")
    graph.add("Sigmoid", ["logits"], "unit")
    graph.add("Mul", ["unit", graph.weight(np.float32(255), "255")], "bytes")
    graph.add("Transpose", ["bytes"], "last", perm=[0, 2, 3, 1])
    graph.add("Round", ["last"], "rounded")
    graph.add("Cast", ["rounded"], "image", to=UINT8)
    outputs = [helper.make_tensor_value_info("image", UINT8, ["n", side, side, channels])]
    if confidence:
        graph.add("Flatten", ["unit"], "row")
        votes = normal((channels * side * side, len(classes))).astype(np.float32)
        graph.add("MatMul", ["row", graph.weight(votes, "votes")], "scores")
        graph.add("Softmax", ["scores"], "confidence", axis=1)
        outputs.append(helper.make_tensor_value_info("confidence", FLOAT, ["n", len(classes)]))
    inputs = [
        helper.make_tensor_value_info("latent", FLOAT, ["n", latent]),
        helper.make_tensor_value_info("label", INT64, ["n"]),
    ]
    shape = {"latent": latent, "height": side, "width": side, "channels": channels}
    metadata = card("sample", classes=json.dumps(list(classes)), **shape)
    return graph.save(path, inputs, outputs, metadata)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with x2.onnx, x4.onnx, sample.onnx and plain.onnx (a valid model that is not ours)."""
    folder = tmp_path_factory.mktemp("models")
    make_upscale_model(folder / "x2.onnx", scale=2)
    make_upscale_model(folder / "x4.onnx", scale=4)
    make_sample_model(folder / "sample.onnx")
    graph = Graph(0)
    graph.add("Relu", ["x"], "y")
    ends = [helper.make_tensor_value_info(name, FLOAT, ["n"]) for name in "xy"]
    graph.save(folder / "plain.onnx", ends[:1], ends[1:], {"author": "somebody"})
    return folder


@pytest.fixture(scope="session")
def double(models: Path) -> Upscaler:
    """An upscaler of scale 2."""
    return Upscaler(models / "x2.onnx", threads=1)


@pytest.fixture
def photo() -> Callable[..., np.ndarray]:
    """Smooth RGB, `photo(height, width, dtype)`."""

    def make(height: int = 12, width: int = 17, dtype: type = np.uint8, channels: int = 3) -> np.ndarray:
        y, x = np.mgrid[0:height, 0:width]
        waves = [np.sin(x / (7 + c) + c) * np.cos(y / (9 - c / 2)) for c in range(channels)]
        return np.rint((np.stack(waves, axis=-1) / 2 + 0.5) * np.iinfo(dtype).max).astype(dtype)

    return make


@pytest.fixture(scope="session")
def png_file() -> Callable[..., bytes]:
    """A PNG written by hand: `png_file(rows, colour_type, chunks)`; rows [H, W, C] of 8 or 16 bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def make(rows: np.ndarray, colour_type: int, chunks: dict[bytes, bytes]) -> bytes:
        big = rows.astype(rows.dtype.newbyteorder(">"))
        depth = 8 * rows.dtype.itemsize
        header = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], depth, colour_type, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in big))
        parts = {b"IHDR": header, **chunks, b"IDAT": pixels, b"IEND": b""}
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts.items())

    return make
