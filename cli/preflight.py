"""What `ganapps augment` says of a set before it trains on it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .printing import print_json, print_table
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.augment.sets.outlook import Plan
    from ganapps.augment.sets.preflight import ClassCheck, Preflight


def check_set(args: argparse.Namespace, *, default_minutes: float) -> tuple[Preflight, Plan]:
    """Look at the set that a command line names, with a bar."""
    with ProgressBar(quiet=args.quiet) as bar:
        from ganapps.augment.sets.examination import examine
        from ganapps.augment.sets.outlook import make_plan

        found = examine(args.data, test=args.test, on_progress=bar.stage("checking"))
    open_ended = args.minutes is None and args.images is None and args.model is None
    plan = make_plan(
        found,
        model=args.model,
        minutes=default_minutes if open_ended else args.minutes,
        training_images=args.images,
        per_class=args.per_class,
        classic=_classic(args),
    )
    return found, plan


def _classic(args: argparse.Namespace) -> str | None:
    """The policy of `--classic-only`, in words."""
    if not args.classic_only:
        return None
    return f"the policy {args.policy!r}" if args.policy else "the classic policy that suits them best"


def print_check(found: Preflight, plan: Plan, args: argparse.Namespace) -> None:
    """Print all that was found, as a table or as JSON."""
    if args.json:
        print_json(check_as_json(found, plan))
    else:
        _print_classes(found.classes)
        print()
        print_summary(found, plan)
    require_usable(found)


def require_usable(found: Preflight) -> None:
    """Check that something may be trained on the set.

    Raises:
        ImageError: files of it cannot be read.
        DataError: images of it are in the test set as well.
    """
    from ganapps.augment.sets.outlook import refusal

    error = refusal(found)
    if error is not None:
        raise error


def check_as_json(found: Preflight, plan: Plan) -> dict[str, Any]:
    """All that was found, and the sentences about it, as plain values."""
    from dataclasses import asdict

    from ganapps.augment.sets.outlook import expectation, findings, refusal

    error = refusal(found)
    return {
        **found.as_json(),
        "findings": list(findings(found)),
        "expect": expectation(found),
        "plan": {**asdict(plan), "sentence": plan.sentence()},
        "refused": None if error is None else str(error),
    }


def print_summary(found: Preflight, plan: Plan) -> None:
    """Print what was found in a few lines."""
    from ganapps.augment.sets.outlook import expectation, findings, shape_name

    sizes = "one size" if found.num_sizes == 1 else f"{found.num_sizes:,} sizes"
    print(
        f"{found.images:,} images of {len(found.classes)} classes, {sizes}, worked on as {shape_name(found)}"
    )
    for sentence in findings(found):
        print(f"note: {sentence}")
    if plan.classic is None:  # what is to be expected of a generator
        print(f"expect: {expectation(found)}")
    print(f"plan: {plan.sentence()}")


def _print_classes(classes: tuple[ClassCheck, ...]) -> None:
    sizes, faults = ("smallest", "median", "largest"), ("copies", "near-copies", "damaged")
    columns = ("class", "images", *sizes, "colour", *faults)
    rows = [
        (
            entry.name,
            str(entry.images),
            _size(entry.smallest),
            _size(entry.median),
            _size(entry.largest),
            _colour(entry),
            str(entry.exact_copies),
            str(entry.near_copies),
            str(entry.unreadable),
        )
        for entry in classes
    ]
    print_table(columns, rows, numbers=("images", *sizes, *faults))


def _size(size: tuple[int, int] | None) -> str:
    return "-" if size is None else f"{size[0]} x {size[1]}"


def _colour(entry: ClassCheck) -> str:
    readable = entry.images - entry.unreadable
    if not 0 < entry.colour < readable:
        return "colour" if entry.colour else "grey"
    return f"{entry.colour} of {readable}"
