"""What is no upscaler of one picture is refused in one sentence that says why."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ganapps import ModelError, Upscaler
from ganapps.runtime.session import Session

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
PICTURE = ["n", 3, "h", "w"]


def beside(name: str) -> ModuleType:
    """A file of this folder as a module."""
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


models = beside("foreign_models")


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Upscaler(path, device="cpu", threads=1, on_note=lambda note: pytest.fail(note))
    start = f"{path} was not exported by ganapps and is no upscaler from elsewhere that can be used: "
    assert str(caught.value).startswith(start)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(start)


def save(tmp_path, nodes, inputs, outputs=(("y", FLOAT, None),), weights=()):
    """A model of one of more nodes, [kind, inputs, output, attributes]."""
    made = [helper.make_node(kind, ins, [out], **attributes) for kind, ins, out, attributes in nodes]
    ends = [[helper.make_tensor_value_info(*value) for value in values] for values in (inputs, outputs)]
    tensors = [numpy_helper.from_array(value, name) for name, value in dict(weights).items()]
    return models.save_graph(tmp_path / "m.onnx", made, *ends, tensors)


def same(shape, kind=FLOAT):
    nodes = [("Identity", ["x"], "y", {})]
    return {"nodes": nodes, "inputs": [("x", kind, shape)], "outputs": [("y", kind, None)]}


def mean(shape):
    return {"nodes": [("GlobalAveragePool", ["x"], "y", {})], "inputs": [("x", FLOAT, shape)]}


CASES = {
    "text": (
        same(["n", "tokens"], INT64),
        "its input is a tensor(int64), and pictures of float32, float16 or uint8 are accepted",
    ),
    "rank": (
        same(["n", 80, "t"]),
        "its input has 3 dimensions, and the 4 of a batch of pictures are accepted",
    ),
    "two inputs": (
        {"nodes": [("Add", ["x", "z"], "y", {})], "inputs": [("x", FLOAT, PICTURE), ("z", FLOAT, PICTURE)]},
        "it has 2 inputs (x, z), and one picture is accepted",
    ),
    "weights given from outside": (
        {
            "nodes": [("Conv", ["x", "w"], "y", {})],
            "inputs": [("x", FLOAT, PICTURE), ("w", FLOAT, [3, 3, 1, 1])],
        },
        "it has 2 inputs (x, w), and one picture is accepted",
    ),
    "two outputs": (
        {
            "nodes": [("Relu", ["x"], "y", {}), ("Neg", ["x"], "z", {})],
            "inputs": [("x", FLOAT, PICTURE)],
            "outputs": [("y", FLOAT, None), ("z", FLOAT, None)],
        },
        "it has 2 outputs (y, z), and one picture is accepted",
    ),
    "four channels": (
        same(["n", 4, "h", 64]),
        "its input is [any, 4, any, 64], and no dimension of it is 1 or 3 channels",
    ),
    "a batch": (same([8, 3, "h", "w"]), "it takes 8 pictures at once, and one is accepted"),
    "a classifier": (
        mean(PICTURE),
        "it makes [1, 3, 1, 1] of a picture [1, 3, 29, 31], no enlarged one",
    ),
    "a smaller picture": (
        {
            "nodes": [("MaxPool", ["x"], "y", {"kernel_shape": [2, 2], "strides": [2, 2]})],
            "inputs": [("x", FLOAT, PICTURE)],
        },
        "it makes [1, 3, 14, 15] of a picture [1, 3, 29, 31], no enlarged one",
    ),
    "no picture's size": (
        {
            "nodes": [("Reshape", ["x", "shape"], "y", {})],
            "inputs": [("x", FLOAT, PICTURE)],
            "weights": {"shape": np.array([1, 3, 17, 19])},
        },
        "it can be run with none of the picture sizes that were tried",
    ),
    "a mask": (
        {
            "nodes": [("Sub", ["x", "x"], "y", {})],
            "inputs": [("x", FLOAT, PICTURE)],
        },
        "it does not give an enlarged picture back: a smooth one comes out 28 of 255 grey levels wrong at"
        " best, and 15 are accepted",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refusals(tmp_path, name):
    model, sentence = CASES[name]
    assert refusal(save(tmp_path, **model)) == sentence


def test_a_negative(tmp_path):
    sentence = refusal(models.Elsewhere(inverted=True, trained_on_bgr=True).save(tmp_path / "m.onnx"))
    assert sentence.startswith("it does not give an enlarged picture back: ")


def test_values_that_are_no_numbers(tmp_path):
    # The square root of what lies below the darkest value of the probes.
    nodes = [
        ("Sub", ["x", "dark"], "a", {}),
        ("Sqrt", ["a"], "b", {}),
        ("Mul", ["b", "b"], "c", {}),
        ("Add", ["c", "dark"], "y", {}),
    ]
    weights = {"dark": np.float32(0.1)}
    path = save(tmp_path, nodes, [("x", FLOAT, PICTURE)], weights=weights)
    session = Session(path, threads=1, on_note=lambda _: None)
    with pytest.raises(ModelError) as caught:
        session.run(["upscaled"], {"image": np.zeros((1, 5, 5, 3), np.uint8)})
    assert str(caught.value) == f"{path} gives values that are not numbers for this picture"


def test_a_file_that_keeps_its_weights_elsewhere(tmp_path):
    """It could name any file of the machine, and is never followed."""
    path = models.Elsewhere().save(tmp_path / "m.onnx")
    import onnx

    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    assert (tmp_path / "w.bin").is_file()
    with pytest.raises(ModelError) as caught:
        Session(path, threads=1)
    assert str(caught.value).startswith(f"{path} is not an ONNX model that can be run: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["4x.pth", "4x.PT", "folder/4x.safetensors", "4x.ckpt"])
def test_weights_for_pytorch_name_the_command(name):
    with pytest.raises(ModelError) as caught:
        Upscaler(name)
    assert str(caught.value) == (
        f"{name} holds weights for PyTorch: make a model file of it with ganapps export {name} -o 4x.onnx"
    )


def test_the_light_room_stays_light():
    """The package beside it is checked file by file for what it imports; this one too."""
    import ast

    import ganapps.runtime.foreign

    for path in Path(ganapps.runtime.foreign.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {name.name for name in node.names} <= {"cv2", "numpy"}, path
            elif isinstance(node, ast.ImportFrom) and node.level > 2:
                assert (node.level, node.module) == (3, "errors"), path
