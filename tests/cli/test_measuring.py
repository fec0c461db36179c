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
    assert {"ganapps", "Python", "threads", "OpenCV", "devices", "openvino", "PyTorch"} <= names
    assert {"model photo-x4", "model fidelity-x4"} <= names
    assert answer["ok"], [finding for finding in answer["findings"] if finding["state"] == "fault"]


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """A folder with one grey picture."""
    folder = tmp_path / "Flat"
    folder.mkdir()
    Image.fromarray(np.full((64, 80, 3), 90, np.uint8)).save(folder / "grey.png")
    return folder


def test_benchmark_upscale(ganapps: Run, flat: Path, doubling: Path) -> None:
    command = ("benchmark", "upscale", flat, "--model", doubling, "--no-perceptual")
    outcome = ganapps(*command)
    assert (outcome.code, outcome.err) == (0, "")
    heading, _, bicubic, ours = outcome.out.splitlines()
    assert heading.split()[:2] == ["folder", "model"]
    assert bicubic.split()[:3] == ["Flat", "bicubic", "x2"]
    assert ours.split()[:3] == ["Flat", str(doubling), "x2"]
    found = json.loads(ganapps(*command, "--json").out)
    assert [row["model"] for row in found["rows"]] == ["bicubic", str(doubling)]
    assert found["rows"][1]["psnr_y"] is None, "infinite, which JSON cannot say"
    assert (found["rows"][1]["gmac_per_megapixel"], found["rows"][1]["colour_shift"]) == (0, 0)
    assert [(score["picture"], score["model"]) for score in found["pictures"]] == [
        ("grey.png", "bicubic"),
        ("grey.png", str(doubling)),
    ]
    assert (found["degradation"], found["seed"], found["notes"]) == ("clean", 0, [])


def test_benchmark_upscale_writes_a_page(ganapps: Run, flat: Path, doubling: Path, tmp_path: Path) -> None:
    page = tmp_path / "out" / "page.html"
    command = ("benchmark", "upscale", flat, "--model", doubling, "--no-perceptual", "--html", page)
    outcome = ganapps(*command, "--degrade", "strong", "--seed", "3")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (0, f"{page} shows the images")
    text = page.read_text()
    assert "profile “strong”, seed 3" in text
    assert text.count("<section class='exhibit'>") == 1 and text.count("data:image/webp;base64,") == 8
    page.unlink()
    page.mkdir()
    outcome = ganapps(*command)
    assert (outcome.code, outcome.err) == (1, f"{page} is a folder: give the name of a file to write\n")
    assert len(outcome.out.splitlines()) == 4, "what was measured is not lost"


def test_a_seed_of_nothing_is_refused(ganapps: Run, flat: Path) -> None:
    outcome = ganapps("benchmark", "upscale", flat, "--seed", "1")
    assert outcome.code == 2
    assert outcome.err == "--seed is for --degrade mild and strong: clean leaves nothing to chance\n"


def test_every_degradation_can_be_asked_for() -> None:
    from ganapps.cli.main import build_parser
    from ganapps.upscale.degradations import PROFILES

    for profile in PROFILES:
        line = ["benchmark", "upscale", "photos", "--degrade", profile.name]
        assert build_parser().parse_args(line).degrade == profile.name


@pytest.mark.parametrize(
    ("room", "blocks"),
    [
        (None, [(0, 1, 2, 3, 4, 5)]),
        (40, [(0, 1, 2, 3, 4, 5)]),
        (36, [(0, 1, 2, 3, 4), (0, 1, 2, 5)]),
        (20, [(0, 1, 2, 3), (0, 1, 2, 4), (0, 1, 2, 5)]),
        (1, [(0, 1, 2, 3), (0, 1, 2, 4), (0, 1, 2, 5)]),
    ],
)
def test_a_table_too_wide_for_the_terminal_is_cut(room: int | None, blocks: list[tuple[int, ...]]) -> None:
    from ganapps.cli.benchmark_upscale import _blocks

    # Widths 5, 4, 3, 5, 5, 3 and five gaps of 3 make 40.
    rows = [("folde", "mode", "sca", "1.000", "2.000", "3.0")]
    assert list(_blocks(("f", "m", "s", "A", "B", "C"), rows, room)) == blocks


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
