"""From job to result: one thread reads ahead, one writes behind, and the network runs between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import GanappsError, OutputError
from .capacity import Way, check_format, choose_way, readable_pixels
from .claims import Claim, claim
from .files import display_name, is_exhausted, output_error
from .guards import TooManyPixels, pixel_limit
from .images import LOSSY_FORMATS, Image, encode_image, format_of, losses, read_image
from .memory import is_out_of_memory, show_bytes
from .results import FileResult, Tell, failed, skipped
from .sizes import Size
from .strips import write_strips
from .upscaler import Upscaler
from .worklist import Job


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is the same for all files."""

    size: Size | None = None
    quality: int | None = None
    overwrite: bool = False
    memory: int
    """Bytes that pictures may take."""


@dataclass
class _Stage:
    """A picture on its way."""

    image: Image
    claim: Claim
    way: Way
    seconds: float
    """Spent on it so far."""


class Pipeline:
    """Runs jobs one after the other, overlapped, and tells of each as it is done."""

    def __init__(self, upscaler: Upscaler, options: Options, tell: Tell) -> None:
        self._upscaler, self._options, self._tell = upscaler, options, tell
        self._claims: set[Claim] = set()
        self._behind: tuple[Job, Future[FileResult]] | None = None

    def run(self, jobs: Sequence[Job]) -> None:
        """Do all jobs; what a stop leaves unfinished is given up.

        Leaving the block waits for both threads, so a file being written is still written whole. The network
        runs in this thread, where Ctrl-C arrives.

        Raises:
            OutputError: nothing more can be written.
        """
        if not jobs:
            return
        try:
            with (
                ThreadPoolExecutor(1, "ganapps-read") as reader,
                ThreadPoolExecutor(1, "ganapps-write") as writer,
            ):
                self._run(jobs, reader, writer)
        except KeyboardInterrupt:
            self._finish_behind()
            raise
        finally:
            for left in self._claims:
                left.release()

    def _run(self, jobs: Sequence[Job], reader: ThreadPoolExecutor, writer: ThreadPoolExecutor) -> None:
        ahead = reader.submit(self._read, jobs[0])
        for job, following in zip(jobs, [*jobs[1:], None], strict=True):
            stage = ahead.result()
            alone = isinstance(stage, _Stage) and stage.way.in_strips
            if alone:
                # Strips are for want of memory: nothing else is held beside them.
                self._finish_behind()
            if following is not None and not alone:
                ahead = reader.submit(self._read, following)
            made = self._make(job, stage, None if self._behind is None else self._behind[0])
            written = job, writer.submit(self._write, job, made)
            self._finish_behind()
            self._behind = written
            if following is not None and alone:
                ahead = reader.submit(self._read, following)
        self._finish_behind()

    def _finish_behind(self) -> None:
        """Wait for the file that is being written, if any, and tell of it."""
        if self._behind is not None:
            job, future = self._behind
            result = future.result()
            self._behind = None
            self._tell.finish(job, result)

    def _read(self, job: Job) -> _Stage | FileResult:
        """Claim the result and read the picture, and see whether it can be done at all."""
        start = time.perf_counter()
        claimed: Claim | None = None
        try:
            claimed = claim(job.target)
            if claimed is None:
                message = f"{display_name(job.target)} is being made by another process"
                return FileResult(job.source, job.target, "skipped", message, busy=True)
            self._claims.add(claimed)
            if job.is_skipped(overwrite=self._options.overwrite):
                return self._given_up(claimed, skipped(job, job.why_skipped()))
            image = self._read_image(job)
            way = self._choose(job, image)
            return _Stage(image, claimed, way, time.perf_counter() - start)
        except (GanappsError, MemoryError) as error:
            result = self._failed(job, error, time.perf_counter() - start)
            return result if claimed is None else self._given_up(claimed, result)

    def _read_image(self, job: Job) -> Image:
        """Pictures that would take too much memory while they are read are refused before."""
        affordable = readable_pixels(job.source, self._options.memory)
        if affordable >= pixel_limit():
            return read_image(job.source)
        try:
            return read_image(job.source, max_pixels=affordable)
        except TooManyPixels as error:
            raise TooManyPixels(
                f"{error}; the limit follows from the {show_bytes(self._options.memory)} of memory to be used"
            ) from error

    def _choose(self, job: Job, image: Image) -> Way:
        height, width = image.pixels.shape[:2]
        outlook = self._upscaler.outlook(width, height, self._options.size)
        format, name = format_of(job.target.suffix), display_name(job.target)
        check_format(outlook, format, name)
        return choose_way(image, outlook, format, self._options.memory, name)

    def _make(self, job: Job, stage: _Stage | FileResult, before: Job | None) -> _Stage | FileResult:
        """The next stage; a file that failed passes through, so that results come in order."""
        if isinstance(stage, FileResult):
            return stage
        start = time.perf_counter()

        def told(fraction: float) -> None:
            self._tell.begun(job, before, fraction)

        try:
            if stage.way.in_strips:
                return self._make_strips(job, stage, told)
            stage.image = self._upscaler.upscale(stage.image, size=self._options.size, on_progress=told)
        except (GanappsError, MemoryError) as error:
            seconds = stage.seconds + time.perf_counter() - start
            return self._given_up(stage.claim, self._failed(job, error, seconds))
        stage.seconds += time.perf_counter() - start
        return stage

    def _make_strips(self, job: Job, stage: _Stage, told: Callable[[float], None]) -> FileResult:
        start = time.perf_counter()
        format = format_of(job.target.suffix)
        bands = self._upscaler.upscale_in_bands(
            stage.image, size=self._options.size, band_bytes=stage.way.band_bytes, on_progress=told
        )
        remarks = stage.image.remarks + losses(stage.image, format)
        try:
            write_strips(stage.claim.stream, bands, format)
        except OSError as error:
            raise output_error(job.target, error) from error
        stage.claim.publish()
        self._claims.discard(stage.claim)
        seconds = stage.seconds + time.perf_counter() - start
        megapixels = bands.height * bands.width / 1e6
        return FileResult(
            job.source,
            job.target,
            "done",
            "",
            seconds,
            megapixels,
            True,
            remarks,
            quality=stage.image.quality,
        )

    def _write(self, job: Job, stage: _Stage | FileResult) -> FileResult:
        if isinstance(stage, FileResult):
            return stage
        start = time.perf_counter()
        image, format = stage.image, format_of(job.target.suffix)
        try:
            _write_whole(job, stage, self._options.quality if format in LOSSY_FORMATS else None)
        except (GanappsError, MemoryError) as error:
            result = self._failed(job, error, stage.seconds + time.perf_counter() - start)
            return self._given_up(stage.claim, result)
        self._claims.discard(stage.claim)
        seconds = stage.seconds + time.perf_counter() - start
        megapixels = image.pixels.shape[0] * image.pixels.shape[1] / 1e6
        remarks = image.remarks + losses(image, format)
        return FileResult(
            job.source, job.target, "done", "", seconds, megapixels, False, remarks, quality=image.quality
        )

    def _given_up(self, claimed: Claim, result: FileResult) -> FileResult:
        claimed.release()
        self._claims.discard(claimed)
        return result

    def _failed(self, job: Job, error: GanappsError | MemoryError, seconds: float) -> FileResult:
        """The result of a file that failed alone.

        Raises:
            OutputError: every further file would meet the same.
        """
        if isinstance(error, OutputError) and is_exhausted(error):
            raise error
        if is_out_of_memory(error):
            name = display_name(job.source)
            return failed(
                job, f"{name} is too large for the memory of this machine: cut it into parts", seconds
            )
        return failed(job, str(error), seconds)


def _write_whole(job: Job, stage: _Stage, quality: int | None) -> None:
    try:
        data = encode_image(stage.image, job.target.suffix, quality=quality)
    except OutputError as error:
        raise OutputError(f"{display_name(job.target)}: {error}") from error
    try:
        stage.claim.stream.write(data)
    except OSError as error:
        raise output_error(job.target, error) from error
    stage.claim.publish()
