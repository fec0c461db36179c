"""`ganapps doctor` and `ganapps benchmark`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganapps.cli import findings
from ganapps.cli.findings import Finding

Run = Callable[..., Any]


def with_opencv(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str], loaded: str) -> Finding:
    """What the doctor says of these distributions of OpenCV."""
    monkeypatch.setattr(findings, "installed", versions.get)
    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(__version__=loaded))
    (finding,) = findings._opencv()
    return finding


def test_one_opencv_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = with_opencv(monkeypatch, {"opencv-python": "5.0.0.93"}, "5.0.0")
    assert finding == Finding("OpenCV", "opencv-python 5.0.0.93")


def test_two_opencvs_of_one_version_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"opencv-python": "5.0.0.93", "opencv-python-headless": "5.0.0.93"}
    assert with_opencv(monkeypatch, versions, "5.0.0").state == "ok"


def test_two_versions_of_opencv_are_a_fault_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"opencv-python": "4.13.0.90", "opencv-python-headless": "5.0.0.93"}
    finding = with_opencv(monkeypatch, versions, "5.0.0")
    assert finding.state == "fault"
    assert finding.value == (
        "opencv-python 4.13.0.90, opencv-python-headless 5.0.0.93; cv2 is 5.0.0: versions are mixed"
    )
    assert finding.advice == (
        "pip install --force-reinstall --no-deps opencv-python==5.0.0.93 opencv-python-headless==5.0.0.93"
    )


def test_an_emptied_opencv_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "installed", {"opencv-python": "5.0.0.93"}.get)
    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace())
    (finding,) = findings._opencv()
    assert finding.state == "fault"
    assert finding.advice == "pip install --force-reinstall --no-deps opencv-python==5.0.0.93"


def test_the_doctor_reports_and_fails_on_a_fault(ganapps: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("Python", "3.11"), Finding("PyTorch", "not installed", "-")]
    monkeypatch.setattr(findings, "examine", lambda: found)
    well = ganapps("doctor")
    assert (well.code, well.err) == (0, "all is well\n")
    assert [line.split() for line in well.out.splitlines()[2:]] == [
        ["ok", "Python", "3.11"],
        ["-", "PyTorch", "not", "installed"],
    ]
    found.append(Finding("model a", "a.onnx is missing or damaged", "fault", "pip install ganapps"))
    ill = ganapps("doctor")
    assert (ill.code, ill.err) == (1, "model a: pip install ganapps\n1 to mend\n")
    answer = ganapps("doctor", "--json")
    assert answer.code == 1
    assert json.loads(answer.out)["ok"] is False
    assert json.loads(answer.out)["findings"][0] == {
        "name": "Python",
        "value": "3.11",
        "state": "ok",
        "advice": "",
    }


def test_the_doctor_looks_at_all_that_matters(ganapps: Run) -> None:
    answer = json.loads(ganapps("doctor", "--json").out)
    names = {finding["name"] for finding in answer["findings"]}
    assert {"ganapps", "Python", "threads", "OpenCV", "ONNX Runtime providers", "PyTorch"} <= names
    assert {"model photo-x4", "model fidelity-x4"} <= names
    assert answer["ok"], [finding for finding in answer["findings"] if finding["state"] == "fault"]


def test_benchmark_upscale(ganapps: Run, tmp_path: Path, doubling: Path) -> None:
    folder = tmp_path / "Flat"
    folder.mkdir()
    Image.fromarray(np.full((64, 80, 3), 90, np.uint8)).save(folder / "grey.png")
    command = ("benchmark", "upscale", folder, "--model", doubling, "--no-perceptual")
    outcome = ganapps(*command)
    assert (outcome.code, outcome.err) == (0, "")
    heading, _, bicubic, ours = outcome.out.splitlines()
    assert heading.split()[:2] == ["folder", "model"]
    assert bicubic.split()[:3] == ["Flat", "bicubic", "x2"]
    assert ours.split()[:3] == ["Flat", str(doubling), "x2"]
    rows = json.loads(ganapps(*command, "--json").out)["rows"]
    assert [row["model"] for row in rows] == ["bicubic", str(doubling)]
    assert rows[1]["psnr_y"] is None, "infinite, which JSON cannot say"


def test_benchmark_of_an_empty_folder_is_one_sentence(ganapps: Run, tmp_path: Path, doubling: Path) -> None:
    outcome = ganapps("benchmark", "upscale", tmp_path, "--model", doubling)
    assert outcome.code == 1
    assert outcome.err.startswith(f"{tmp_path} has no pictures")
    assert outcome.err.count("\n") == 1


def test_benchmark_startup(ganapps: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from ganapps.cli import startup

    monkeypatch.setattr(
        startup, "_CASES", (("nothing", ("-c", "pass")), ("sleep", ("-c", "import time; time.sleep(.3)")))
    )
    outcome = ganapps("benchmark", "startup", "--repeats", "2", "--json")
    assert outcome.code == 0
    nothing, sleep = json.loads(outcome.out)
    assert (nothing["name"], nothing["repeats"]) == ("nothing", 2)
    assert nothing["best"] <= nothing["median"]
    assert sleep["best"] >= 0.3
    assert ganapps("benchmark", "startup", "--repeats", "1").out.splitlines()[2].split()[0] == "nothing"


def test_every_start_up_case_runs() -> None:
    from ganapps.cli import startup

    for name, arguments in startup._CASES:
        assert startup._time(name, arguments) > 0


def test_a_start_up_case_that_fails_is_one_sentence(ganapps: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from ganapps.cli import startup

    monkeypatch.setattr(startup, "_CASES", (("dividing", ("-c", "1 / 0")),))
    outcome = ganapps("benchmark", "startup")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "dividing fails (ZeroDivisionError: division by zero): see ganapps doctor\n"
