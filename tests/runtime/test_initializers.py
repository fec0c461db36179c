"""The reader of weights against the onnx package, and blending of models."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from ganapps import ModelError, Upscaler, UsageError
from ganapps.runtime import zoo
from ganapps.runtime.initializers import blend, read_initializers


def model_of(weights: dict[str, np.ndarray]) -> bytes:
    """A model that holds these weights and does nothing with them."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y], tensors)
    return helper.make_model(graph).SerializeToString()


SHAPES = st.lists(st.integers(1, 200), max_size=3).filter(lambda shape: np.prod(shape, initial=1) < 5000)


@given(st.dictionaries(st.text(min_size=1, max_size=300), SHAPES, max_size=4))
def test_what_is_read_is_what_onnx_reads(shapes):
    random = np.random.default_rng(0)
    model = model_of({k: random.standard_normal(shape).astype(np.float32) for k, shape in shapes.items()})
    expected = {i.name: numpy_helper.to_array(i) for i in onnx.load_from_string(model).graph.initializer}
    found = read_initializers(model, "m.onnx")
    assert found.keys() == expected.keys()
    for name, weights in expected.items():
        np.testing.assert_array_equal(found[name], weights)


@pytest.mark.parametrize("name", ["photo-x4", "fidelity-x4"])
def test_the_shipped_models_are_read(name):
    path = zoo.find_weights(name)
    expected = {i.name: numpy_helper.to_array(i) for i in onnx.load(path).graph.initializer}
    found = read_initializers(path.read_bytes(), name)
    assert found.keys() == expected.keys() and len(found) > 20
    assert all(np.array_equal(found[key], value) for key, value in expected.items())


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused_or_hold_nothing(data):
    try:
        read_initializers(data, "m.onnx")
    except ModelError as error:
        assert str(error).startswith("the weights in m.onnx cannot be read: ")


@given(st.integers(0, 400), st.integers(0, 255))
def test_damaged_models_never_end_otherwise(at, byte):
    model = bytearray(model_of({"w": np.ones((4, 5), np.float32), "b": np.zeros(3, np.float32)}))
    model[at % len(model)] = byte
    for damaged in (model, model[: at % len(model)]):
        try:
            read_initializers(damaged, "m.onnx")
        except ModelError as error:
            assert "m.onnx" in str(error)


def test_other_types_are_named():
    with pytest.raises(ModelError) as refusal:
        read_initializers(model_of({"count": np.ones(3, np.int64)}), "m.onnx")
    assert str(refusal.value) == "the weights in m.onnx cannot be read: count is not of float32"


def test_a_blend_lies_between_and_keeps_what_is_equal():
    one = {"w": np.float32([[0, 4]]), "range": np.float32(255.1)}
    other = {"w": np.float32([[2, 0]]), "range": np.float32(255.1)}
    mixed = read_initializers(blend(model_of(one), model_of(other), 0.25, ("a", "b")), "m")
    np.testing.assert_allclose(mixed["w"], [[0.5, 3]])
    assert mixed["range"] == one["range"]
    assert blend(model_of(one), model_of(other), 1.0, ("a", "b")) == model_of(other)
    assert blend(model_of(one), model_of(other), 0.0, ("a", "b")) == model_of(one)


def test_networks_of_different_shapes_are_refused():
    one, other = model_of({"w": np.ones(3, np.float32)}), model_of({"w": np.ones(4, np.float32)})
    with pytest.raises(
        ModelError, match=r"^a.onnx and b.onnx cannot be blended: their networks differ in shape$"
    ):
        blend(one, other, 0.5, ("a.onnx", "b.onnx"))


def test_strength_goes_from_the_faithful_model_to_the_vivid_one():
    picture = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    vivid, faithful = Upscaler("photo-x4")(picture), Upscaler("fidelity-x4")(picture)
    np.testing.assert_array_equal(Upscaler("photo-x4", strength=1.0)(picture), vivid)
    np.testing.assert_array_equal(Upscaler("photo-x4", strength=0.0)(picture), faithful)
    half = Upscaler(strength=0.5)(picture).astype(int)
    apart = np.abs(vivid.astype(int) - faithful).mean()
    assert 0 < np.abs(half - vivid).mean() < apart and 0 < np.abs(half - faithful).mean() < apart


def test_strength_that_means_nothing():
    with pytest.raises(UsageError, match=r"^strength must be from 0 to 1, got 1.5$"):
        Upscaler("photo-x4", strength=1.5)
    with pytest.raises(UsageError) as refusal:
        Upscaler("fidelity-x4", strength=0.5)
    assert str(refusal.value) == (
        "fidelity-x4 has no faithful model to blend with; models that have one: photo-x4, photo-x2"
    )


def test_a_blend_of_a_damaged_partner_is_refused(tmp_path, monkeypatch):
    """The faithful model is held to its checksum like any other."""
    folder = zoo.weights_folder()
    for file in ("manifest.json", "photo-x4.onnx", "fidelity-x4.onnx"):
        shutil.copy(folder / file, tmp_path)
    (tmp_path / "fidelity-x4.onnx").write_bytes(b"damaged")
    monkeypatch.setattr(zoo, "weights_folder", lambda: tmp_path)
    begins = hashlib.sha256(b"damaged").hexdigest()[:12]
    with pytest.raises(ModelError, match=f"is not the file of fidelity-x4: its sha256 begins {begins}"):
        Upscaler("photo-x4", strength=0.5)
    assert json.loads((tmp_path / "manifest.json").read_text())["faithful"]["photo-x4"] == "fidelity-x4"
