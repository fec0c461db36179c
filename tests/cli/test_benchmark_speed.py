"""`ganapps benchmark speed`: its two tables on a model that does almost nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganapps.upscale.speed import bout, contenders, whole

Run = Callable[..., Any]


@pytest.fixture
def only_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(models: list[str]) -> tuple[list[contenders.Contender], list[str]]:
        return [contenders.Contender("cpu", model) for model in models], ["a note"]

    monkeypatch.setattr(bout, "list_contenders", few)
    monkeypatch.setattr(whole, "_RESULT_MEGAPIXELS", 0.01)


@pytest.mark.usefixtures("only_cpu")
def test_both_tables(ganapps: Run, doubling: Path) -> None:
    options = ("--model", doubling, "--side", "16", "--repeats", "1", "--threads", "1")
    outcome = ganapps("benchmark", "speed", *options, "--json")
    assert outcome.code == 0
    printed = json.loads(outcome.out)
    (row,) = printed["networks"]["rows"]
    assert (row["engine"], row["ratio"], row["turns"]) == ("cpu", 1, 1)
    assert row["megapixels_a_second"] > 0
    assert printed["networks"]["notes"][0] == "a note"
    commands = printed["commands"]
    assert [folder["format"] for folder in commands["folders"]] == ["jpg", "png"]
    assert commands["cold"]["seconds"] > commands["cold"]["network_seconds"] > 0
    assert commands["engine"].startswith("cpu in fp32 (ONNX Runtime ")


@pytest.mark.usefixtures("only_cpu")
def test_the_table_of_networks(ganapps: Run, doubling: Path) -> None:
    options = ("--model", doubling, "--side", "16", "--repeats", "1", "--threads", "1", "--only", "networks")
    outcome = ganapps("benchmark", "speed", *options)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0].split()[:5] == ["engine", "model", "precision", "MP/s", "ratio"]
    assert lines[2].split()[0] == "cpu"
    assert lines[3].startswith("matrix product in fp32: ")
    assert len(lines) == 4
    assert "a note\n" in outcome.err


def test_a_folder_and_a_side_exclude_each_other(ganapps: Run, tmp_path: Path) -> None:
    outcome = ganapps("benchmark", "speed", "--images", tmp_path, "--side", "64")
    assert (outcome.code, outcome.out) == (2, "")
    assert "not allowed with argument" in outcome.err


def test_a_folder_without_pictures(ganapps: Run, tmp_path: Path) -> None:
    outcome = ganapps("benchmark", "speed", "--images", tmp_path)
    assert outcome.code == 1
    assert outcome.err.startswith(f"{tmp_path} has no pictures; accepted: ")
