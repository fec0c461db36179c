"""What became of the files of a batch, and telling of it while it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .worklist import Job

Status = Literal["done", "skipped", "failed"]


@dataclass(frozen=True)
class FileResult:
    """What became of one input file."""

    source: Path
    target: Path
    status: Status
    message: str = ""
    """Why it was skipped or failed, one sentence; empty where it was done."""
    seconds: float = 0.0
    """Spent on it; decoding and encoding overlap with other files, so these add up to more than the clock."""
    megapixels: float = 0.0
    """Of the result."""
    in_strips: bool = False
    """Whether it was made from top to bottom, because as a whole it would have taken too much memory."""
    remarks: tuple[str, ...] = ()
    """What was not taken from the input, or not kept by the result's format; a phrase each."""
    busy: bool = False
    """Skipped because another process is making it."""
    quality: int | None = None
    """Of the input, where it is a JPEG: 1 to 100 as libjpeg counts."""


@dataclass(frozen=True)
class BatchReport:
    """What became of all files, in the order of the inputs."""

    results: tuple[FileResult, ...]

    def count(self, status: Status) -> int:
        """How many files have this status."""
        return sum(result.status == status for result in self.results)

    @property
    def megapixels(self) -> float:
        """Written in this run."""
        return sum(result.megapixels for result in self.results)


@dataclass(frozen=True)
class Progress:
    """Where a batch stands."""

    files_done: int
    """Finished, skipped and failed ones included."""
    files_total: int
    megapixels: float
    """Of the results written so far."""
    fraction: float
    """Of the work, by the sizes of the files, tiles of the current one included, in [0, 1]."""
    seconds: float
    """Since the start."""

    @property
    def rate(self) -> float:
        """Megapixels of result a second, of the files that are written."""
        return self.megapixels / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """By what is done so far; None where that is nothing."""
        return self.seconds * (1 - self.fraction) / self.fraction if self.fraction > 0 else None


class Tell:
    """Results so far, and telling of them."""

    def __init__(
        self,
        jobs: Sequence[Job],
        on_progress: Callable[[Progress], None] | None,
        on_result: Callable[[FileResult], None] | None,
    ) -> None:
        self.results: dict[Job, FileResult] = {}
        self._on_progress, self._on_result = on_progress, on_result
        # Pictures of one kind take as long as their files are large; one byte more, for empty ones.
        self._work = {job: 1 + _size(job.source) for job in jobs}
        self._all, self._finished, self._megapixels, self._fraction = sum(self._work.values()), 0, 0.0, 0.0
        self._total, self._started = len(jobs), time.monotonic()

    def skip(self, job: Job, result: FileResult) -> None:
        """A job that was none: it tells nothing of how long the others take."""
        self._all -= self._work.pop(job)
        self.finish(job, result)

    def finish(self, job: Job, result: FileResult) -> None:
        """This job is done, one way or another."""
        self.results[job] = result
        self._finished += self._work.get(job, 0)
        self._megapixels += result.megapixels
        if self._on_result is not None:
            self._on_result(result)
        self._report(self._finished)

    def begun(self, job: Job, before: Job | None, fraction: float) -> None:
        """This part of the job is computed; `before` is computed and waits to be written."""
        waiting = 0 if before is None else self._work[before]
        self._report(self._finished + waiting + fraction * self._work[job])

    def _report(self, finished: float) -> None:
        if self._on_progress is None:
            return
        # Never back, as where memory ran out and a picture begins anew.
        self._fraction = max(self._fraction, min(1.0, finished / self._all)) if self._all else 1.0
        seconds = time.monotonic() - self._started
        done = len(self.results)
        self._on_progress(Progress(done, self._total, self._megapixels, self._fraction, seconds))


def skipped(job: Job, message: str) -> FileResult:
    """A file that is left as it is."""
    return FileResult(job.source, job.target, "skipped", message)


def failed(job: Job, message: str, seconds: float) -> FileResult:
    """A file that could not be read, enlarged or written."""
    return FileResult(job.source, job.target, "failed", message, seconds)


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
