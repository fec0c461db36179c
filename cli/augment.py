"""`ganapps augment`: a small labelled set in, a larger one out, and a verdict where there is a test set."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .augment_options import add_options, require_sense, typed, wants_proof
from .augment_report import print_expansion, print_verdict
from .extras import needing_extras
from .parser import Parser, add_command
from .preflight import check_as_json, check_set, print_check, print_summary, require_usable
from .printing import print_json
from .progress import ProgressBar
from .training import showing_reports

if TYPE_CHECKING:
    from ganapps.augment import ExpansionReport
    from ganapps.augment.proving import ProofRequest

_DESCRIPTION = """\
Write a larger copy of a labelled set. A generator is trained on the set first,
unless --model gives one, which needs no PyTorch. Near-copies of real images, and
images that a classifier of the real ones does not take for their label, are
dropped. That nothing is added is a possible result. OUT/images is the new set,
OUT/report.html shows what was made, OUT/README.md is its data card.

DATA is a folder with one subfolder of images a class; a .csv file with the
columns path and label, or a .jsonl file with an object of both in each line,
paths relative to the file; or an .npz file with images, labels and classes. Its
images may be of any size. --check looks at DATA and trains nothing: counts,
sizes, copies, doubtful labels, damaged files, and what to expect.

With --test the command goes on to measure on real images that nothing was
trained on whether the larger set makes a better classifier, and says so."""

_EXAMPLES = """\
  ganapps augment my-classes/ --check
  ganapps augment my-classes/ -o my-classes-larger/
  ganapps augment my-classes/ -o my-classes-larger/ --test my-test/
  ganapps augment my-classes/ -o my-classes-larger/ --unlabeled more-images/
  ganapps augment my-classes/ -o my-classes-larger/ --minutes 30 --per-class 200
  ganapps augment my-classes/ -o my-classes-larger/ --model runs/mine/generator.onnx
  ganapps augment my-classes/ -o my-classes-larger/ --classic-only --test my-test/"""


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
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Expand the set, prove it where there is a test set, and print what was added and whether it helps."""
    require_sense(args)
    if args.policy is not None:
        from ganapps.augment.policy_choice import named_policy

        named_policy(args.policy)  # before any work: there may be none of that name
    from ganapps.augment.augmentation import DEFAULT_MINUTES

    if args.check:
        print_check(*check_set(args, default_minutes=DEFAULT_MINUTES), args)
        return 0
    _require_packages(args)
    found = plan = None
    result: dict[str, Any] = {"out": str(args.output)}
    if not _is_made(args):
        found, plan = check_set(args, default_minutes=DEFAULT_MINUTES)
        require_usable(found)
        if wants_proof(args):
            _require_testable(args)
        if not (args.json or args.quiet):
            print_summary(found, plan)
            if args.unlabeled is not None:
                print(f"before that: label what it can of {args.unlabeled}, which may fill all classes")
            if wants_proof(args) and found.test is not None:
                print(f"then: measure on the {found.test.images} images of {args.test} whether it helps")
            print()
        report = _expand(args)
        if not args.json:
            print_expansion(report, args)
    elif not (args.json or args.quiet):
        print(f"{args.output} holds this set already: what is left is its proof", flush=True)
    proof = _prove(args) if wants_proof(args) else None
    if args.json:
        from ganapps.augment.output.expansion import read_expansion

        checked = {} if found is None or plan is None else {"check": check_as_json(found, plan)}
        print_json(result | dict(read_expansion(args.output).report) | checked | {"proof": proof})
    return 0


def _require_packages(args: argparse.Namespace) -> None:
    """Before the set is read: without what is missing all is in vain."""
    from ganapps.augment.proving import require_packages

    with needing_extras("ganapps augment"):
        if args.classic_only and args.policy is not None:
            require_packages("ganapps augment --classic-only", "use a generator", ["albumentations"])
        elif args.classic_only:
            require_packages("tuning a classic policy", "name one with --policy")
        elif args.model is None or args.unlabeled is not None:
            import ganapps.augment.generator.training  # noqa: F401
    if wants_proof(args):
        require_packages("the proof of ganapps augment --test", "leave the proof out with --no-proof")


def _is_made(args: argparse.Namespace) -> bool:
    """Whether OUT is what this command would make, and waits for its proof.

    Raises:
        OutputError, UsageError: nothing can be written there.
    """
    from ganapps.augment.expand import require_request

    if wants_proof(args):
        from ganapps.augment.output.earlier import find_earlier

        if find_earlier(args.data, args.output, _request(args)) is not None:
            return True
    require_request(args.data, args.output, per_class=args.per_class, seed=args.seed)
    return False


def _request(args: argparse.Namespace) -> dict[str, Any]:
    if args.classic_only:
        from ganapps.augment.output.earlier import describe_request

        return describe_request(
            seed=args.seed, per_class=args.per_class, classic_only=True, policy=args.policy
        )
    from ganapps.augment.augmentation import request

    return request(
        model=args.model,
        minutes=args.minutes,
        images=args.images,
        per_class=args.per_class,
        seed=args.seed,
        unlabelled=args.unlabeled,
        label_precision=args.label_precision,
    )


def _expand(args: argparse.Namespace) -> ExpansionReport:
    with needing_extras("ganapps augment"), ProgressBar(quiet=args.quiet) as bar:
        if args.classic_only:
            return _copy(args, bar)
        from ganapps.augment import augment

        return augment(
            args.data,
            args.output,
            model=args.model,
            minutes=args.minutes,
            images=args.images,
            per_class=args.per_class,
            seed=args.seed,
            threads=args.threads,
            test=args.test,
            licence=args.licence,
            command=typed(args),
            unlabelled=args.unlabeled,
            label_precision=args.label_precision,
            on_labelling=bar.stage("labelling"),
            on_loading=bar.stage("reading"),
            on_report=showing_reports(bar, quiet=args.quiet),
            on_choosing=bar.stage("choosing how many"),
            on_progress=bar.stage("expanding"),
        )


def _copy(args: argparse.Namespace, bar: ProgressBar) -> ExpansionReport:
    from ganapps.augment.classic_copies import copy_classic
    from ganapps.augment.output.origin import Origin
    from ganapps.augment.policy_choice import named_policy

    return copy_classic(
        args.data,
        args.output,
        policy=None if args.policy is None else named_policy(args.policy),
        per_class=args.per_class,
        seed=args.seed,
        threads=args.threads,
        origin=Origin(command=typed(args), licence=args.licence, request=_request(args)),
        on_tuning=bar.stage("tuning"),
        on_progress=bar.stage("copying"),
    )


def _proof_request(args: argparse.Namespace) -> ProofRequest:
    from ganapps.augment.proving import ProofRequest

    return ProofRequest(test=args.test, extra=args.extra, seeds=args.seeds)


def _require_testable(args: argparse.Namespace) -> None:
    from ganapps.augment.proving import require_testable

    require_testable(args.data, _proof_request(args))


def _prove(args: argparse.Namespace) -> dict[str, Any]:
    """Prove OUT, which is whole whatever happens now; what was written of the proof."""
    args.interrupted = (
        f"interrupted: {args.output} is whole, and the same command makes the proof that is missing"
    )
    with needing_extras("ganapps augment"), ProgressBar(quiet=args.quiet) as bar:
        from ganapps.augment.proving import prove_expansion

        report, values = prove_expansion(
            args.data,
            args.output,
            _proof_request(args),
            seed=args.seed,
            threads=args.threads,
            on_progress=bar.stage("proving"),
        )
    if not args.json:
        print_verdict(report, values, args)
    return values
