"""`ganapps upscale --device`: what computed is told, and what is not there is an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
from PIL import Image

Run = Callable[..., Any]
WANTED = pytest.mark.skipif(find_spec("openvino") is None, reason="an extra that is not installed")


@pytest.mark.parametrize("device", ["cpu", pytest.param("openvino", marks=WANTED)])
def test_the_engine_is_told(ganapps: Run, photo: Path, doubling: Path, tmp_path: Path, device: str) -> None:
    options = ("--model", doubling, "--device", device)
    outcome = ganapps("upscale", photo, "-o", tmp_path / "a.png", *options)
    assert outcome.code == 0
    software = f"ONNX Runtime {onnxruntime.__version__}" if device == "cpu" else "OpenVINO "
    assert f" on {device} in fp32 ({software}" in outcome.out
    outcome = ganapps("upscale", photo, "-o", tmp_path / "b.png", *options, "--json")
    engine = json.loads(outcome.out.splitlines()[-1])["engine"]
    assert (engine["device"], engine["precision"]) == (device, "fp32")
    assert engine["software"].startswith(software)


def test_the_engine_of_a_stream_is_told_beside_it(
    ganapps: Run, photo: Path, doubling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", open(photo))  # noqa: SIM115
    outcome = ganapps("upscale", "-", "-o", tmp_path / "a.png", "--model", doubling, "--device", "cpu")
    assert (outcome.code, outcome.out) == (0, "")
    assert f"enlarged on cpu in fp32 (ONNX Runtime {onnxruntime.__version__})\n" in outcome.err
    assert Image.open(tmp_path / "a.png").size == (14, 10)


def test_a_gpu_that_is_not_there_is_an_error_and_not_the_cpu(
    ganapps: Run, photo: Path, doubling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganapps.runtime.engines import devices

    monkeypatch.setattr(devices.ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    target = tmp_path / "a.png"
    outcome = ganapps("upscale", photo, "-o", target, "--model", doubling, "--device", "cuda")
    assert (outcome.code, outcome.out) == (1, "")
    here = f"ONNX Runtime {onnxruntime.__version__} and what else is installed here offer cpu"
    assert outcome.err == (
        f"cuda is not there: {here}; for cuda, install onnxruntime-gpu in place of onnxruntime\n"
    )
    assert not target.exists()


def test_a_precision_that_is_not_there(ganapps: Run, photo: Path, doubling: Path, tmp_path: Path) -> None:
    options = ("--model", doubling, "--device", "cpu", "--precision", "bf16")
    outcome = ganapps("upscale", photo, "-o", tmp_path / "a.png", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "cpu computes in fp32, not in bf16; what may do: openvino, tensorrt\n"
