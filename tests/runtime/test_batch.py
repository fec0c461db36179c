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
from ganapps.runtime import claims, files, pipeline
from ganapps.runtime.bands import Outlook
from ganapps.runtime.batch import FileResult, Progress, upscale_files


def hear_ctrl_c() -> None:
    """In a child: what a shell runs in the background is deaf to it, and so is all that starts from there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
    def large(path: Path, **limits: int) -> Image:
        raise MemoryError

    monkeypatch.setattr(pipeline, "read_image", large)
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
        outlook = staticmethod(lambda width, height, size: Outlook(width, height, 1, 1))

    monkeypatch.setattr(pipeline, "read_image", slow(pipeline.read_image))
    monkeypatch.setattr(pipeline, "encode_image", slow(pipeline.encode_image))
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
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    )
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


@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_a_kill_leaves_whole_files_and_the_next_run_goes_on(models, tmp_path, double, photo):
    """Killed while the third file is being written: its part is taken over and gone in the end."""
    for n in range(5):
        write_image(tmp_path / "in" / f"{n}.png", Image(photo(9, 9)))
    program = (
        "import os, signal, sys\n"
        "from ganapps import Upscaler\n"
        "from ganapps.runtime import claims\n"
        "from ganapps.runtime.batch import upscale_files\n"
        "rename = os.replace\n"
        "def replace(part, whole):\n"
        "    if whole.name == '2.png':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    rename(part, whole)\n"
        "claims.os.replace = replace\n"
        "upscale_files([sys.argv[2]], sys.argv[3], Upscaler(sys.argv[1], threads=1))\n"
    )
    command = [sys.executable, "-c", program, str(models / "x2.onnx")]
    killed = subprocess.run([*command, str(tmp_path / "in"), str(tmp_path / "out")], timeout=60)
    assert killed.returncode == -signal.SIGKILL
    left = tree(tmp_path / "out")
    whole = [name for name in left if not name.startswith(".ganapps-")]
    assert whole == ["0.png", "1.png"] and len(left) > len(whole)
    report = upscale_files([tmp_path / "in"], tmp_path / "out", double)
    assert (report.count("skipped"), report.count("done")) == (2, 3)
    assert tree(tmp_path / "out") == [f"{n}.png" for n in range(5)]


def test_what_another_process_is_at_is_left_to_it(folder, tmp_path, double):
    with claims.claim(tmp_path / "out" / "a.png"):
        report = upscale_files([folder], tmp_path / "out", double, overwrite=True)
    assert [result.status for result in report.results] == ["skipped", "done", "done"]
    first = report.results[0]
    assert (first.busy, first.message) == (True, f"{tmp_path}/out/a.png is being made by another process")
    assert tree(tmp_path / "out") == ["b/c.jpg", "b/d.tif"]


def test_two_at_once_make_each_file_once(tmp_path, double, photo):
    for n in range(12):
        write_image(tmp_path / "in" / f"{n}.png", Image(photo(30, 30)))
    reports = []

    def work() -> None:
        reports.append(upscale_files([tmp_path / "in"], tmp_path / "out", double))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.count("done") for report in reports) == 12
    assert sum(report.count("failed") for report in reports) == 0
    assert len(tree(tmp_path / "out")) == 12


def test_a_result_older_than_its_source_is_named(folder, tmp_path, double):
    upscale_files([folder / "a.png"], tmp_path / "large.png", double)
    os.utime(tmp_path / "large.png", (1, 1))
    report = upscale_files([folder / "a.png"], tmp_path / "large.png", double)
    assert report.results[0].message == (
        f"{tmp_path}/large.png exists already, older than {folder}/a.png: --overwrite makes it again"
    )


def test_results_are_told_as_they_come(folder, tmp_path, double):
    (folder / "empty.png").touch()
    seen: list[FileResult] = []
    report = upscale_files([folder], tmp_path / "out", double, on_result=seen.append)
    assert sorted(seen, key=lambda result: result.source.name) == sorted(
        report.results, key=lambda result: result.source.name
    )


def test_speed_and_time_left(folder, tmp_path, double):
    seen: list[Progress] = []
    upscale_files([folder], tmp_path / "out", double, on_progress=seen.append)
    assert seen[-1].rate == pytest.approx(seen[-1].megapixels / seen[-1].seconds)
    assert seen[-1].seconds_left == 0
    assert Progress(1, 4, 2.0, 0.25, 10.0).seconds_left == 30
    assert Progress(0, 4, 0.0, 0.0, 10.0).seconds_left is None


def test_large_files_weigh_more(tmp_path, double, photo):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    write_image(tmp_path / "in" / "a.png", Image(photo(2, 2)))
    write_image(tmp_path / "in" / "b.png", Image(noise))
    seen: list[Progress] = []
    upscale_files([tmp_path / "in"], tmp_path / "out", double, on_progress=seen.append)
    # One of two files is computed, and it was the small one.
    assert 0 < seen[0].fraction < 0.1


def test_a_read_only_place_is_one_sentence_before_any_work(folder, tmp_path, double, monkeypatch):
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(files.os, "access", lambda path, mode: Path(path) != tmp_path / "closed")
    monkeypatch.setattr(pipeline, "read_image", None)
    with pytest.raises(OutputError) as caught:
        upscale_files([folder], tmp_path / "closed" / "deep" / "out", double)
    assert str(caught.value) == (
        f"nothing can be written to {tmp_path}/closed: it is read-only; give another place with -o"
    )
    assert tree(tmp_path / "closed") == []


def test_a_read_only_disk_stops_the_run(folder, tmp_path, double, monkeypatch):
    def refuse(path: Path) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(claims, "_open", refuse)
    with pytest.raises(OutputError, match=r"/out/a\.png could not be written: read-only file system$"):
        upscale_files([folder], tmp_path / "out", double)


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_names_of_odd_bytes(tmp_path, double, photo):
    odd = os.fsdecode(b"caf\xe9\n\x1b[31m.png")
    write_image(tmp_path / "in" / "a.png", Image(photo(5, 5)))
    os.rename(tmp_path / "in" / "a.png", tmp_path / "in" / odd)
    (tmp_path / "in" / ("b" + odd)).touch()
    report = upscale_files([tmp_path / "in"], tmp_path / "out", double)
    assert os.listdir(tmp_path / "out") == [odd]
    expected = f"{tmp_path}/in/bcaf\N{REPLACEMENT CHARACTER}\\n\\x1b[31m.png is empty (0 bytes)"
    assert [result.message for result in report.results] == [expected, ""]


def test_what_is_lost_is_told(tmp_path, double, photo):
    write_image(tmp_path / "deep.png", Image(photo(5, 5, np.uint16)))
    report = upscale_files([tmp_path / "deep.png"], tmp_path / "flat.jpg", double)
    assert report.results[0].remarks == ("16 bits become 8",)


def test_what_is_written_at_the_stop_is_told(folder, tmp_path, double, monkeypatch):
    seen: list[FileResult] = []
    really, calls = double.upscale, []

    def second_is_stopped(image: Image, **options: object) -> Image:
        calls.append(image)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return really(image, **options)

    monkeypatch.setattr(double, "upscale", second_is_stopped)
    with pytest.raises(KeyboardInterrupt):
        upscale_files([folder], tmp_path / "out", double, on_result=seen.append)
    assert [result.status for result in seen] == ["done"]
    assert tree(tmp_path / "out") == ["a.png"]
