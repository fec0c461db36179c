"""`ganapps prove`: does an expanded set make a better classifier?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_seed, add_threads, whole
from .printing import print_json, print_table
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.augment.proof.report import Comparison, NetworkResult, ProofReport

_DESCRIPTION = """\
Measure on held-out real images whether the images that ganapps augment added
make a better classifier (needs PyTorch). The same two classifiers, a small
network from scratch and a linear one on pretrained features, are trained on
several sets, with as many updates or to the end: the real images alone, with
the classic augmentation that suits them best, with duplicates, with unfiltered
synthetic images, with what was selected (of unlabelled images too, where there
were some) and, given --extra, with as many further real ones.
Classic augmentation is tuned on the training images; the test images choose
nothing. The verdict is one of: helps, no effect, hurts, or that the test set
is too small or the seeds too few to tell.

DATA, TEST and REAL hold one subfolder of images a class, or are .npz files with
images, labels and classes."""

_EXAMPLES = """\
  ganapps prove my-classes/ my-classes-larger/ --test my-test/
  ganapps prove my-classes/ larger-0/ larger-1/ larger-2/ --test my-test/
  ganapps prove my-classes/ my-classes-larger/ --test my-test/ --extra more-real/ --json"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "prove",
        help="measure whether an expanded set makes a better classifier (needs PyTorch)",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="the real training images")
    parser.add_argument(
        "expanded",
        nargs="+",
        type=Path,
        metavar="EXPANDED",
        help="what ganapps augment made of them; several from generators with different --seed tell more",
    )
    parser.add_argument(
        "--test", required=True, type=Path, metavar="TEST", help="real images that nothing was trained on"
    )
    parser.add_argument(
        "--extra", type=Path, metavar="REAL", help="further real images, for what as many of them would bring"
    )
    add_effort(parser)
    add_seed(parser)
    add_threads(parser)
    add_json(parser)


def add_effort(parser: argparse.ArgumentParser) -> None:
    """`--seeds` and `--updates` of a proof."""
    parser.add_argument(
        "--seeds",
        type=whole(6, 20),
        default=8,
        metavar="N",
        help="trainings of each classifier on each set, 6 to 20 (default: 8)",
    )
    parser.add_argument(
        "--updates",
        type=whole(1),
        metavar="N",
        help="batches of 32 in each training (default: 400, more where that shows an image under 10 times)",
    )


def run(args: argparse.Namespace) -> int:
    """Prove, and print the table and the verdict."""
    with needing_extras("ganapps prove"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.augment.proof.proof import prove

        report = prove(
            args.data,
            args.expanded,
            args.test,
            extra=args.extra,
            seeds=args.seeds,
            updates=args.updates,
            seed=args.seed,
            threads=args.threads,
            on_progress=bar.stage("proving"),
        )
    if args.json:
        print_json(report.as_json())
        return 0
    if not args.quiet:
        print_proof(report)
    print(report.sentence())
    labeller = report.labeller_sentence()
    if labeller is not None and not args.quiet:
        print(labeller)
    return 0


def print_proof(report: ProofReport, names: Mapping[str, str] | None = None) -> None:
    """Print the tables of a proof and what there is to say of it, but for the verdict.

    Args:
        report: the proof.
        names: what to call arms that are not to be called what they are.
    """
    for network in report.networks:
        _print_network(network, report, names or {})
    _print_notes(report, names or {})


def _print_network(network: NetworkResult, report: ProofReport, names: Mapping[str, str]) -> None:
    print(f"{network.network}, classic policy: {network.policy} (held-out {network.validation:.1%})")
    rows = []
    for result in network.arms:
        weakest = min(range(len(report.classes)), key=lambda label, recall=result.recall: recall[label])  # type: ignore[misc]
        rows.append(
            (
                names.get(result.arm, result.arm),
                str(result.images),
                _percent(_mean(result.accuracy)),
                _percent(_mean(result.balanced_accuracy)),
                f"{_percent(result.recall[weakest])} {report.classes[weakest]}",
            )
        )
    columns = ("trained on", "images", "accuracy", "balanced", "weakest class")
    print_table(columns, rows, numbers=columns[1:4])
    print()
    columns = ("balanced accuracy", "difference", "95 % interval", "p", "verdict")
    compared = [_row(c, names) for c in network.comparisons if c.measure == columns[0]]
    print_table(columns, compared, numbers=columns[1:4])
    print()


def _row(comparison: Comparison, names: Mapping[str, str]) -> tuple[str, str, str, str, str]:
    from ganapps.augment.proof.report import points

    change = comparison.difference
    first, second = (names.get(arm, arm) for arm in (comparison.first, comparison.second))
    return (
        f"{second} against {first}",
        points(change.mean),
        f"{points(change.low)} to {points(change.high)}",
        f"{comparison.p_value:.3f}",
        comparison.effect.value,
    )


def _print_notes(report: ProofReport, names: Mapping[str, str]) -> None:
    num = len(report.added)
    print(
        f"{report.seeds} paired seeds, {report.updates} updates from scratch, {sum(report.test)} test images,"
        f" {num} {'expansion' if num == 1 else 'expansions'}"
    )
    if num == 1:
        print("one expansion says nothing of other trainings of its generator: give several")
    if report.near_copies:
        print(f"{report.near_copies} test images left out: nearly the same as a real image trained on")
    for arm, reason in report.missing.items():
        print(f"{names.get(arm, arm)}: not measured, {reason}")
    print()


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
