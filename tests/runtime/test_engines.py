from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganapps import DependencyError, GanappsError, ModelError, Upscaler, UsageError
from ganapps.runtime.engines import choice, devices, engine, onnxruntime_engine, probe
from ganapps.runtime.engines.damage import differs, is_suspect
from ganapps.runtime.engines.onnxruntime_engine import OnnxRuntimeEngine
from ganapps.runtime.session import Session


class Broken(engine.Engine):
    """The reference with something done to its results."""

    device, precision, software = "broken", "fp32", "a test"

    def __init__(self, reference, change):
        self.reference, self.change, self.runs = reference, change, 0

    def run(self, outputs, feeds):
        self.runs += 1
        return [self.change(result.copy()) for result in self.reference.run(outputs, feeds)]


def black(result):
    return np.zeros_like(result)


def white(result):
    return np.full_like(result, 255 if result.dtype == np.uint8 else 1)


def corner(result):
    """What clamping makes of values that are no numbers."""
    result[:, :6, :6] = 0
    return result


def nan(result):
    if result.dtype == np.uint8:
        return corner(result)
    result[:, 3, 4] = np.nan
    return result


def bright(shape=(20, 24), dtype=np.uint8, channels=3):
    noise = np.random.default_rng(0).integers(128, 256, (*shape, channels), np.uint8).astype(dtype)
    return noise * np.array(257 if dtype == np.uint16 else 1, dtype)


@pytest.fixture
def opened(models):
    """`opened(change)`: an upscaler whose engine is broken, and the notes it gives."""

    def make(change):
        notes: list[str] = []
        upscaler = Upscaler(models / "x2.onnx", device="cpu", threads=1, tile_px=16, on_note=notes.append)
        session = upscaler._session
        session.engine = Broken(session._reference, change)
        return upscaler, notes

    return make


@pytest.mark.parametrize("change", [black, white, corner, nan])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_damaged_tiles_are_computed_again_and_told_once(opened, double, change, dtype, channels):
    upscaler, notes = opened(change)
    pixels = bright(dtype=dtype, channels=channels)
    np.testing.assert_array_equal(upscaler(pixels), double(pixels))
    assert upscaler.engine.runs > 3
    reference = f"cpu in fp32 (ONNX Runtime {onnxruntime.__version__})"
    assert notes == [
        "a tile came out black or not a number on broken in fp32 (a test): it was computed again on"
        f" {reference}, as any other such tile will be"
    ]


def test_without_a_listener_it_is_a_warning(models):
    session = Session(models / "x2.onnx", threads=1)
    session.engine = Broken(session._reference, black)
    with pytest.warns(UserWarning, match="^a tile came out black or not a number on broken in fp32"):
        session.run(["upscaled"], {"image": bright()[None]})


def test_what_is_black_or_flat_by_right_is_not_told(opened, double):
    upscaler, notes = opened(lambda result: result)
    faint = np.random.default_rng(0).integers(0, 2, (20, 24, 3), np.uint8)
    flat = np.full((9, 9, 3), 200, np.uint8)
    for pixels in (faint, flat, np.zeros((9, 9, 3), np.uint8)):
        np.testing.assert_array_equal(upscaler(pixels), double(pixels))
    assert notes == []


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3, 4]))
def test_a_right_result_is_never_suspect_and_a_black_patch_always_is(seed, scale):
    image = np.random.default_rng(seed).integers(65, 256, (1, 9, 7, 3), np.uint8)
    result = image.repeat(scale, 1).repeat(scale, 2)
    assert not is_suspect(result, image)
    assert not is_suspect(result.astype(np.float32) / 255, image)
    result[:, 3 * scale : 4 * scale, 3 * scale : 4 * scale] = 0
    assert is_suspect(result, image)


def test_what_is_no_number_is_different():
    ones = np.ones((1, 2, 2, 3), np.float32)
    assert differs(ones * np.nan, ones, 0.1)
    assert not differs(ones * np.float32(0.95), ones, 0.1)
    assert not differs(np.uint8([[4]]), np.uint8([[5]]), 0.25 / 255)
    assert differs(np.uint8([[4]]), np.uint8([[6]]), 0.25 / 255)


def test_the_reference_agrees_with_itself(models):
    reference = Session(models / "x2.onnx", threads=1).engine
    agreement = probe.compare(reference, reference, scale=2, radius=3)
    assert (agreement.difference, agreement.exact, agreement.holds("fp32")) == (0, True, True)


@pytest.mark.parametrize(
    ("change", "holds", "exact"),
    [
        (lambda r: r + np.float32(0.2 / 255), True, True),
        (lambda r: r + np.float32(0.3 / 255), False, True),
        (lambda r: r * np.nan, False, False),
        (lambda r: r[:, :-1], False, False),
        (lambda r: r + np.float32(1e-4) * r.mean(), True, False),
    ],
)
def test_the_probe_sees_what_is_wrong(models, change, holds, exact):
    reference = Session(models / "x2.onnx", threads=1).engine
    agreement = probe.compare(Broken(reference, change), reference, scale=2, radius=3)
    assert (agreement.holds("fp32"), agreement.exact) == (holds, exact)


def open_with(monkeypatch, models, change, **options):
    """A session for which a broken engine stands behind every device but the CPU."""
    notes: list[str] = []

    def fake(model, name, kind, unit, precision, threads):
        if isinstance(change, Exception):
            raise change
        return Broken(OnnxRuntimeEngine(model, name, threads=threads), change)

    monkeypatch.setattr(choice, "_open", fake)
    monkeypatch.setattr(choice, "present_devices", lambda: ("cpu", "openvino", "cuda"))
    monkeypatch.setattr(choice, "has_wide_vectors", lambda: True)
    return Session(models / "x2.onnx", threads=1, on_note=notes.append, **options), notes


def test_what_computes_the_same_is_chosen_by_itself(monkeypatch, models):
    session, notes = open_with(monkeypatch, models, lambda r: r, device="auto")
    assert (session.engine.device, notes) == ("broken", [])


def test_where_nothing_is_gained_nothing_is_tried(monkeypatch, models):
    monkeypatch.setattr(choice, "present_devices", lambda: ("cpu", "openvino"))
    monkeypatch.setattr(choice, "has_wide_vectors", lambda: False)
    monkeypatch.setattr(choice, "_open", lambda *_: pytest.fail("opened"))
    assert Session(models / "x2.onnx", device="auto").engine.device == "cpu"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (black, "it gives tiny-upscale other values than the CPU"),
        (lambda r: r + np.float32(1e-4) * r.mean(), "it gives tiny-upscale other bits in tiles than the CPU"),
        (DependencyError("cuda cannot be used: no driver"), "cuda cannot be used: no driver"),
    ],
)
def test_what_does_not_is_left_alone_and_told(monkeypatch, models, change, reason):
    session, notes = open_with(monkeypatch, models, change, device="auto")
    assert session.engine is session._reference
    assert [note.partition(", because ")[0] for note in notes] == [
        "going on without cuda",
        "going on without openvino",
    ]
    assert {note.partition(", because ")[2] for note in notes} == {reason}


def test_what_is_asked_for_and_computes_something_else_is_an_error(monkeypatch, models):
    with pytest.raises(ModelError) as caught:
        open_with(monkeypatch, models, lambda r: r + np.float32(0.5), device="cuda")
    assert str(caught.value) == (
        "broken in fp32 (a test) computes something else from tiny-upscale than the CPU does, by 127.5 of 255"
        " grey levels: ask for --device cpu"
    )


def test_what_is_asked_for_and_not_exact_is_told(monkeypatch, models):
    session, notes = open_with(monkeypatch, models, lambda r: r + np.float32(1e-4) * r.mean(), device="cuda")
    assert session.engine.device == "broken"
    assert notes == [
        "broken in fp32 (a test) does not give tiles the bits of the whole: with other tiles, values may"
        " differ"
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"device": "gpu"},
            "device must be auto, cpu, openvino, cuda, tensorrt, directml, coreml, or one of several as in"
            " cuda:1, got 'gpu'",
        ),
        (
            {"device": "cpu:1"},
            "device must be auto, cpu, openvino, cuda, tensorrt, directml, coreml, or one of several as in"
            " cuda:1, got 'cpu:1'",
        ),
        ({"precision": "fp8"}, "precision must be auto, fp32, bf16, fp16, int8, got 'fp8'"),
        (
            {"device": "cpu", "precision": "bf16"},
            "cpu computes in fp32, not in bf16; what may do: openvino, tensorrt",
        ),
        (
            {"device": "auto", "precision": "fp16"},
            "nothing here computes in fp16: openvino does on processors that have it, and tensorrt; leave"
            " --precision out for fp32",
        ),
        (
            {"precision": "int8"},
            "tiny-upscale holds no int8 weights: give a file that does, or leave --precision out",
        ),
    ],
)
def test_what_cannot_be_asked_for(monkeypatch, models, options, sentence):
    monkeypatch.setattr(choice, "present_devices", lambda: ("cpu",))
    with pytest.raises(UsageError) as caught:
        Session(models / "x2.onnx", threads=1, **options)
    assert str(caught.value) == sentence


def test_a_device_that_is_not_there_is_an_error(monkeypatch, models):
    monkeypatch.setattr(devices.ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    version = onnxruntime.__version__
    for device, brings in {
        "cuda": "install onnxruntime-gpu in place of onnxruntime",
        "openvino": "pip install 'ganapps[openvino]'",
    }.items():
        with pytest.raises(DependencyError) as caught:
            Upscaler(models / "x2.onnx", device=device)
        assert str(caught.value) == (
            f"{device} is not there: ONNX Runtime {version} and what else is installed here offer cpu;"
            f" for {device}, {brings}"
        )


def test_a_device_that_onnx_runtime_passes_over_is_an_error(monkeypatch, models):
    """This build has no CUDA: with the check of the build out of the way, ONNX Runtime takes the CPU."""
    monkeypatch.setattr(onnxruntime_engine, "check_present", lambda device: None)
    monkeypatch.setattr(onnxruntime_engine, "_providers", lambda *_: ["CPUExecutionProvider"], raising=True)
    with pytest.raises(DependencyError, match="^cuda:1 cannot be used: ONNX Runtime is built for it, but"):
        Session(models / "x2.onnx", device="cuda:1")


@given(st.text(max_size=12))
def test_a_device_is_read_or_refused_in_a_sentence(text):
    try:
        device, unit = devices.parse_device(text)
    except GanappsError as error:
        assert str(error).startswith("device must be auto, ")
    else:
        assert device is devices.DEVICES[text.lower().split(":")[0]]
        assert text.lower() in (device.name, f"{device.name}:{unit}")


def test_int8_is_read_from_the_file():
    assert engine.is_int8(b"...\x22\x0eQuantizeLinear...")
    assert not engine.is_int8(b"...\x22\x04Conv...")


def test_engines_import_nothing_above_them_and_openvino_only_when_it_is_asked_for():
    allowed = {"__future__", "cv2", "numpy", "onnxruntime"} | sys.stdlib_module_names
    for path in Path(engine.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                late = {"openvino"} if node not in tree.body else set()
                assert {name.name.split(".")[0] for name in node.names} <= allowed | late, path
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] in allowed, path
            elif isinstance(node, ast.ImportFrom) and node.level > 1:
                assert (node.level, node.module) == (3, "errors"), path


def test_nothing_is_written_to_the_users_folder(tmp_path):
    """ONNX Runtime would leave the number that its telemetry knows a machine by."""
    environment = {k: v for k, v in os.environ.items() if k not in ("ORT_DISABLE_TELEMETRY", "CI")}
    program = "from ganapps import Upscaler; Upscaler()"
    subprocess.run([sys.executable, "-c", program], env=environment | {"HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []
