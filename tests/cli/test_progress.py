"""Bars on a terminal, lines elsewhere, nothing where quiet is asked for."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import pytest

from ganapps.cli.progress import ProgressBar, duration

Clock = Callable[[float], None]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop the clock, and set it."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(time, "monotonic", lambda: seconds)

    set_to(0.0)
    return set_to


def test_a_line_now_and_then_where_there_is_no_terminal(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProgressBar(quiet=False) as bar:
        show = bar.stage("training")
        for seconds in range(0, 100, 5):
            clock(seconds)
            show(seconds / 100, f"{seconds} images")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "training: 30%, 1 min 10 s left, 30 images",
        "training: 60%, 40 s left, 60 images",
        "training: 90%, 10 s left, 90 images",
    ]


def test_a_job_may_know_better_how_long_it_takes(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(quiet=False) as bar:
        bar.update("training", 0.0)
        clock(30)
        bar.update("training", 0.5, seconds_left=7200)
    assert capsys.readouterr().err == "training: 50%, 2 h 0 min left\n"


def test_quiet_shows_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(quiet=True) as bar:
        for seconds in (0, 50, 100):
            clock(seconds)
            bar.update("training", seconds / 100)
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", Terminal())
    started = time.monotonic()
    with ProgressBar(quiet=False) as bar:
        bar.update("reading", 0.0)
        monkeypatch.setattr(time, "monotonic", lambda: started + 10)
        bar.update("reading", 0.25, "[2] files")
        bar.update("training", 0.0)
        monkeypatch.setattr(time, "monotonic", lambda: started + 20)
        bar.update("training", 0.5, "9 images")
    drawn = sys.stderr.getvalue()  # type: ignore[attr-defined]
    for part in ("reading", "25%", "30 s left", "[2] files", "training", "50%", "10 s left", "9 images"):
        assert part in drawn


def test_a_short_job_shows_no_bar(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar(quiet=False) as bar:
        bar.update("upscaling", 0.0)
        clock(0.4)
        bar.update("upscaling", 1.0)
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (90061, "25 h 1 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
