"""Folders that are looked at again and again: what is new is enlarged once it has stopped growing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import UsageError
from .batch import check_quality, run_jobs
from .files import display_name
from .pipeline import Options
from .results import FileResult, Progress
from .upscaler import Upscaler
from .worklist import Job, plan_jobs

SETTLE_SEC = 2.0
"""For how long a file must not change before it is read."""

Signature = tuple[int, int]
"""Bytes, and time of the last change in nanoseconds."""


class Watch:
    """What is known of the files of a watched folder."""

    def __init__(self, settle_sec: float) -> None:
        """Files are ready when neither size nor time has changed for `settle_sec`."""
        self._settle_sec = settle_sec
        self._seen: dict[Job, tuple[Signature, float]] = {}
        self._handled: dict[Job, Signature] = {}
        self._places: dict[Path, Path] = {}
        self._owners: dict[Path, Path] = {}

    def ready(self, jobs: Sequence[Job], now: float) -> list[Job]:
        """The jobs whose files are new or changed, and settled.

        Args:
            jobs: all that there are now.
            now: seconds of a clock that never goes back.
        """
        found = []
        jobs = [self._placed(job) for job in jobs]
        self._seen = {job: self._seen[job] for job in jobs if job in self._seen}
        for job in jobs:
            signature = _signature(job.source)
            if signature is None or self._handled.get(job) == signature:
                continue
            before, since = self._seen.get(job, (None, now))
            if before != signature:
                self._seen[job] = signature, now
            elif now - since >= self._settle_sec:
                found.append(job)
        return found

    def handled(self, job: Job) -> None:
        """Leave this one alone until its file changes."""
        self._handled[job] = self._seen[job][0]
        self._places[job.source], self._owners[job.target] = job.target, job.source

    def _placed(self, job: Job) -> Job:
        """The job as it was planned when its file was first done: a.png may come long after a.jpg."""
        if job.source in self._places:
            return Job(job.source, self._places[job.source])
        if self._owners.get(job.target, job.source) != job.source:
            return Job(job.source, job.target.with_name(job.source.name + job.target.suffix))
        return job


def watch_files(
    inputs: Sequence[str | Path],
    output: str | Path,
    upscaler: Upscaler,
    options: Options,
    *,
    format: str | None = None,
    settle_sec: float = SETTLE_SEC,
    poll_sec: float = 1.0,
    on_progress: Callable[[Progress], None] | None = None,
    on_result: Callable[[FileResult], None] | None = None,
    on_idle: Callable[[], None] | None = None,
) -> None:
    """Enlarge what is in the folders and what comes into them, until KeyboardInterrupt.

    A failed file is tried again when it changes; one that another process is at, when that has ended.

    Args:
        inputs: folders, and images.
        output: a folder.
        upscaler: the model.
        options: as for a batch.
        format: of the results; None keeps each file's own.
        settle_sec: for how long a file must not change before it is read.
        poll_sec: between two looks.
        on_progress: as for `batch.upscale_files`, for each batch of files that are ready together.
        on_result: called with each file as it is done, skipped or failed.
        on_idle: called after each look, from this thread.

    Raises:
        UsageError: no folder among the inputs, or inputs and output that do not go together.
        OutputError: nothing more can be written to the output folder.
    """
    if not any(Path(item).is_dir() for item in inputs):
        raise UsageError(f"only folders can be watched: {', '.join(map(display_name, inputs))} is none")
    check_quality(plan_jobs(inputs, output, format, may_be_none=True), options.quality, may_be_none=True)
    watch = Watch(settle_sec)

    def told(result: FileResult) -> None:
        if result.busy:
            return  # that process may fail
        watch.handled(Job(result.source, result.target))
        if on_result is not None:
            on_result(result)

    while True:
        jobs = watch.ready(plan_jobs(inputs, output, format, may_be_none=True), time.monotonic())
        if jobs:
            run_jobs(jobs, upscaler, options, on_progress=on_progress, on_result=told)
        if on_idle is not None:
            on_idle()
        time.sleep(poll_sec)


def _signature(path: Path) -> Signature | None:
    try:
        status = path.stat()
    except OSError:  # gone, or a link to nowhere
        return None
    return status.st_size, status.st_mtime_ns
