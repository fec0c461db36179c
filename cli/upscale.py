"""`ganapps upscale`: enlarge images, folders of them, or a stream."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from ganapps.errors import UsageError

from .opening import open_upscaler
from .parser import Parser, add_command, add_threads, positive, share, whole
from .printing import message, print_json_line, print_table
from .progress import ProgressBar
from .upscale_report import Report
from .upscale_stream import STREAM, run_stream

if TYPE_CHECKING:
    from ganapps.runtime.pipeline import Options
    from ganapps.runtime.sizes import Size
    from ganapps.runtime.upscaler import Upscaler

_DESCRIPTION = """\
Enlarge images. Folders are searched with their subfolders and mirrored in the
output folder; what is there already is skipped, so that the same command goes
on after an interruption, and several may run on one folder. Transparency, 16
bits, grey, orientation, colour profile and EXIF are kept."""

_EXAMPLES = """\
  ganapps upscale photo.jpg -o photo_x4.png
  ganapps upscale holiday/ scans/*.tif -o enlarged/ --format webp --quality 90
  ganapps upscale photo.jpg -o wallpaper.png --fit 3840x2160
  ganapps upscale drawing.png -o exact.png --model fidelity-x4
  ganapps upscale old/ -o cleaned/ --model restore-x4
  ganapps upscale map.tif -o map_x4.tif --memory 4G
  ganapps upscale inbox/ -o enlarged/ --watch
  cat photo.jpg | ganapps upscale - -o - --format png > photo_x4.png"""


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
    parser.add_argument(
        "-m",
        "--model",
        metavar="NAME|FILE",
        help="see ganapps models (default: photo-x4, restore-x4 for strongly compressed JPEG, and photo-x2"
        " for a --scale of at most 2)",
    )
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
    parser.add_argument(
        "--tta",
        action="store_true",
        help="the mean of eight turned and mirrored runs: a little better, eight times the time",
    )
    parser.add_argument("--overwrite", action="store_true", help="make again what is there already")
    parser.add_argument(
        "--skip",
        action="store_true",
        help="leave what is there already: the default for files, and no error for -",
    )
    parser.add_argument(
        "--watch", action="store_true", help="go on with what comes into the folders, until Ctrl-C"
    )
    parser.add_argument(
        "--settle",
        type=positive,
        metavar="SEC",
        help="with --watch: read files that have not changed for so long (default: 2)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    parser.add_argument(
        "--tile",
        type=whole(16),
        metavar="PX",
        help="side of a tile of input; less needs less memory, the result is the same (default: by the model"
        " and the free memory)",
    )
    parser.add_argument(
        "--memory",
        metavar="SIZE",
        help="that pictures may take, such as 2G; a png or tiff that would take more is made in strips, of"
        " the same pixels (default: three quarters of what is free)",
    )
    _add_engine(parser)
    add_threads(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        default=False,
        help="print JSON lines: one for each file as it is done, and a summary",
    )


def _add_size(parser: Parser) -> None:
    size = parser.add_argument_group("size of the result (default: the model's scale times the input's)")
    size.add_argument("--scale", type=positive, metavar="X", help="times the input's size, such as 2 or 1.5")
    size.add_argument("--width", type=whole(1), metavar="PX", help="alone, the height follows")
    size.add_argument("--height", type=whole(1), metavar="PX", help="alone, the width follows")
    size.add_argument("--fit", metavar="WxH", help="as large as fits into a box, in its own proportions")


def _add_engine(parser: Parser) -> None:
    engine = parser.add_argument_group("what computes")
    engine.add_argument(
        "--device",
        default="auto",
        metavar="NAME",
        help="cpu, openvino, cuda, cuda:1, tensorrt, directml, coreml (default: auto, the fastest that gives"
        " what cpu gives); ganapps doctor lists those that are here",
    )
    engine.add_argument(
        "--precision",
        default="auto",
        metavar="P",
        help="fp32, bf16, fp16 or int8, where the device or the model has it (default: auto, the model's"
        " own)",
    )


def asked_size(args: argparse.Namespace) -> Size | None:
    """The size that is asked for, if any.

    Raises:
        UsageError: options that contradict each other.
    """
    if args.scale is args.width is args.height is args.fit is None:
        return None
    from ganapps.runtime.sizes import Size, parse_fit

    fit = None if args.fit is None else parse_fit(args.fit)
    return Size(scale=args.scale, width=args.width, height=args.height, fit=fit)


def run(args: argparse.Namespace) -> int:
    """Enlarge, report, and return 1 where any file failed."""
    if args.skip and args.overwrite:
        raise UsageError("--skip leaves what is there and --overwrite replaces it: give one of them")
    if args.settle is not None and not args.watch:
        raise UsageError("--settle is for --watch: give both, or leave it out")
    if STREAM in args.inputs or args.output == STREAM:
        return run_stream(args, asked_size(args), open_upscaler)
    if args.dry_run:
        return _print_plan(args)
    from ganapps.runtime.memory import default_budget, parse_budget
    from ganapps.runtime.pipeline import Options

    options = Options(
        size=asked_size(args),
        quality=args.quality,
        overwrite=args.overwrite,
        memory=default_budget() if args.memory is None else parse_budget(args.memory),
    )
    upscaler = open_upscaler(args)
    with ProgressBar(quiet=args.quiet) as bar:
        report = Report(args, upscaler, bar)
        if args.watch:
            _watch(args, upscaler, options, report)
        else:
            _run_batch(args, upscaler, options, report)
    return report.close()


def _run_batch(args: argparse.Namespace, upscaler: Upscaler, options: Options, report: Report) -> None:
    from ganapps.runtime.batch import check_quality, run_jobs
    from ganapps.runtime.worklist import plan_jobs

    jobs = plan_jobs(args.inputs, args.output, args.format)
    check_quality(jobs, args.quality)
    run_jobs(jobs, upscaler, options, on_progress=report.progress, on_result=report.result)


def _watch(args: argparse.Namespace, upscaler: Upscaler, options: Options, report: Report) -> None:
    """Until Ctrl-C, which is how it is meant to end."""
    from ganapps.runtime.watch import SETTLE_SEC, watch_files

    message("watching; Ctrl-C ends it", quiet=args.quiet)
    with contextlib.suppress(KeyboardInterrupt):
        watch_files(
            args.inputs,
            args.output,
            upscaler,
            options,
            format=args.format,
            settle_sec=SETTLE_SEC if args.settle is None else args.settle,
            on_progress=report.progress,
            on_result=report.result,
        )


def _print_plan(args: argparse.Namespace) -> int:
    """A line for every file: what would become of it, and where. Opens no image and no model."""
    from ganapps.runtime.files import display_name
    from ganapps.runtime.worklist import plan_jobs

    if args.watch:
        raise UsageError("--dry-run looks once and --watch for ever: give one of them")
    asked_size(args)
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
        for entry in plan:
            print_json_line(entry)
        would = [entry["would"] for entry in plan]
        print_json_line({"summary": True, "enlarge": would.count("enlarge"), "skip": would.count("skip")})
    else:
        rows = [(job["would"], display_name(job["source"]), display_name(job["target"])) for job in plan]
        print_table(("would", "source", "target"), rows)
    return 0
