"""Tiny models that keep to the contract, and a way to run the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from ganapps.cli.main import main

CLASSES = ("circle", "line 2")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def ganapps(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run `ganapps ARGUMENTS` and return its exit code and what it printed."""

    def run(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Outcome(code, printed.out, printed.err)

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A colour PNG, 7 x 5."""
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="session")
def doubling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upscaler that repeats every pixel twice in each direction."""
    nodes = [
        helper.make_node("Cast", ["image"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["cast", "fraction"], ["levels"]),
        helper.make_node("Div", ["levels", "full"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Concat", ["planes"] * 4, ["repeated"], axis=1),
        helper.make_node("DepthToSpace", ["repeated"], ["large"], blocksize=2, mode="DCR"),
        helper.make_node("Transpose", ["large"], ["upscaled_float"], perm=[0, 2, 3, 1]),
        helper.make_node("Mul", ["upscaled_float", "full"], ["scaled"]),
        helper.make_node("Round", ["scaled"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["upscaled"], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        "doubling",
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", "h", "w", 3]),
            helper.make_tensor_value_info("fraction", TensorProto.FLOAT, ["fn", "fh", "fw", "fc"]),
        ],
        [
            helper.make_tensor_value_info("upscaled", TensorProto.UINT8, ["n", "sh", "sw", 3]),
            helper.make_tensor_value_info("upscaled_float", TensorProto.FLOAT, ["n", "sh", "sw", 3]),
        ],
        [
            numpy_helper.from_array(np.float32(255.0), "full"),
            numpy_helper.from_array(np.zeros((1, 1, 1, 1), np.float32), "fraction"),
        ],
    )
    card = {"task": "upscale", "name": "doubling", "scale": "2", "radius": "0"}
    return _save(graph, card, tmp_path_factory.mktemp("models") / "doubling.onnx")


@pytest.fixture(scope="session")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of 16 x 16 grey noise that is sure of its labels."""
    weights = np.random.default_rng(0).standard_normal((4, 256)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["latent", "weights"], ["mixed"]),
        helper.make_node("Sigmoid", ["mixed"], ["unit"]),
        helper.make_node("Mul", ["unit", "full"], ["levels"]),
        helper.make_node("Cast", ["levels"], ["flat"], to=TensorProto.UINT8),
        helper.make_node("Reshape", ["flat", "shape"], ["image"]),
        helper.make_node("OneHot", ["label", "depth", "values"], ["confidence"]),
    ]
    graph = helper.make_graph(
        nodes,
        "drawing",
        [
            helper.make_tensor_value_info("latent", TensorProto.FLOAT, ["n", 4]),
            helper.make_tensor_value_info("label", TensorProto.INT64, ["n"]),
        ],
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 16, 16, 1]),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, ["n", len(CLASSES)]),
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.float32(255.0), "full"),
            numpy_helper.from_array(np.array([-1, 16, 16, 1]), "shape"),
            numpy_helper.from_array(np.int64(len(CLASSES)), "depth"),
            numpy_helper.from_array(np.array([0.0, 1.0], np.float32), "values"),
        ],
    )
    card = {"task": "sample", "name": "drawing", "classes": json.dumps(CLASSES), "latent": "4"}
    card |= {"height": "16", "width": "16", "channels": "1"}
    return _save(graph, card, tmp_path_factory.mktemp("models") / "drawing.onnx")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Two classes of five grey images each."""
    random = np.random.default_rng(1)
    for name in CLASSES:
        (tmp_path / "labelled" / name).mkdir(parents=True)
        for index in range(5):
            pixels = random.integers(0, 256, (16, 16), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "labelled" / name / f"{index}.png")
    return tmp_path / "labelled"


def _save(graph: Any, card: dict[str, str], path: Path) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    about = {"version": "1", "licence": "Apache-2.0", "trained_on": "nothing", "recipe": "none"}
    helper.set_model_props(model, {f"ganapps.{key}": value for key, value in (card | about).items()})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
