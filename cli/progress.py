"""How far a job is and how long it will take, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SHOW_AFTER_SEC = 0.5
"""A stage that ends sooner shows no bar."""
_LINE_EVERY_SEC = 30.0
"""Where there is no terminal, a line is printed this often."""


class ProgressBar:
    """A bar with the time left on a terminal; a line now and then where standard error goes elsewhere.

    A job may have several stages, one after the other; each has the bar to itself.

    Example:
        with ProgressBar(quiet=False) as bar:
            train(on_loading=bar.stage("reading"), on_progress=bar.stage("training"))
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stage = ""
        self._started = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def stage(self, title: str) -> Callable[..., None]:
        """A function that shows how far this stage is: `update` without its first argument."""
        return partial(self.update, title)

    def update(self, stage: str, share: float, detail: str = "", seconds_left: float | None = None) -> None:
        """Show that `share` (0 to 1) of a stage is done.

        Args:
            stage: its title; another one than before begins a new bar.
            share: what is done.
            detail: what more there is to say.
            seconds_left: an estimate, where the job has a better one than elapsed time and share give.
        """
        if self._quiet:
            return
        now = time.monotonic()
        if stage != self._stage:
            self._close()
            self._stage, self._started, self._last_line = stage, now, now
        if seconds_left is None and share > 0:
            seconds_left = (now - self._started) * (1 - share) / share
        left = "" if seconds_left is None else f"{duration(seconds_left)} left"
        if sys.stderr.isatty():
            if now - self._started >= _SHOW_AFTER_SEC:
                self._draw(share, detail, left)
        elif now - self._last_line >= _LINE_EVERY_SEC:
            self._last_line = now
            parts = [f"{stage}: {share:.0%}", left, detail]
            print(", ".join(part for part in parts if part), file=sys.stderr, flush=True)

    def _draw(self, share: float, detail: str, left: str) -> None:
        if self._bar is None or self._task is None:
            self._bar = _new_bar()
            self._bar.start()
            self._task = self._bar.add_task(self._stage, total=1.0, detail="", left="")
        self._bar.update(self._task, completed=share, detail=detail, left=left)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None


def _new_bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )


def duration(seconds: float) -> str:
    """A length of time as one would say it.

    Example:
        >>> duration(42), duration(340), duration(9000)
        ('42 s', '5 min 40 s', '2 h 30 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
