"""What `ganapps upscale` says of files: progress, a line as each is done, a summary at the end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from .printing import message, print_json_line
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.runtime.results import FileResult, Progress
    from ganapps.runtime.upscaler import Upscaler


class Report:
    """Takes results as they come; where a watched file was tried twice, the last try counts.

    With --json every file is a line of its own, and the summary is the last one.
    """

    def __init__(self, args: argparse.Namespace, upscaler: Upscaler, bar: ProgressBar) -> None:
        self._args, self._upscaler, self._bar, self._started = args, upscaler, bar, time.monotonic()
        self._results: dict[str, FileResult] = {}
        self._megapixels = 0.0

    def progress(self, progress: Progress) -> None:
        """Show files, speed and time left."""
        detail = f"{progress.files_done} of {progress.files_total} files"
        if progress.megapixels:
            detail += f", {progress.rate:.2f} megapixels/s"
        self._bar.update("upscaling", progress.fraction, detail, progress.seconds_left)

    def result(self, result: FileResult) -> None:
        """Count a file, and say what there is to say of it."""
        self._results[str(result.source)] = result
        self._megapixels += result.megapixels
        if result.status == "failed":
            message(result.message)
        for remark in result.remarks:
            message(f"{_name(result)}: {remark}", quiet=self._args.quiet)
        if self._args.json:
            print_json_line(asdict(result) | {"source": str(result.source), "target": str(result.target)})

    def close(self) -> int:
        """Print the summary and return the exit code: 1 where any file failed."""
        seconds = time.monotonic() - self._started
        counts = {status: self._count(status) for status in ("done", "skipped", "failed")}
        failed = counts["failed"]
        if self._args.json:
            engine = self._upscaler.engine
            used = {"device": engine.device, "precision": engine.precision, "software": engine.software}
            totals = {"seconds": seconds, "megapixels": self._megapixels, "engine": used}
            print_json_line({"summary": True, **counts, **totals})
        elif not self._args.quiet and (not failed or failed < len(self._results)):
            print(self._summary(seconds, **counts))
            tell_restored(self._args, self._upscaler, [result.quality for result in self._results.values()])
        return 1 if failed else 0

    def _count(self, status: str) -> int:
        return sum(result.status == status for result in self._results.values())

    def _summary(self, seconds: float, done: int, skipped: int, failed: int) -> str:
        busy = sum(result.busy for result in self._results.values())
        parts = []
        if done:
            images = "1 image" if done == 1 else f"{done} images"
            made = f"{images} enlarged to {self._megapixels:.2f} megapixels in {seconds:.1f} s"
            parts.append(f"{made} on {self._upscaler.engine}")
        if skipped > busy:
            parts.append(f"{skipped - busy} skipped, there already (--overwrite makes them again)")
        if busy:
            parts.append(f"{busy} left to another process")
        if failed:
            parts.append(f"{failed} failed")
        return f"{', '.join(parts or ['nothing to do'])}: {self._args.output}"


def tell_restored(args: argparse.Namespace, upscaler: Upscaler, qualities: Sequence[int | None]) -> None:
    """What was done to JPEG files without being asked for, and how not to have it done.

    Args:
        args: the command line.
        upscaler: what enlarged them.
        qualities: of the JPEG files among the inputs, None for others.
    """
    from ganapps.runtime.restoring import RestoringUpscaler

    if not isinstance(upscaler, RestoringUpscaler):
        return
    restored = [quality for quality in qualities if quality is not None and upscaler.restores(quality)]
    if restored:
        which = "" if len(qualities) == 1 else f"{len(restored)} of {len(qualities)} files: "
        span = " to ".join(str(quality) for quality in sorted({min(restored), max(restored)}))
        what = f"{which}JPEG of quality {span}, cleaned by {upscaler.partner}"
        message(f"{what} (--model {upscaler.contract.name} takes files as they are)", quiet=args.quiet)


def _name(result: FileResult) -> str:
    """The name of the input, as it can be printed."""
    from ganapps.runtime.files import display_name

    return display_name(result.source)
