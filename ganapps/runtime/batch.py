"""Folders of pictures: decode the next, enlarge this one, encode the last, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import UsageError
from .files import check_writable
from .images import LOSSY_FORMATS, format_of
from .memory import default_budget
from .pipeline import Options, Pipeline
from .results import BatchReport, FileResult, Progress, Tell, skipped
from .sizes import Size
from .upscaler import Upscaler
from .worklist import Job, plan_jobs

__all__ = ["BatchReport", "FileResult", "Progress", "run_jobs", "upscale_files"]


def upscale_files(
    inputs: Sequence[str | Path],
    output: str | Path,
    upscaler: Upscaler,
    *,
    size: Size | None = None,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    memory: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_result: Callable[[FileResult], None] | None = None,
) -> BatchReport:
    """Enlarge files and folders of files.

    Results that exist already are skipped, so a command that was stopped goes on where it was. A file that
    cannot be read or written is reported and the rest goes on; a full or broken disk stops the run. Inputs
    are never changed, and every result is written whole or not at all, Ctrl-C and kill -9 included. Several
    processes may work on one folder: each result is made by one of them.

    At most two decoded and two enlarged pictures are in memory. A PNG or TIFF whose result would take more
    than `memory` is made from top to bottom in strips, with the same pixels; only its input is in memory as
    a whole then.

    Args:
        inputs: images and folders, which are searched through and through.
        output: a folder, where the tree of the inputs is mirrored; or, for one input file, a file name.
        upscaler: the model.
        size: of the results; None is the model's scale times that of the inputs.
        format: "png", "jpeg", "webp", "avif", "tiff" or "bmp"; None keeps each file's own (PNG for what is
            not written, such as GIF).
        quality: 1 to 100, for the results that are JPEG, WebP or AVIF.
        overwrite: make results anew that exist already.
        memory: bytes that pictures may take; None is three quarters of what is free.
        on_progress: called from this thread, after each tile and each file.
        on_result: called from this thread with each file as it is done, skipped or failed.

    Raises:
        UsageError: inputs and output that do not go together, before anything is done.
        DataError: no images among the inputs.
        OutputError: nothing more can be written to the output folder.
    """
    jobs = plan_jobs(inputs, output, format)
    check_quality(jobs, quality)
    options = Options(
        size=size,
        quality=quality,
        overwrite=overwrite,
        memory=default_budget() if memory is None else memory,
    )
    return run_jobs(jobs, upscaler, options, on_progress=on_progress, on_result=on_result)


def run_jobs(
    jobs: Sequence[Job],
    upscaler: Upscaler,
    options: Options,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    on_result: Callable[[FileResult], None] | None = None,
) -> BatchReport:
    """Do jobs that are planned already; see `upscale_files`."""
    tell = Tell(jobs, on_progress, on_result)
    todo: list[Job] = []
    for job in jobs:
        if job.is_skipped(overwrite=options.overwrite):
            tell.skip(job, skipped(job, job.why_skipped()))
        else:
            todo.append(job)
    if todo:
        check_writable(todo[0].target)
    Pipeline(upscaler, options, tell).run(todo)
    return BatchReport(tuple(tell.results[job] for job in jobs))


def check_quality(jobs: Sequence[Job], quality: int | None, *, may_be_none: bool = False) -> None:
    """Refuse a quality that would mean nothing; `may_be_none` where jobs are still to come.

    Raises:
        UsageError: out of range, or for no result of a format that has one.
    """
    if quality is None:
        return
    if not 1 <= quality <= 100:
        raise UsageError(f"quality must be 1 to 100, got {quality}")
    if not may_be_none and not any(format_of(job.target.suffix) in LOSSY_FORMATS for job in jobs):
        raise UsageError(
            f"quality is for {', '.join(sorted(LOSSY_FORMATS))}; none of the results is one of these"
        )
