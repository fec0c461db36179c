"""Folders of pictures: decode the next, enlarge this one, encode the last, all at once."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import GanappsError, OutputError, UsageError
from .files import display_name, is_exhausted
from .images import LOSSY_FORMATS, Image, format_of, read_image, write_image
from .sizes import Size
from .upscaler import Upscaler
from .worklist import Job, plan_jobs

Enlarge = Callable[..., Image]
"""`enlarge(image, on_progress=...)`"""


@dataclass(frozen=True)
class FileResult:
    """What became of one input file."""

    source: Path
    target: Path
    status: Literal["done", "skipped", "failed"]
    message: str = ""
    """Why it was skipped or failed, one sentence; empty where it was done."""
    seconds: float = 0.0
    """Spent on it; decoding and encoding overlap with other files, so these add up to more than the clock."""
    megapixels: float = 0.0
    """Of the result."""


@dataclass(frozen=True)
class BatchReport:
    """What became of all files, in the order of the inputs."""

    results: tuple[FileResult, ...]

    def count(self, status: Literal["done", "skipped", "failed"]) -> int:
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
    """Of the files, tiles of the current one included, in [0, 1]."""


def upscale_files(
    inputs: Sequence[str | Path],
    output: str | Path,
    upscaler: Upscaler,
    *,
    size: Size | None = None,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> BatchReport:
    """Enlarge files and folders of files.

    Results that exist already are skipped, so a command that was stopped goes on where it was. A file that
    cannot be read or written is reported and the rest goes on; a full or broken disk stops the run. Inputs
    are never changed, and every result is written whole or not at all, Ctrl-C included. At most two decoded
    and two enlarged pictures are in memory.

    Args:
        inputs: images and folders, which are searched through and through.
        output: a folder, where the tree of the inputs is mirrored; or, for one input file, a file name.
        upscaler: the model.
        size: of the results; None is the model's scale times that of the inputs.
        format: "png", "jpeg", "webp", "avif", "tiff" or "bmp"; None keeps each file's own (PNG for GIF).
        quality: 1 to 100, for the results that are JPEG, WebP or AVIF.
        overwrite: make results anew that exist already.
        on_progress: called from this thread, after each tile and each file.

    Raises:
        UsageError: inputs and output that do not go together, before anything is done.
        DataError: no images among the inputs.
        OutputError: nothing more can be written to the output folder.
    """
    jobs = plan_jobs(inputs, output, format)
    _check_quality(jobs, quality)
    run = _Run(len(jobs), quality, on_progress)
    todo: list[Job] = []
    for job in jobs:
        if job.is_skipped(overwrite=overwrite):
            run.finish(
                FileResult(job.source, job.target, "skipped", f"{display_name(job.target)} exists already")
            )
        else:
            todo.append(job)
    _pipeline(todo, functools.partial(upscaler.upscale, size=size), run)
    return BatchReport(tuple(run.results[job] for job in jobs))


def _check_quality(jobs: Sequence[Job], quality: int | None) -> None:
    if quality is None:
        return
    if not 1 <= quality <= 100:
        raise UsageError(f"quality must be 1 to 100, got {quality}")
    if not any(format_of(job.target.suffix) in LOSSY_FORMATS for job in jobs):
        raise UsageError(
            f"quality is for {', '.join(sorted(LOSSY_FORMATS))}; none of the results is one of these"
        )


@dataclass
class _Stage:
    """A picture on its way, with the time spent on it."""

    image: Image
    seconds: float


class _Run:
    """Results so far, and telling of them."""

    def __init__(
        self, total: int, quality: int | None, on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.results: dict[Job, FileResult] = {}
        self.quality = quality
        self._total = total
        self._megapixels = 0.0
        self._on_progress = on_progress

    def finish(self, result: FileResult, waiting: int = 0) -> None:
        self.results[Job(result.source, result.target)] = result
        self._megapixels += result.megapixels
        self.tell(waiting)

    def tell(self, waiting: int = 0, begun: float = 0.0) -> None:
        """Report, with the number of files that wait to be written and the fraction of the current one."""
        if self._on_progress is None:
            return
        done = len(self.results)
        fraction = min(1.0, (done + waiting + begun) / self._total)
        self._on_progress(Progress(done, self._total, self._megapixels, fraction))


def _pipeline(jobs: Sequence[Job], enlarge: Enlarge, run: _Run) -> None:
    """One thread reads ahead by a file, one writes behind by a file; the network runs in this one, where
    Ctrl-C arrives.

    Leaving the block waits for both threads, so a file being written is still written whole.
    """
    if not jobs:
        return
    with ThreadPoolExecutor(1, "ganapps-read") as reader, ThreadPoolExecutor(1, "ganapps-write") as writer:
        ahead = reader.submit(_read, jobs[0])
        behind: Future[FileResult] | None = None
        for job, following in zip(jobs, [*jobs[1:], None], strict=True):
            stage = ahead.result()
            if following is not None:
                ahead = reader.submit(_read, following)
            # The file behind is enlarged, and not finished.
            stage = _enlarge(job, stage, enlarge, functools.partial(run.tell, int(behind is not None)))
            before, behind = behind, writer.submit(_write, job, stage, run.quality)
            if before is not None:
                run.finish(before.result(), waiting=1)
        if behind is not None:
            run.finish(behind.result())


def _read(job: Job) -> _Stage | FileResult:
    start = time.perf_counter()
    try:
        return _Stage(read_image(job.source), time.perf_counter() - start)
    except (GanappsError, MemoryError) as error:
        return _failed(job, error, time.perf_counter() - start)


def _enlarge(
    job: Job, stage: _Stage | FileResult, enlarge: Enlarge, on_progress: Callable[[float], None]
) -> _Stage | FileResult:
    """The next stage; a file that failed passes through, so that results come in order."""
    if isinstance(stage, FileResult):
        return stage
    start = time.perf_counter()
    try:
        image = enlarge(stage.image, on_progress=on_progress)
    except (GanappsError, MemoryError) as error:
        return _failed(job, error, stage.seconds + time.perf_counter() - start)
    return _Stage(image, stage.seconds + time.perf_counter() - start)


def _write(job: Job, stage: _Stage | FileResult, quality: int | None) -> FileResult:
    if isinstance(stage, FileResult):
        return stage
    start = time.perf_counter()
    lossy = format_of(job.target.suffix) in LOSSY_FORMATS
    try:
        write_image(job.target, stage.image, quality=quality if lossy else None)
    except (GanappsError, MemoryError) as error:
        if isinstance(error, OutputError) and is_exhausted(error):
            raise
        return _failed(job, error, stage.seconds + time.perf_counter() - start)
    height, width = stage.image.pixels.shape[:2]
    seconds = stage.seconds + time.perf_counter() - start
    return FileResult(job.source, job.target, "done", "", seconds, height * width / 1e6)


def _failed(job: Job, error: GanappsError | MemoryError, seconds: float) -> FileResult:
    if isinstance(error, MemoryError):
        name = display_name(job.source)
        message = f"{name} is too large for the memory of this machine: cut it into parts"
    else:
        message = str(error)
    return FileResult(job.source, job.target, "failed", message, seconds)
