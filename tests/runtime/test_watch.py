"""A folder that is watched: what settles is enlarged, once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ganapps import Image, UsageError, read_image, write_image
from ganapps.runtime import claims, watch
from ganapps.runtime.pipeline import Options
from ganapps.runtime.results import FileResult
from ganapps.runtime.watch import Watch, watch_files
from ganapps.runtime.worklist import Job


class Days:
    """A clock, and what happens at each look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *events: Callable[[], object]) -> None:
        self.now, self._events = 0.0, list(events)
        monkeypatch.setattr(watch.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(watch.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        if not self._events:
            raise KeyboardInterrupt
        self._events.pop(0)()
        self.now += seconds


def nothing() -> None:
    pass


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def picture(photo, tmp_path) -> Path:
    write_image(tmp_path / "a picture.png", Image(photo(6, 7)))
    return tmp_path / "a picture.png"


def run(folder: Path, double, **options) -> list[FileResult]:
    results: list[FileResult] = []
    with pytest.raises(KeyboardInterrupt):
        watch_files(
            [folder],
            folder.parent / "out",
            double,
            Options(memory=1 << 30),
            settle_sec=2,
            poll_sec=1,
            on_result=results.append,
            **options,
        )
    return results


def test_a_file_is_read_once_it_stops_growing(folder, picture, double, monkeypatch):
    data = picture.read_bytes()

    def grow(share: float) -> Callable[[], object]:
        return lambda: (folder / "a.png").write_bytes(data[: int(share * len(data))])

    days = Days(monkeypatch, grow(0.2), nothing, grow(0.5), nothing, grow(1), *[nothing] * 5)
    results = run(folder, double)
    assert [(result.source, result.status) for result in results] == [(folder / "a.png", "done")]
    assert read_image(folder.parent / "out" / "a.png").pixels.shape == (12, 14, 3)
    assert days.now == 10


def test_what_failed_is_tried_again_when_it_changes(folder, picture, double, monkeypatch):
    (folder / "a.png").write_bytes(b"no picture")
    Days(monkeypatch, *[nothing] * 6, lambda: shutil.copy(picture, folder / "a.png"), *[nothing] * 6)
    assert [result.status for result in run(folder, double)] == ["failed", "done"]


def test_what_another_process_is_at_is_looked_at_again(folder, picture, double, monkeypatch):
    shutil.copy(picture, folder / "a.png")
    held = claims.claim(folder.parent / "out" / "a.png")
    Days(monkeypatch, *[nothing] * 5, held.release, *[nothing] * 3)
    assert [result.status for result in run(folder, double)] == ["done"]


def test_a_second_file_of_a_name_does_not_take_the_place_of_the_first(folder, picture, double, monkeypatch):
    """a.jpg became a.png; the a.png that comes later is not taken for done."""
    write_image(folder / "a.jpg", read_image(picture))
    Days(monkeypatch, *[nothing] * 5, lambda: shutil.copy(picture, folder / "a.png"), *[nothing] * 5)
    results = run(folder, double, format="png")
    targets = [(result.source.name, result.target.name, result.status) for result in results]
    assert targets == [("a.jpg", "a.png", "done"), ("a.png", "a.png.png", "done")]


def test_folders_that_come_later_are_watched_too(folder, picture, double, monkeypatch):
    def come() -> None:
        (folder / "deep" / "er").mkdir(parents=True)
        shutil.copy(picture, folder / "deep" / "er" / "b.png")
        os.symlink("..", folder / "deep" / "loop")

    Days(monkeypatch, come, *[nothing] * 5)
    (result,) = run(folder, double)
    assert result.target == folder.parent / "out" / "deep" / "er" / "b.png"


def test_files_and_places_inside_are_refused(folder, picture, double):
    options = Options(memory=1 << 30)
    with pytest.raises(UsageError, match=r"^only folders can be watched: .*/a picture\.png is none$"):
        watch_files([picture], folder.parent / "out", double, options)
    with pytest.raises(UsageError, match=r"lies inside the input folder"):
        watch_files([folder], folder / "out", double, options)


def test_what_is_gone_is_forgotten(tmp_path):
    job = Job(tmp_path / "a.png", tmp_path / "out" / "a.png")
    seen = Watch(settle_sec=2)
    job.source.write_bytes(b"x")
    assert seen.ready([job], 0) == []
    assert seen.ready([], 1) == []
    assert seen.ready([job], 5) == []
    assert seen.ready([job], 7) == [job]
