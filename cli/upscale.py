"""`ganapps upscale`: enlarge images, folders of them, or a stream."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import OutputError, UsageError

from .parser import Parser, add_command, add_json, add_threads, positive, share, whole
from .printing import message, print_json, print_table
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.runtime.batch import BatchReport
    from ganapps.runtime.sizes import Size
    from ganapps.runtime.upscaler import Upscaler

_DESCRIPTION = """\
Enlarge images. Folders are searched with their subfolders and mirrored in the
output folder; what is there already is skipped, so that the same command goes
on after an interruption. Transparency, 16 bits, grey, orientation, colour
profile and EXIF are kept."""

_EXAMPLES = """\
  ganapps upscale photo.jpg -o photo_x4.png
  ganapps upscale holiday/ scans/*.tif -o enlarged/ --format webp --quality 90
  ganapps upscale photo.jpg -o wallpaper.png --fit 3840x2160
  ganapps upscale drawing.png -o exact.png --model fidelity-x4
  cat photo.jpg | ganapps upscale - -o - --format png > photo_x4.png"""

STREAM = "-"
"""Stands for standard input or output."""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "upscale",
        help="enlarge images, folders of them, or a stream",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
        interrupted="interrupted: what is written is whole, and the same command goes on where it stopped",
    )
    parser.add_argument("inputs", nargs="+", metavar="IN", help="image, folder, or - for standard input")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="image (for one input), folder, or - for standard output",
    )
    parser.add_argument("-m", "--model", metavar="NAME|FILE", help="see ganapps models (default: photo-x4)")
    parser.add_argument(
        "--strength",
        type=share,
        metavar="S",
        help="0 is the most faithful, 1 the most vivid (default: 1); of models that have a faithful one",
    )
    _add_size(parser)
    parser.add_argument(
        "--format", metavar="EXT", help="format of the output: png, jpg, webp, ... (default: the input's)"
    )
    parser.add_argument("--quality", type=whole(1, 100), metavar="N", help="1 to 100, for formats with loss")
    parser.add_argument("--overwrite", action="store_true", help="make again what is there already")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    parser.add_argument(
        "--tile",
        type=whole(16),
        metavar="PX",
        help="side of a tile of input; less needs less memory, the result is the same",
    )
    add_threads(parser)
    add_json(parser)


def _add_size(parser: Parser) -> None:
    size = parser.add_argument_group("size of the result (default: the model's scale times the input's)")
    size.add_argument("--scale", type=positive, metavar="X", help="times the input's size, such as 2 or 1.5")
    size.add_argument("--width", type=whole(1), metavar="PX", help="alone, the height follows")
    size.add_argument("--height", type=whole(1), metavar="PX", help="alone, the width follows")
    size.add_argument("--fit", metavar="WxH", help="as large as fits into a box, in its own proportions")


def _size(args: argparse.Namespace) -> Size | None:
    """The size that is asked for, if any.

    Raises:
        UsageError: options that contradict each other.
    """
    if args.scale is args.width is args.height is args.fit is None:
        return None
    from ganapps.runtime.sizes import Size, parse_fit

    fit = None if args.fit is None else parse_fit(args.fit)
    return Size(scale=args.scale, width=args.width, height=args.height, fit=fit)


def _upscaler(args: argparse.Namespace) -> Upscaler:
    from ganapps.runtime.upscaler import Upscaler

    return Upscaler(args.model, strength=args.strength, tile_px=args.tile, threads=args.threads)


def run(args: argparse.Namespace) -> int:
    """Enlarge, report, and return 1 where any file failed."""
    if STREAM in args.inputs or args.output == STREAM:
        return _run_stream(args)
    if args.dry_run:
        return _print_plan(args)
    from ganapps.runtime.batch import Progress, upscale_files

    size, upscaler = _size(args), _upscaler(args)
    started = time.monotonic()
    with ProgressBar(quiet=args.quiet) as bar:

        def show(progress: Progress) -> None:
            files = f"{progress.files_done} of {progress.files_total} files"
            bar.update("upscaling", progress.fraction, f"{files}, {progress.megapixels:.1f} megapixels")

        report = upscale_files(
            args.inputs,
            args.output,
            upscaler,
            size=size,
            format=args.format,
            quality=args.quality,
            overwrite=args.overwrite,
            on_progress=show,
        )
    return _print_report(report, time.monotonic() - started, args)


def _print_plan(args: argparse.Namespace) -> int:
    """A line for every file: what would become of it, and where. Opens no image and no model."""
    from ganapps.runtime.worklist import plan_jobs

    _size(args)
    jobs = plan_jobs(args.inputs, args.output, args.format)
    plan = [
        {
            "source": str(job.source),
            "target": str(job.target),
            "would": "skip" if job.is_skipped(overwrite=args.overwrite) else "enlarge",
        }
        for job in jobs
    ]
    if args.json:
        print_json({"files": plan})
    else:
        print_table(("would", "source", "target"), [(p["would"], p["source"], p["target"]) for p in plan])
    return 0


def _print_report(report: BatchReport, seconds: float, args: argparse.Namespace) -> int:
    failed = report.count("failed")
    for result in report.results:
        if result.status == "failed":
            message(result.message)
    if args.json:
        files = [asdict(r) | {"source": str(r.source), "target": str(r.target)} for r in report.results]
        counts = {status: report.count(status) for status in ("done", "skipped", "failed")}
        print_json({**counts, "seconds": seconds, "megapixels": report.megapixels, "files": files})
    elif not args.quiet and failed < len(report.results):
        print(_summary(report, seconds, args))
    return 1 if failed else 0


def _summary(report: BatchReport, seconds: float, args: argparse.Namespace) -> str:
    done, skipped, failed = (report.count(status) for status in ("done", "skipped", "failed"))
    parts = []
    if done:
        images = "1 image" if done == 1 else f"{done} images"
        parts.append(f"{images} enlarged to {report.megapixels:.2f} megapixels in {seconds:.1f} s")
    if skipped:
        parts.append(f"{skipped} skipped, there already (--overwrite makes them again)")
    if failed:
        parts.append(f"{failed} failed")
    return f"{', '.join(parts)}: {args.output}"


def _run_stream(args: argparse.Namespace) -> int:
    """One image, from or to a stream."""
    _check_stream(args)
    from ganapps.runtime.images import OUTPUT_FORMATS, encode_image, read_image, write_image

    size = _size(args)
    image = read_image(sys.stdin.buffer.read() if args.inputs[0] == STREAM else args.inputs[0])
    upscaler = _upscaler(args)
    with ProgressBar(quiet=args.quiet) as bar:
        enlarged = upscaler.upscale(image, size=size, on_progress=bar.stage("upscaling"))
    if args.output != STREAM:
        write_image(args.output, enlarged, quality=args.quality)
        return 0
    own = image.format if image.format in OUTPUT_FORMATS.values() else "png"
    sys.stdout.buffer.write(encode_image(enlarged, args.format or own, quality=args.quality))
    sys.stdout.buffer.flush()
    return 0


def _check_stream(args: argparse.Namespace) -> None:
    """Check what can be before anything is read.

    Raises:
        UsageError: options that mean nothing for a stream.
        OutputError: the output is there already.
    """
    if len(args.inputs) != 1:
        raise UsageError(f"a stream is one image: give one input with -, got {len(args.inputs)}")
    if args.json:
        raise UsageError("--json describes files: leave it out where an image goes through -")
    if args.dry_run:
        raise UsageError("--dry-run is about files: leave it out where an image goes through -")
    if args.output == STREAM:
        if args.overwrite:
            raise UsageError("--overwrite is about files: leave it out with -o -")
        if sys.stdout.isatty():
            raise UsageError(
                "-o - would write an image to the terminal: redirect it, as in -o - > photo_x4.png"
            )
        return
    from ganapps.runtime.images import format_of

    target = Path(args.output)
    if target.is_dir():
        raise UsageError(f"{target} is a folder and an image from - has no name: give the name of a file")
    written = format_of(target.suffix)
    if args.format is not None and format_of(args.format) != written:
        raise UsageError(f"{target} would be written as {written}, but --format is {args.format}")
    if target.exists() and not args.overwrite:
        raise OutputError(f"{target} is there already: add --overwrite to replace it")
