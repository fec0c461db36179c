"""`ganapps benchmark augment`: on which sets, and at which sizes, augmenting helps."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import UsageError

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_seed, add_threads, whole
from .printing import message, print_json, print_table
from .progress import ProgressBar
from .prove import add_effort
from .training import add_budget

if TYPE_CHECKING:
    from ganapps.augment.benchmark.answer import Answer

_DESCRIPTION = """\
Ask of each set, at each number of images a class, whether augmenting helps
(needs PyTorch): so many training images of each class are drawn, expanded by
several generators trained under different seeds, and put to the proof on the
set's test images (see ganapps prove). Everything is kept in WORK, and the same
command goes on where it stopped.

SET is an .npz file with images, labels, classes and split ("train" or "test"),
or a folder that holds the sets train and test."""

_EXAMPLES = """\
  ganapps benchmark augment clothes.npz hands/ -o work/
  ganapps benchmark augment clothes.npz -o work/ --per-class 10 25 --minutes 5
  ganapps benchmark augment clothes.npz -o work-unlabeled/ --unlabeled --json"""


def add_to(benchmarks: argparse._SubParsersAction[Parser]) -> None:
    """Add this benchmark."""
    parser = add_command(
        benchmarks,
        "augment",
        help="on which labelled sets, and at which sizes, augmenting helps (needs PyTorch)",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
        interrupted="interrupted: the same command goes on where it stopped",
    )
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET", help="labelled images with a test set")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="WORK", help="folder for all that is made"
    )
    parser.add_argument(
        "--per-class",
        nargs="+",
        type=whole(2),
        default=[10, 25, 100],
        metavar="N",
        help="images of each class that are known (default: 10 25 100)",
    )
    parser.add_argument(
        "--unlabeled",
        action="store_true",
        help="give the training images that are left over as images without labels",
    )
    parser.add_argument(
        "--unlabeled-images",
        type=whole(1),
        metavar="N",
        help="with --unlabeled, so many of them at most (default: all)",
    )
    add_budget(parser, default="; for each generator (default: 15)")
    parser.add_argument(
        "--expansions",
        type=whole(1, 20),
        default=3,
        metavar="N",
        help="generators trained for each row, under seeds of their own (default: 3)",
    )
    add_effort(parser)
    parser.add_argument(
        "--test-images",
        type=whole(1),
        default=1_000,
        metavar="N",
        help="of a larger test set so many are drawn (default: 1000)",
    )
    add_seed(parser)
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print a row for each set and number."""
    if args.unlabeled_images is not None and not args.unlabeled:
        raise UsageError(
            "--unlabeled-images is about images without labels: add --unlabeled, or leave it out"
        )
    with needing_extras("ganapps benchmark augment"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.augment.benchmark.answer import Answer, Skipped
        from ganapps.augment.benchmark.bout import Method, benchmark_augment

        method = Method(
            minutes=args.minutes,
            images=args.images,
            expansions=args.expansions,
            unlabelled=args.unlabeled,
            most_unlabelled=args.unlabeled_images,
            seeds=args.seeds,
            updates=args.updates,
            most_test=args.test_images,
            seed=args.seed,
        )
        found = list(
            benchmark_augment(
                args.sets, args.per_class, args.output, method, threads=args.threads, on_stage=bar.stage
            )
        )
    answers = [row for row in found if isinstance(row, Answer)]
    skipped = [row for row in found if isinstance(row, Skipped)]
    if args.json:
        print_json({"rows": [asdict(row) for row in answers], "skipped": [asdict(row) for row in skipped]})
        return 0
    columns = (
        "set", "a class", "test", "added", "real", "classic", "+ added", "+ real", "classifier",
        "difference", "95 % interval", "p", "verdict", "min",
    )  # fmt: skip
    print_table(columns, [_cells(answer) for answer in answers], numbers=(*columns[1:10], "p", "min"))
    for row in skipped:
        message(f"{row.source}, {row.per_class} a class: left out, {row.reason}", quiet=args.quiet)
    return 0


def _cells(row: Answer) -> tuple[str, ...]:
    from ganapps.augment.proof.report import points

    return (
        row.source,
        str(row.per_class),
        str(row.test),
        f"{row.added:.0f}",
        _percent(row.real),
        _percent(row.classic),
        _percent(row.selected),
        _percent(row.ceiling),
        _percent(row.classifier),
        points(row.difference),
        f"{points(row.low)} to {points(row.high)}",
        f"{row.p_value:.3f}",
        row.verdict,
        "-" if row.minutes is None else f"{row.minutes:.0f}",
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
