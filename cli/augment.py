"""`ganapps augment`: a small labelled set in, a larger one out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import UsageError

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_seed, add_threads, whole
from .preflight import check_as_json, check_set, print_check, print_summary, require_usable
from .printing import print_json, print_table
from .progress import ProgressBar
from .training import add_budget, showing_reports

if TYPE_CHECKING:
    from ganapps.augment import ExpansionReport

_DESCRIPTION = """\
Write a larger copy of a labelled set. A generator is trained on the set first,
unless --model gives one, which needs no PyTorch. Near-copies of real images, and
images that a classifier of the real ones does not take for their label, are
dropped. That nothing is added is a possible result.

DATA is a folder with one subfolder of images a class; a .csv file with the
columns path and label, or a .jsonl file with an object of both in each line,
paths relative to the file; or an .npz file with images, labels and classes. Its
images may be of any size. --check looks at DATA and trains nothing: counts,
sizes, copies, doubtful labels, damaged files, and what to expect."""

_EXAMPLES = """\
  ganapps augment my-classes/ --check
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
    parser.add_argument("data", type=Path, metavar="DATA", help="the set: a folder, .csv, .jsonl or .npz")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="folder to make; required but with --check"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="only look at DATA and say what is wrong with it and what to expect; exit 1 if it is refused",
    )
    parser.add_argument(
        "--test",
        type=Path,
        metavar="TEST",
        help="real images kept for testing: refuse DATA that holds one of them; they are not trained on",
    )
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
    if args.output is None and not args.check:
        raise UsageError(
            "ganapps augment: the following arguments are required: -o/--output (or --check);"
            " see ganapps augment --help"
        )
    if args.output is not None and args.check:
        raise UsageError("--check writes nothing: leave out -o or --check")
    from ganapps.augment.augmentation import DEFAULT_MINUTES

    if args.check:
        print_check(*check_set(args, default_minutes=DEFAULT_MINUTES), args)
        return 0
    with needing_extras("ganapps augment"):
        if args.model is None:
            import ganapps.augment.training  # noqa: F401  before the set is read: without PyTorch all is in vain
        from ganapps.augment.expand import require_request

        require_request(args.data, args.output, per_class=args.per_class, seed=args.seed)
    found, plan = check_set(args, default_minutes=DEFAULT_MINUTES)
    require_usable(found)
    if not (args.json or args.quiet):
        print_summary(found, plan)
        print()
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
    if args.json:
        print_json({"out": str(args.output), **report.as_json(), "check": check_as_json(found, plan)})
    else:
        _print_report(report, args)
    return 0


def _print_report(report: ExpansionReport, args: argparse.Namespace) -> None:
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
