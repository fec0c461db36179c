"""Options of `ganapps upscale` about many files, little memory and better results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganapps.runtime import capacity

Run = Callable[..., Any]


def hear_ctrl_c() -> None:
    """In a child: what a shell runs in the background is deaf to it, and so is all that starts from there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def doubled(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image).repeat(2, axis=0).repeat(2, axis=1)


def pixels_of(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_mean_of_eight(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    outcome = ganapps("upscale", photo, "-o", tmp_path / "large.png", "-m", doubling, "--tta")
    assert (outcome.code, outcome.err) == (0, "")
    assert np.array_equal(pixels_of(tmp_path / "large.png"), doubled(photo))
    assert "eight times the time" in " ".join(ganapps("upscale", "--help").out.split())


def test_json_lines(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    outcome = ganapps("upscale", photo, "-o", tmp_path / "large.png", "-m", doubling, "--json")
    file, summary = map(json.loads, outcome.out.splitlines())
    assert (file["source"], file["target"]) == (str(photo), str(tmp_path / "large.png"))
    assert (file["status"], file["message"]) == ("done", "")
    assert file["megapixels"] == pytest.approx(0.00014) and file["in_strips"] is False
    assert (summary["summary"], summary["done"], summary["skipped"], summary["failed"]) == (True, 1, 0, 0)
    assert set(summary["engine"]) == {"device", "precision", "software"}


def test_little_memory(
    ganapps: Run, photo: Path, tmp_path: Path, doubling: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "_MOST_WHOLE_BYTES", 0)
    command = ("upscale", photo, "-m", doubling, "--memory", "1G", "--json", "-o")
    outcome = ganapps(*command, tmp_path / "large.tif")
    assert json.loads(outcome.out.splitlines()[0])["in_strips"] is True
    assert np.array_equal(pixels_of(tmp_path / "large.tif"), doubled(photo))
    outcome = ganapps("upscale", photo, "-m", doubling, "--memory", "much", "-o", tmp_path / "x.png")
    sentence = "memory is written as a number with K, M, G or T, for example 2G, not 'much'\n"
    assert (outcome.code, outcome.err) == (2, sentence)
    outcome = ganapps("upscale", photo, "-m", doubling, "--memory", "1K", "-o", tmp_path / "x.png")
    assert (outcome.code, outcome.err) == (2, "--memory must be at least 32 MB, got '1K'\n")


def test_skipping_is_said_or_refused(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    there = tmp_path / "there.png"
    there.write_text("precious")
    outcome = ganapps("upscale", photo, "-o", there, "-m", doubling, "--skip")
    assert outcome.code == 0 and outcome.out.startswith("1 skipped, there already")
    outcome = ganapps("upscale", "-", "-o", there, "-m", doubling, "--skip")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"{there} exists already\n")
    assert there.read_text() == "precious"
    outcome = ganapps("upscale", photo, "-o", there, "--skip", "--overwrite")
    sentence = "--skip leaves what is there and --overwrite replaces it: give one of them\n"
    assert (outcome.code, outcome.err) == (2, sentence)


@pytest.mark.parametrize("option", ["--watch", "--dry-run", "--memory=1G"])
def test_what_means_nothing_for_a_stream(ganapps: Run, tmp_path: Path, option: str) -> None:
    outcome = ganapps("upscale", "-", "-o", tmp_path / "x.png", option)
    sentence = f"{option.partition('=')[0]} is about files: leave it out where an image goes through -\n"
    assert (outcome.code, outcome.err) == (2, sentence)


def test_a_file_cannot_be_watched(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    outcome = ganapps("upscale", photo, "-o", tmp_path / "out", "-m", doubling, "--watch", "--quiet")
    assert (outcome.code, outcome.err) == (2, f"only folders can be watched: {photo} is none\n")
    outcome = ganapps("upscale", tmp_path, "-o", tmp_path / "out", "--settle", "3")
    assert (outcome.code, outcome.err) == (2, "--settle is for --watch: give both, or leave it out\n")
    outcome = ganapps("upscale", tmp_path, "-o", tmp_path / "out", "--watch", "--dry-run")
    assert (outcome.code, outcome.err) == (
        2,
        "--dry-run looks once and --watch for ever: give one of them\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_a_watched_folder(photo: Path, tmp_path: Path, doubling: Path) -> None:
    """What comes is enlarged; Ctrl-C ends with a summary and exit code 0."""
    (tmp_path / "in").mkdir()
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ganapps", "upscale", str(tmp_path / "in"), "-o", str(out)]
    command += ["-m", str(doubling), "--device", "cpu", "--watch", "--settle", "0.1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "watching; Ctrl-C ends it\n"
        (tmp_path / "in" / "a.png").write_bytes(photo.read_bytes())
        deadline = time.monotonic() + 60
        while not (out / "a.png").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    assert printed.startswith("1 image enlarged to 0.00 megapixels in ")
    assert np.array_equal(pixels_of(out / "a.png"), doubled(photo))
    assert os.listdir(out) == ["a.png"]


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_odd_names_can_be_printed(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    name = os.fsdecode(b"caf\xe9\nnew.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(photo.read_bytes())
    (tmp_path / "in" / ("z" + name)).write_bytes(b"")
    command = ("upscale", tmp_path / "in", "-o", tmp_path / "out", "-m", doubling)
    plan = ganapps(*command, "--dry-run")
    assert plan.code == 0 and plan.out.count("\n") == 4
    outcome = ganapps(*command, "--json")
    assert outcome.code == 1 and outcome.err.count("\n") == 1
    files = [json.loads(line) for line in outcome.out.splitlines()][:-1]
    assert files[0]["target"] == str(tmp_path / "out" / name)
    assert os.listdir(tmp_path / "out") == [name]
