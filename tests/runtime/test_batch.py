from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ganapps import Image, OutputError, UsageError, read_image, write_image
from ganapps.runtime import batch, files
from ganapps.runtime.batch import Progress, upscale_files


@pytest.fixture
def folder(tmp_path, photo) -> Path:
    """in/a.png, in/b/c.jpg and in/b/d.tif."""
    for name, size in (("a.png", 9), ("b/c.jpg", 11), ("b/d.tif", 13)):
        write_image(tmp_path / "in" / name, Image(photo(size, size)))
    return tmp_path / "in"


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_tree_is_mirrored(folder, tmp_path, double):
    before = {name: (folder / name).read_bytes() for name in tree(folder)}
    report = upscale_files([folder], tmp_path / "out", double)
    assert tree(tmp_path / "out") == ["a.png", "b/c.jpg", "b/d.tif"]
    assert [result.status for result in report.results] == ["done"] * 3
    assert report.megapixels == pytest.approx(4e-6 * (9**2 + 11**2 + 13**2))
    assert all(result.seconds > 0 and result.message == "" for result in report.results)
    for name in ("a.png", "b/d.tif"):
        expected = double(read_image(folder / name).pixels)
        np.testing.assert_array_equal(read_image(tmp_path / "out" / name).pixels, expected)
    assert {name: (folder / name).read_bytes() for name in tree(folder)} == before


def test_what_is_there_is_skipped(folder, tmp_path, double):
    out = tmp_path / "out"
    (out / "b").mkdir(parents=True)
    (out / "b" / "c.jpg").write_bytes(b"mine")
    report = upscale_files([folder], out, double)
    assert [result.status for result in report.results] == ["done", "skipped", "done"]
    assert report.results[1].message == f"{out}/b/c.jpg exists already"
    assert (out / "b" / "c.jpg").read_bytes() == b"mine"
    assert upscale_files([folder], out, double).count("skipped") == 3
    assert upscale_files([folder], out, double, overwrite=True).count("done") == 3
    assert read_image(out / "b" / "c.jpg").pixels.shape == (22, 22, 3)


def test_bad_files_do_not_stop_the_rest(folder, tmp_path, double):
    (folder / "0.png").write_bytes(b"")
    (folder / "b" / "text.png").write_text("text")
    (folder / "z.jpg").write_bytes((folder / "b" / "c.jpg").read_bytes()[:-30])
    os.symlink("nowhere.png", folder / "broken.png")
    report = upscale_files([folder], tmp_path / "out", double)
    status = {result.source.name: result.status for result in report.results}
    assert [name for name in status if status[name] == "failed"] == [
        "0.png",
        "text.png",
        "broken.png",
        "z.jpg",
    ]
    assert report.count("done") == 3
    assert report.results[0].message == f"{folder}/0.png is empty (0 bytes)"
    assert tree(tmp_path / "out") == ["a.png", "b/c.jpg", "b/d.tif"]


def test_a_name_that_cannot_be_written_fails_alone(folder, tmp_path, double):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").write_text("in the way")
    report = upscale_files([folder], tmp_path / "out", double)
    assert [result.status for result in report.results] == ["done", "failed", "failed"]
    assert report.results[1].message == f"{tmp_path}/out/b is a file where a folder is needed"


def test_a_full_disk_stops_the_run(folder, tmp_path, double, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on the device"):
        upscale_files([folder], tmp_path / "out", double)
    assert tree(tmp_path / "out") == []


def test_too_large_for_memory(folder, tmp_path, double, monkeypatch):
    def large(path: Path) -> Image:
        raise MemoryError

    monkeypatch.setattr(batch, "read_image", large)
    report = upscale_files([folder / "a.png"], tmp_path / "big.png", double)
    expected = f"{folder}/a.png is too large for the memory of this machine: cut it into parts"
    assert (report.results[0].status, report.results[0].message) == ("failed", expected)


def test_quality_is_for_the_lossy_ones(folder, tmp_path, double):
    sizes = []
    for quality in (20, 95):
        upscale_files([folder], tmp_path / str(quality), double, quality=quality)
        sizes.append((tmp_path / str(quality) / "b" / "c.jpg").stat().st_size)
    assert sizes[0] < sizes[1]
    with pytest.raises(
        UsageError, match="^quality is for avif, jpeg, webp; none of the results is one of these$"
    ):
        upscale_files([folder], tmp_path / "out", double, format="png", quality=90)
    with pytest.raises(UsageError, match="^quality must be 1 to 100, got 0$"):
        upscale_files([folder], tmp_path / "out", double, quality=0)
    assert not (tmp_path / "out").exists()


def test_progress(folder, tmp_path, double):
    (folder / "empty.png").touch()
    seen: list[Progress] = []
    upscale_files([folder], tmp_path / "out", double, on_progress=seen.append)
    assert {progress.files_total for progress in seen} == {4}
    for series in ([p.fraction for p in seen], [p.files_done for p in seen], [p.megapixels for p in seen]):
        assert series == sorted(series)
    assert (seen[-1].files_done, seen[-1].fraction) == (4, 1.0)


def test_reading_and_writing_go_on_beside_the_network(tmp_path, photo, monkeypatch):
    """Each of the three takes 50 ms a file: eight files take about 10 steps, not 24."""
    for n in range(8):
        write_image(tmp_path / "in" / f"{n}.png", Image(photo(4, 4)))
    active, most = 0, 0
    lock = threading.Lock()

    def slow(function):
        def run(*arguments: object, **options: object) -> object:
            nonlocal active, most
            with lock:
                active += 1
                most = max(most, active)
            time.sleep(0.05)
            with lock:
                active -= 1
            return function(*arguments, **options)

        return run

    class Idle:
        upscale = staticmethod(slow(lambda image, size, on_progress: image))

    monkeypatch.setattr(batch, "read_image", slow(batch.read_image))
    monkeypatch.setattr(batch, "write_image", slow(batch.write_image))
    report = upscale_files([tmp_path / "in"], tmp_path / "out", Idle())
    assert report.count("done") == 8
    assert most == 3


def test_ctrl_c_leaves_whole_files_and_the_next_run_goes_on(models, tmp_path, double, photo):
    for n in range(40):
        write_image(tmp_path / "in" / f"{n:02}.png", Image(photo(150, 150)))
    program = (
        "import sys\n"
        "from ganapps import Upscaler\n"
        "from ganapps.runtime.batch import upscale_files\n"
        "print('ready', flush=True)\n"
        "upscale_files([sys.argv[2]], sys.argv[3], Upscaler(sys.argv[1], threads=1),\n"
        "    on_progress=lambda p: p.files_done == 3 and print('three', flush=True))\n"
    )
    command = [
        sys.executable,
        "-c",
        program,
        str(models / "x2.onnx"),
        str(tmp_path / "in"),
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any(line == "three\n" for line in lines)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in error
    left = tree(tmp_path / "out")
    assert 3 <= len(left) < 40
    assert all(name.endswith(".png") for name in left)
    for name in left:
        assert read_image(tmp_path / "out" / name).pixels.shape == (300, 300, 3)
    report = upscale_files([tmp_path / "in"], tmp_path / "out", double)
    assert (report.count("skipped"), report.count("done")) == (len(left), 40 - len(left))
