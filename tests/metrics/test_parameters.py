from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganapps.errors import ModelError
from ganapps.metrics.parameters import count_parameters

onnx = pytest.importorskip("onnx")


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="nearest")
    graph = onnx.helper.make_graph([node], "graph", [value], [value], initializer=tensors)
    onnx.save(onnx.helper.make_model(graph), path)
    return path


def test_counts_floating_weights_only(tmp_path: Path) -> None:
    arrays = {
        "kernel": np.zeros((64, 3, 3, 3), np.float32),
        "bias": np.zeros(300, np.float32),
        "half": np.zeros((2, 5), np.float16),
        "constant": np.array(255, np.float32),
        "shape": np.arange(4),
        "scales": np.ones(4, np.float32),
    }
    assert count_parameters(save(tmp_path / "m.onnx", arrays)) == 64 * 27 + 300 + 10


@pytest.mark.parametrize("data", [b"hello, this is text", b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 3])
def test_other_bytes_are_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError) as error:
        count_parameters(path)
    assert str(error.value) == f"{path} is not an ONNX file"
