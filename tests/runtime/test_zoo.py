from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ganapps import ModelError, Sampler, Upscaler
from ganapps.runtime import zoo


@pytest.fixture
def shelf(tmp_path, models, monkeypatch) -> Path:
    """A weights folder of its own, with the tiny models."""
    entries = []
    for name, file, task in (("tiny-x2", "x2.onnx", "upscale"), ("tiny-sample", "sample.onnx", "sample")):
        data = (models / file).read_bytes()
        (tmp_path / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        common = {"licence": "Apache-2.0", "description": "tiny", "card": "ignored"}
        entries.append({"name": name, "file": file, "sha256": digest, "task": task, **common})
    manifest = {"version": 1, "default": {"upscale": "tiny-x2"}, "weights": entries}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(zoo, "weights_folder", lambda: tmp_path)
    return tmp_path


def message(name: object) -> str:
    with pytest.raises(ModelError) as caught:
        zoo.find_weights(name)
    return str(caught.value)


def test_names_and_default(shelf):
    assert [weights.name for weights in zoo.list_weights()] == ["tiny-x2", "tiny-sample"]
    assert all(zoo.verify(weights) for weights in zoo.list_weights())
    assert zoo.find_weights("tiny-x2") == shelf / "x2.onnx"
    assert Upscaler().contract.name == Upscaler("tiny-x2").contract.name == "tiny-upscale"
    assert Sampler("tiny-sample").classes[0] == "cat"


def test_a_path_is_taken_as_it_is(shelf, models):
    assert zoo.find_weights(models / "plain.onnx") == models / "plain.onnx"
    assert zoo.find_weights(str(models / "plain.onnx")) == models / "plain.onnx"


def test_a_name_wins_over_a_file(shelf, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny-x2").write_text("trap")
    Path("other").write_text("mine")
    assert zoo.find_weights("tiny-x2") == shelf / "x2.onnx"
    assert zoo.find_weights("other") == Path("other")


def test_unknown(shelf, tmp_path):
    expected = "no model is called 'huge': there are tiny-x2, tiny-sample, or give an .onnx file"
    assert message("huge") == expected
    assert message("huge.onnx") == "the model file huge.onnx does not exist"
    assert message(tmp_path / "huge") == f"the model file {tmp_path}/huge does not exist"


def test_a_wrong_hash(shelf):
    path = shelf / "x2.onnx"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b"\0")
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    assert not zoo.verify(zoo.list_weights()[0])
    assert message("tiny-x2") == (
        f"{path} is not the file of tiny-x2: its sha256 begins {after[:12]}, the manifest says {before[:12]};"
        " reinstall ganapps, or give the path of an .onnx file"
    )


def test_a_missing_file(shelf):
    (shelf / "x2.onnx").unlink()
    assert not zoo.verify(zoo.list_weights()[0])
    assert message("tiny-x2").startswith(
        f"{shelf}/x2.onnx, the file of tiny-x2, is missing: reinstall ganapps"
    )


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "weights": [{"name": "a"}]}'])
def test_a_damaged_manifest(shelf, text):
    (shelf / "manifest.json").write_text(text)
    assert "reinstall ganapps" in message("tiny-x2")


def test_a_missing_manifest(shelf):
    (shelf / "manifest.json").unlink()
    assert message("tiny-x2").startswith(f"{shelf}/manifest.json, the list of weights, is missing: ")
    with pytest.raises(ModelError):
        Upscaler()


def test_no_default(shelf):
    with pytest.raises(ModelError, match="^no weights of ganapps are the default for sample"):
        zoo.default_weights("sample")


def test_no_package(monkeypatch):
    monkeypatch.setattr(zoo, "_PACKAGE", "ganapps.no_such_package")
    assert message("tiny").startswith("the weights of ganapps are not installed: ")


@pytest.mark.parametrize(
    ("factor", "name"),
    [(0.5, "four"), (1, "four"), (1.5, "two"), (2, "two"), (2.01, "three"), (3, "three"), (4, "four")],
)
def test_the_default_for_a_factor_is_the_smallest_that_reaches_it(shelf, factor, name):
    listed = json.loads((shelf / "manifest.json").read_text())
    listed |= {"default": {"upscale": "four"}, "default_by_scale": {"3": "three", "2": "two"}}
    (shelf / "manifest.json").write_text(json.dumps(listed))
    assert zoo.default_upscaler(factor) == name


def test_a_manifest_without_defaults_by_scale(shelf):
    listed = json.loads((shelf / "manifest.json").read_text())
    (shelf / "manifest.json").write_text(json.dumps(listed | {"default": {"upscale": "four"}}))
    assert zoo.default_upscaler(1.5) == "four"
