from __future__ import annotations

import numpy as np
import pytest

from ganapps import ModelError, UsageError
from ganapps.runtime.session import Session, available_threads, read_contract

CARD = {
    "ganapps.task": "upscale",
    "ganapps.name": "n",
    "ganapps.scale": "4",
    "ganapps.radius": "18",
}


def test_the_contract_is_read_from_the_file(models):
    contract = Session(models / "x4.onnx").contract
    assert (contract.task, contract.scale, contract.radius) == ("upscale", 4, 3)
    assert (contract.name, contract.licence, contract.classes, contract.latent) == (
        "tiny-upscale",
        "Apache-2.0",
        (),
        None,
    )
    contract = Session(models / "sample.onnx").contract
    assert contract.classes == ("cat", "dog", "great auk")
    assert (contract.latent, contract.height, contract.width, contract.channels) == (6, 8, 8, 3)


def test_users_of_bytes_never_meet_the_fraction(models):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(models / "x2.onnx"), providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == ["image"]
    assert [item.name for item in session.get_overridable_initializers()] == ["fraction"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ganapps.task": None}, "m was not exported by ganapps: its metadata has no ganapps.task"),
        ({"ganapps.task": "sing"}, "m is for the task 'sing': this version knows upscale and sample"),
        ({"ganapps.scale": None}, "m has '' as ganapps.scale: it must be a number of 1 or more"),
        ({"ganapps.radius": "-3"}, "m has '-3' as ganapps.radius: it must be a number of 0 or more"),
        (
            {"ganapps.scale": "\N{SUPERSCRIPT TWO}"},
            "m has '\N{SUPERSCRIPT TWO}' as ganapps.scale: it must be a number of 1 or more",
        ),
    ],
)
def test_a_contract_that_is_not_whole(change, expected):
    metadata = {key: value for key, value in {**CARD, **change}.items() if value is not None}
    with pytest.raises(ModelError) as caught:
        read_contract(metadata, "m")
    assert str(caught.value) == expected


@pytest.mark.parametrize("classes", ["", "cat, dog", "[]", '["cat", 1]', '{"a": 1}'])
def test_classes_must_be_names(classes):
    numbers = {f"ganapps.{key}": "8" for key in ("latent", "height", "width", "channels")}
    with pytest.raises(ModelError, match="as ganapps.classes: it must be a JSON list of names$"):
        read_contract({"ganapps.task": "sample", "ganapps.classes": classes, **numbers}, "m")


def message(path: object) -> str:
    with pytest.raises(ModelError) as caught:
        Session(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_bad_files(models, tmp_path):
    assert message(tmp_path / "no.onnx") == f"the model file {tmp_path}/no.onnx does not exist"
    assert message(tmp_path) == f"the model file {tmp_path} cannot be read: is a directory"
    assert message(models / "plain.onnx").startswith(f"{models}/plain.onnx was not exported by ganapps")
    for name, data in {
        "text": b"hello",
        "empty": b"",
        "cut": (models / "x2.onnx").read_bytes()[:-500],
    }.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(data)
        assert message(path).startswith(f"{path} is not an ONNX model that can be run: ")


def test_a_model_that_refuses_its_input(models):
    with pytest.raises(ModelError, match=r"x2\.onnx cannot be run: "):
        Session(models / "x2.onnx").run(["upscaled"], {"image": np.zeros((1, 4, 4, 5), np.uint8)})


def test_threads(models):
    assert available_threads() >= 1
    with pytest.raises(UsageError, match="^threads must be 1 or more, got 0$"):
        Session(models / "x2.onnx", threads=0)


def test_the_engine_is_told(models):
    engine = Session(models / "x2.onnx").engine
    assert (engine.device, engine.precision) == ("cpu", "fp32")
    assert str(engine).startswith("cpu in fp32 (ONNX Runtime ")
