"""`ganapps augment`: a small labelled set in, a larger one out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import UsageError

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_seed, add_threads, whole
from .printing import print_json, print_table
from .progress import ProgressBar
from .training import add_budget, showing_reports

if TYPE_CHECKING:
    from ganapps.augment import ExpansionReport

_DESCRIPTION = """\
Write a larger copy of a labelled set (one subfolder of images a class). A
generator is trained on the set first, unless --model gives one, which needs no
PyTorch. Near-copies of real images, and images that a classifier of the real
ones does not take for their label, are dropped. That nothing is added is a
possible result."""

_EXAMPLES = """\
  ganapps augment my-classes/ -o my-classes-larger/
  ganapps augment my-classes/ -o my-classes-larger/ --minutes 30 --per-class 200
  ganapps augment my-classes/ -o my-classes-larger/ --model runs/mine/generator.onnx"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "augment",
        help="grow a small labelled set of images",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
        interrupted="interrupted: nothing half-made is left, and the same command goes on where it stopped",
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with one subfolder of images a class")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="folder to make")
    parser.add_argument(
        "-m",
        "--model",
        metavar="NAME|FILE",
        help="sample from this generator, train none; see ganapps models",
    )
    add_budget(parser, default=" (default: 15)")
    parser.add_argument(
        "--per-class",
        type=whole(1),
        metavar="N",
        help="images wanted in each class, real and synthetic (default: twice the largest class)",
    )
    add_seed(parser)
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Expand the set and print what was added and what was dropped."""
    for option, value in (("--minutes", args.minutes), ("--images", args.images)):
        if args.model is not None and value is not None:
            raise UsageError(f"{option} is a budget of training and --model trains nothing: give one of them")
    with needing_extras("ganapps augment"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.augment import augment

        report = augment(
            args.data,
            args.output,
            model=args.model,
            minutes=args.minutes,
            images=args.images,
            per_class=args.per_class,
            seed=args.seed,
            threads=args.threads,
            on_loading=bar.stage("reading"),
            on_report=showing_reports(bar, quiet=args.quiet),
            on_progress=bar.stage("expanding"),
        )
    _print_report(report, args)
    return 0


def _print_report(report: ExpansionReport, args: argparse.Namespace) -> None:
    if args.json:
        print_json({"out": str(args.output), **report.as_json()})
        return
    columns = ("class", "real", "generated", "wrong label", "near-copies", "repeats", "added")
    rows = [
        (
            c.name,
            str(c.real),
            str(c.generated),
            str(c.wrong_label),
            str(c.near_copies),
            str(c.repeats),
            str(c.added),
        )
        for c in report.classes
    ]
    if not args.quiet:
        print_table(columns, rows, numbers=columns[1:])
        print()
    print(f"{report.verdict()}: {args.output / 'images'}")
