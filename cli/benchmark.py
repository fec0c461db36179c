"""`ganapps benchmark`: measure quality and speed where you are."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from . import benchmark_augment, benchmark_speed, benchmark_upscale
from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_threads, positive, whole
from .printing import message, print_json, print_table
from .progress import ProgressBar
from .training import choose_device

if TYPE_CHECKING:
    from ganapps.adversarial.benchmark.core import CoreRow

_CORE = """\
Train DCGAN at 32 x 32 on random pixels in three ways, in turns in one run, and
print images per second: with the core of ganapps, with a loop for this one game
written by hand in PyTorch, and with torchgan where it is installed. The overhead
is the time an image takes beyond the hand-written loop's; it weighs less in larger
networks. The second game has R1, which torchgan has not. Needs PyTorch."""

_CORE_EXAMPLES = """\
  ganapps benchmark core
  ganapps benchmark core --threads 1 --seconds 300 --json
  ganapps benchmark core --device cuda --batch 256 --peak-tflops 495"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the benchmarks."""
    group = commands.add_parser("benchmark", help="measure quality and speed on your images and machine")
    group.set_defaults(run=None, parser=group)
    benchmarks = group.add_subparsers(title="what to measure", metavar="WHAT", parser_class=Parser)
    benchmark_upscale.add_to(benchmarks)
    benchmark_speed.add_to(benchmarks)
    benchmark_augment.add_to(benchmarks)
    _add_core(benchmarks)
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


def _add_core(benchmarks: argparse._SubParsersAction[Parser]) -> None:
    core = add_command(
        benchmarks,
        "core",
        help="what the core costs beside a loop written by hand",
        description=_CORE,
        examples=_CORE_EXAMPLES,
        run=run_core,
    )
    core.add_argument(
        "--seconds", type=positive, default=60.0, metavar="N", help="time for each game (default: 60)"
    )
    core.add_argument(
        "--width", type=whole(1), default=64, metavar="N", help="channels at 16 x 16 (default: 64)"
    )
    core.add_argument("--batch", type=whole(2), default=64, metavar="N", help="images a batch (default: 64)")
    core.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda, cuda:1, ... (default: cpu)")
    core.add_argument(
        "--peak-tflops",
        type=positive,
        metavar="N",
        help="what the device can do at best, in 10^12 operations a second, for the column of its share",
    )
    add_threads(core)
    add_json(core)


def run_core(args: argparse.Namespace) -> int:
    """Print a table of speeds."""
    with needing_extras("ganapps benchmark core"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.adversarial.benchmark.core import benchmark_core

        device = choose_device(args.device)
        table = benchmark_core(
            seconds=args.seconds,
            threads=args.threads,
            device=device,
            width=args.width,
            batch=args.batch,
            peak_tflops=args.peak_tflops,
            on_progress=bar.stage("measuring"),
        )
    notes = [*table.notes]
    if device.startswith("cuda") and args.peak_tflops is None:
        notes.append("the share of the peak is not shown: give --peak-tflops, from the maker's data sheet")
    if args.json:
        print_json({"device": device, "rows": [asdict(row) for row in table.rows], "notes": notes})
    else:
        peak = args.peak_tflops is not None
        columns = ("game", "trained by", "images/s", "overhead %", "quartiles", "repeats", "TFLOP/s")
        rows = [_core_cells(row, peak) for row in table.rows]
        print_table((*columns, "% of peak") if peak else columns, rows, numbers=(*columns[2:], "% of peak"))
    for note in notes:
        message(note, quiet=args.quiet)
    return 0


def _core_cells(row: CoreRow, peak: bool) -> tuple[str, ...]:
    overhead = quartiles = "-"
    if row.overhead is not None and row.overhead_quartiles is not None:
        overhead = f"{100 * row.overhead:+.1f}"
        quartiles = " to ".join(f"{100 * end:+.1f}" for end in row.overhead_quartiles)
    cells = (row.game, row.loop, f"{row.images_a_second:.1f}", overhead, quartiles, str(row.repeats))
    share = () if row.peak_share is None or not peak else (f"{100 * row.peak_share:.1f}",)
    return (*cells, f"{row.tflops:.4g}", *share)


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
