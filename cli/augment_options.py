"""The options of `ganapps augment`, which of them go together, and the command line that says them again."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from ganapps.errors import UsageError

from .parser import Parser, add_json, add_seed, add_threads, whole
from .training import add_budget

_UNSAID = frozenset({"help", "quiet", "json", "data"})
"""What does not change what is made, and DATA, which stands first."""


def add_options(parser: Parser) -> None:
    """All arguments of the command."""
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
        help="images wanted in each class, real and added, whether they help or not (default: up to twice"
        " the largest class, as far as they help in cross-validation)",
    )
    _add_unlabelled(parser)
    _add_classic(parser)
    _add_proof(parser)
    parser.add_argument(
        "--licence",
        "--license",
        metavar="TEXT",
        help="licence of DATA, for the data card (default: that of a LICENSE file in or beside DATA)",
    )
    add_seed(parser)
    add_threads(parser)
    add_json(parser)


def _add_unlabelled(parser: Parser) -> None:
    group = parser.add_argument_group(
        "real images without labels (needs PyTorch)",
        "A classifier is trained on DATA and on these images. Those of which it believes one\n"
        "class more than all others together join the set, marked in its manifest. It takes\n"
        "half of --minutes on one core, without them 5, beside the generator's.",
    )
    group.add_argument(
        "--unlabeled",
        "--unlabelled",
        type=Path,
        metavar="DIR",
        help="a folder of images, names of subfolders ignored, or an .npz file of them",
    )
    group.add_argument(
        "--label-precision",
        type=float,
        metavar="P",
        help="share of right labels asked for, 0.5 to 0.999; the higher, the fewer and the plainer are added",
    )


def _add_classic(parser: Parser) -> None:
    group = parser.add_argument_group(
        "classic augmentation instead of a generator",
        "Classic augmentation is best applied afresh in training, where every epoch sees\n"
        "other changes; the policy's name and numbers are printed for that. --classic-only\n"
        "writes a fixed sample of them, for a trainer that takes nothing but a folder.",
    )
    group.add_argument(
        "--classic-only",
        action="store_true",
        help="add changed copies of the real images, by the policy that does best on folds of DATA",
    )
    group.add_argument(
        "--policy",
        metavar="NAME",
        help="take this policy, tune none; needs no PyTorch (light; affine; 'affine, mirrored'; strong; ...)",
    )


def _add_proof(parser: Parser) -> None:
    group = parser.add_argument_group(
        "proof (needs PyTorch)",
        "With --test the command ends in what ganapps prove says of OUT, and OUT/proof.json.\n"
        "The proof's time is not part of --minutes. Stopped in it, OUT is whole, and the\n"
        "same command makes the proof alone.",
    )
    group.add_argument(
        "--test",
        type=Path,
        metavar="TEST",
        help="real images kept for testing: none of them may be in DATA, and they are not trained on",
    )
    group.add_argument(
        "--extra", type=Path, metavar="REAL", help="further real images, for what as many of them would bring"
    )
    group.add_argument(
        "--seeds",
        type=whole(6, 20),
        metavar="N",
        help="trainings of each classifier on each set, 6 to 20 (default: 8)",
    )
    group.add_argument("--no-proof", action="store_true", help="with --test, leave the proof out")


def wants_proof(args: argparse.Namespace) -> bool:
    """Whether the command ends in a proof."""
    return args.test is not None and not args.no_proof and not args.check


def require_sense(args: argparse.Namespace) -> None:
    """Check that the options go together.

    Raises:
        UsageError: they do not.
    """
    budget = {"--minutes": args.minutes, "--images": args.images}
    for option, value in budget.items():
        if args.model is not None and value is not None:
            raise UsageError(f"{option} is a budget of training and --model trains nothing: give one of them")
    require_labelling(args)
    for option, value in {"--model": args.model, **budget}.items():
        if args.classic_only and value is not None:
            raise UsageError(f"--classic-only uses no generator: leave out {option}")
    if args.policy is not None and not args.classic_only:
        raise UsageError("--policy is for --classic-only: give it as well, or leave out --policy")
    for option, value in (("--extra", args.extra), ("--seeds", args.seeds), ("--no-proof", args.no_proof)):
        if value and args.test is None:
            raise UsageError(
                f"{option} is about the proof, which needs --test TEST: give it, or leave out {option}"
            )
        if value and args.no_proof and option != "--no-proof":
            raise UsageError(f"{option} is for the proof and --no-proof leaves it out: give one of them")
    if args.output is None and not args.check:
        raise UsageError(
            "ganapps augment: the following arguments are required: -o/--output (or --check);"
            " see ganapps augment --help"
        )
    if args.output is not None and args.check:
        raise UsageError("--check writes nothing: leave out -o or --check")


def require_labelling(args: argparse.Namespace) -> None:
    """Check what is asked for of unlabelled images.

    Raises:
        UsageError: it makes no sense.
    """
    precision = args.label_precision
    if args.classic_only and args.unlabeled is not None:
        raise UsageError("--classic-only adds copies of the labelled images alone: leave out --unlabeled")
    if precision is not None and args.unlabeled is None:
        raise UsageError(
            "--label-precision is about unlabelled images: give --unlabeled DIR, or leave it out"
        )
    if precision is not None and not 0.5 <= precision <= 0.999:
        raise UsageError(f"--label-precision must be from 0.5 to 0.999, got {precision:g}")


def typed(args: argparse.Namespace) -> str:
    """The command as it may be typed again, with what differs from the defaults, for a shell."""
    words = ["ganapps", "augment", str(args.data)]
    for action in args.parser._actions:
        value = getattr(args, action.dest, None)
        if action.dest in _UNSAID or value is None or value == action.default:
            continue
        words.append(max(action.option_strings[:2], key=len))
        if value is not True:
            words.append(_said(value))
    return shlex.join(words)


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
