"""Which files are done and where they go; no picture is opened, so empty files do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ganapps import DataError, UsageError
from ganapps.runtime.worklist import plan_jobs


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def plan(inputs: list[str], output: str, format: str | None = None) -> dict[str, str]:
    return {str(job.source): str(job.target) for job in plan_jobs(inputs, output, format)}


def refusal(inputs: list[str], output: str, format: str | None = None) -> str:
    with pytest.raises((UsageError, DataError)) as caught:
        plan_jobs(inputs, output, format)
    return str(caught.value)


def test_one_folder_is_mirrored(here):
    touch(
        "in/a.png",
        "in/sub dir/b.JPG",
        "in/sub dir/deep/c.tiff",
        "in/notes.txt",
        "in/.hidden.png",
        "in/.git/d.png",
    )
    assert plan(["in"], "out") == {
        "in/a.png": "out/a.png",
        "in/sub dir/b.JPG": "out/sub dir/b.JPG",
        "in/sub dir/deep/c.tiff": "out/sub dir/deep/c.tiff",
    }


def test_several_folders_keep_their_names(here):
    touch("x/1.png", "y/1.png", "1.png")
    expected = {"x/1.png": "out/x/1.png", "y/1.png": "out/y/1.png", "1.png": "out/1.png"}
    assert plan(["x", "y/", "1.png"], "out") == expected


def test_one_file_to_a_file_or_a_folder(here):
    touch("a.png")
    Path("folder.png").mkdir()
    assert plan(["a.png"], "big.jpg") == {"a.png": "big.jpg"}
    assert plan(["a.png"], "out") == {"a.png": "out/a.png"}
    assert plan(["a.png"], "v1.2") == {"a.png": "v1.2/a.png"}
    assert plan(["a.png"], "folder.png") == {"a.png": "folder.png/a.png"}


def test_formats(here):
    touch("in/a.PNG", "in/b.jpeg", "in/c.gif", "photo.v2")
    assert list(plan(["in"], "out").values()) == ["out/a.PNG", "out/b.jpeg", "out/c.png"]
    assert list(plan(["in"], "out", "jpg").values()) == ["out/a.jpg", "out/b.jpeg", "out/c.jpg"]
    assert plan(["photo.v2"], "out") == {"photo.v2": "out/photo.v2.png"}


def test_names_that_would_meet_are_kept_apart(here):
    touch("in/a.png", "in/a.jpg", "in/a.gif", "in/b.jpg", "in/b.jpeg", "in/c.jpg")
    assert plan(["in"], "out", "png") == {
        "in/a.gif": "out/a.gif.png",
        "in/a.jpg": "out/a.jpg.png",
        "in/a.png": "out/a.png",
        "in/b.jpeg": "out/b.jpeg.png",
        "in/b.jpg": "out/b.jpg.png",
        "in/c.jpg": "out/c.png",
    }


def test_names_that_cannot_be_kept_apart_are_refused(here):
    touch("in/a.png", "in/a.jpg", "in/a.jpg.png")
    assert refusal(["in"], "out", "png") == (
        "in/a.jpg and in/a.jpg.png would both be written to out/a.jpg.png: enlarge them into separate folders"
    )
    touch("x/1.png", "y/1.png")
    assert refusal(["x/1.png", "y/1.png"], "out").startswith(
        "x/1.png and y/1.png would both be written to out/1.png"
    )


def test_a_file_given_twice_is_done_once(here):
    touch("a.png")
    assert plan(["a.png", "./a.png"], "out") == {"a.png": "out/a.png"}


def test_links_to_folders_are_followed_and_loops_end(here):
    touch("in/a.png", "elsewhere/b.png")
    os.symlink("../elsewhere", "in/link")
    os.symlink("../elsewhere", "in/other link")
    os.symlink("..", "in/parent")
    os.symlink(".", "in/self")
    found = plan(["in"], "out")
    assert {"in/a.png", "in/link/b.png", "in/other link/b.png"} <= set(found)
    assert len(found) < 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_folder_is_passed_over_and_a_dangling_link_is_not(here):
    """Reading a pipe that nobody writes to would wait for ever; a dangling link is to be reported."""
    touch("in/a.png")
    os.mkfifo("in/b.png")
    os.symlink("nowhere", "in/c.png")
    assert plan(["in"], "out") == {"in/a.png": "out/a.png", "in/c.png": "out/c.png"}


def test_names_of_odd_bytes(here):
    touch("in/caf\udce9\n.png")
    assert plan(["in"], "out") == {"in/caf\udce9\n.png": "out/caf\udce9\n.png"}


def test_the_folder_here(here):
    touch("a.png")
    assert refusal(["."], "out").startswith("the output folder out lies inside the input folder .: ")
    assert plan(["."], "../elsewhere") == {"a.png": "../elsewhere/a.png"}


@pytest.mark.parametrize("output", ["in", "in/", "in/out", "link/out", "in/../in/x/y"])
def test_an_output_inside_the_input(here, output):
    touch("in/a.png")
    os.symlink("in", "link")
    assert refusal(["in"], output) == (
        f"the output folder {Path(output)} lies inside the input folder in: give a folder outside it"
    )


def test_an_input_as_output(here):
    touch("a.png", "other.png")
    os.symlink("a.png", "link.png")
    expected = " would overwrite an input: give another name or folder for it"
    for output in ("a.png", "link.png"):
        assert refusal(["a.png"], output) == output + expected
    assert refusal(["a.png", "other.png"], ".") == "a.png" + expected


def test_refusals(here):
    touch("a.png", "b.png", "empty/notes.txt", "file")
    assert refusal([], "out") == "there is nothing to enlarge: give at least one image or folder"
    assert refusal(["none.png"], "out") == "none.png does not exist: give images or folders"
    assert refusal(["empty"], "out").startswith(
        "there are no images in empty: accepted are .avif, .bmp, .gif, "
    )
    several = "several inputs needs a folder to write to"
    assert refusal(["a.png", "b.png"], "c.png") == f"c.png is the name of a file: {several}"
    assert refusal(["a.png", "b.png"], "file") == f"file is the name of a file: {several}"
    assert (
        refusal(["empty"], "c.png")
        == "c.png is the name of a file: the folder empty needs a folder to write to"
    )
    assert refusal(["a.png"], "c.png", "jpeg").startswith("c.png would be written as png, but the format ")
    assert refusal(["a.png"], "c.gif").startswith("images are written as .png, ")
    assert refusal(["a.png"], "out", "gif").startswith("images are written as .png, ")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may list every folder")
def test_a_folder_that_cannot_be_listed(here):
    touch("in/closed/a.png")
    os.chmod("in/closed", 0)
    try:
        assert refusal(["in"], "out") == "the folder in/closed cannot be listed: permission denied"
    finally:
        os.chmod("in/closed", 0o755)
