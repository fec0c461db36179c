"""What `ganapps augment` prints when a set is made, and when it is proved."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .printing import print_table
from .prove import print_proof

if TYPE_CHECKING:
    from ganapps.augment import ExpansionReport
    from ganapps.augment.proof.report import ProofReport


def print_expansion(report: ExpansionReport, args: argparse.Namespace) -> None:
    """Print what was added and what was dropped."""
    if not args.quiet:
        _print_classes(report)
        print()
        if report.policy is not None:
            _print_policy(report.policy)
        if report.memorisation is not None:
            print(f"copies? {report.memorisation.sentence()}")
    print(f"{report.verdict()}: {args.output / 'images'}")
    if not args.quiet:
        if ways := _ways_left(report):
            print(f"what is left to try: {', or '.join(ways)}")
        print(f"look at {args.output / 'report.html'}", flush=True)


def _ways_left(report: ExpansionReport) -> list[str]:
    """What is left to try where nothing was added."""
    if report.added or report.pseudo_labelled or not any(c.wanted for c in report.classes):
        return []
    ways = []
    if report.unlabelled is None:
        ways.append("real images without labels (--unlabeled DIR)")
    if report.kind != "classic":
        ways.append("classic augmentation (--classic-only)")
    return ways


def _print_classes(report: ExpansionReport) -> None:
    if report.kind == "classic":
        columns: tuple[str, ...] = ("class", "real", "added")
        rows = [(c.name, str(c.real), str(c.added)) for c in report.classes]
        print_table(columns, rows, numbers=columns[1:])
        return
    columns = ("class", "real", "generated", "wrong label", "near-copies", "repeats", "added")
    counted: list[tuple[str | int, ...]] = [
        (c.name, c.real, c.generated, c.wrong_label, c.near_copies, c.repeats, c.added)
        for c in report.classes
    ]
    if report.unlabelled is not None:
        columns = (*columns, "pseudo-labelled")
        counted = [(*row, c.pseudo_labelled) for row, c in zip(counted, report.classes, strict=True)]
    print_table(columns, [tuple(map(str, row)) for row in counted], numbers=columns[1:])


def _print_policy(policy: Any) -> None:
    numbers = ", ".join(f"{name} {value}" for name, value in policy["numbers"].items())
    print(f"classic policy: {policy['name']} ({numbers})")
    print(f"{policy['chosen']}; best applied afresh in training, the copies are a fixed sample")


def print_verdict(report: ProofReport, values: dict[str, Any], args: argparse.Namespace) -> None:
    """Print the verdict first, and the tables that it rests on.

    Args:
        report: the proof.
        values: what was written of it, see `ganapps.augment.proving.describe_proof`.
        args: the command's.
    """
    if not args.quiet:
        print()
    print(values["sentence"])
    if args.quiet:
        return
    for also in values.get("also", []):
        print(also)
    print()
    print_proof(report, values.get("arm_names"))
    print(f"written: {args.output / 'proof.json'}, {args.output / 'report.html'}")
