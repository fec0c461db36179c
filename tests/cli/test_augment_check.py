"""What `ganapps augment` says of a set, and when it refuses one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_a_check_prints_a_table_and_writes_nothing(ganapps: Run, labelled: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    outcome = ganapps("augment", labelled, "--check")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    columns = "class images smallest median largest colour copies near-copies damaged"
    assert " ".join(lines[0].split()) == columns
    assert " ".join(lines[2].split()) == "circle 5 16 x 16 16 x 16 16 x 16 grey 0 0 0"
    assert lines[-3] == "10 images of 2 classes, one size, worked on as 16 x 16 px grey"
    assert lines[-2].startswith("expect: the smallest class has 5 images: with fewer than 20 to 50 a class")
    assert lines[-1].startswith("plan: train a generator of 16 x 16 px grey images for 15 min on this")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_can_be_read_by_a_program(ganapps: Run, labelled: Path) -> None:
    shutil.copy(labelled / "circle" / "0.png", labelled / "line 2" / "[0].png")
    outcome = ganapps("augment", labelled, "--check", "--json", "--per-class", "8", "--minutes", "3")
    assert (outcome.code, outcome.err) == (0, "")
    result = json.loads(outcome.out)
    assert [(entry["name"], entry["images"]) for entry in result["classes"]] == [("circle", 5), ("line 2", 6)]
    assert result["suspicious"][0]["second"] == str(labelled / "line 2" / "[0].png")
    assert (result["plan"]["wanted"], result["plan"]["minutes"], result["refused"]) == (5, 3, None)


def test_a_damaged_file_is_refused_before_anything_is_written(
    ganapps: Run, labelled: Path, tmp_path: Path, drawing: Path
) -> None:
    (labelled / "circle" / "2.png").write_text("no image")
    checked = ganapps("augment", labelled, "--check")
    ran = ganapps("augment", labelled, "-o", tmp_path / "larger", "-m", drawing)
    assert checked.code == ran.code == 1
    assert "circle" in checked.out
    assert ran.out == ""
    assert checked.err == ran.err
    assert ran.err.startswith(f"1 image of {labelled} cannot be read, the first: {labelled}/circle/2.png")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "larger").exists()


def test_a_test_set_that_overlaps_stops_a_run(
    ganapps: Run, labelled: Path, tmp_path: Path, drawing: Path
) -> None:
    shutil.copytree(labelled / "circle", tmp_path / "test" / "circle")
    for number in range(4):
        (tmp_path / "test" / "circle" / f"{number}.png").unlink()
    arguments = ("-o", tmp_path / "larger", "-m", drawing, "--test", tmp_path / "test")
    outcome = ganapps("augment", labelled, *arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"1 of 1 images of {tmp_path / 'test'} are in {labelled} as well, one is ")


def test_a_run_says_what_it_found_first(ganapps: Run, labelled: Path, tmp_path: Path, drawing: Path) -> None:
    outcome = ganapps("augment", labelled, "-o", tmp_path / "larger", "-m", drawing)
    assert outcome.out.startswith("10 images of 2 classes, one size, worked on as 16 x 16 px grey\nexpect: ")
    assert f"\nplan: take the generator {drawing}, draw at most 100 images" in outcome.out
    told = json.loads(ganapps("augment", labelled, "-o", tmp_path / "b", "-m", drawing, "--json").out)
    assert told["check"]["classes"][0]["images"] == 5
    quiet = ganapps("augment", labelled, "-o", tmp_path / "c", "-m", drawing, "--quiet")
    assert quiet.out.count("\n") == 1


def test_the_output_is_required_unless_only_a_check_is_asked_for(ganapps: Run, labelled: Path) -> None:
    outcome = ganapps("augment", labelled)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "ganapps augment: the following arguments are required: -o/--output (or --check); see ganapps augment"
        " --help\n"
    )
    outcome = ganapps("augment", labelled, "--check", "-o", "larger")
    assert (outcome.code, outcome.err) == (2, "--check writes nothing: leave out -o or --check\n")


def test_an_output_inside_the_set_is_refused(ganapps: Run, labelled: Path, drawing: Path) -> None:
    outcome = ganapps("augment", labelled, "-o", labelled / "larger", "-m", drawing)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"the output {labelled / 'larger'} lies inside the input {labelled}; give a folder outside of it\n"
    )
