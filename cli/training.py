"""What the commands that train have in common: the budget, the device, and how a training is shown."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import GanappsError, UsageError

from .parser import positive, whole
from .printing import message
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.adversarial import Report

_PAGE_EVERY_SEC = 120.0


def add_budget(parser: argparse.ArgumentParser, default: str = "") -> None:
    """`--minutes` and `--images`."""
    parser.add_argument(
        "--minutes", type=positive, metavar="N", help=f"train this long, interruptions not counted{default}"
    )
    parser.add_argument("--images", type=whole(1), metavar="N", help="train on so many images")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """`-o RUN`, `--resume` and `--device`."""
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="RUN",
        help="folder of the run: state, log and model",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the run in RUN; --minutes is its whole budget"
    )
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, cuda:1, ... (default: cuda where it works, else cpu)"
    )


def choose_device(name: str | None) -> str:
    """The device to train on.

    Raises:
        UsageError: PyTorch cannot use the device here.
    """
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        usable = "cpu, cuda" if torch.cuda.is_available() else "cpu"
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UsageError(f"--device {name} cannot be used here ({reason}); usable: {usable}") from error
    return name


def add_tensorboard(parser: argparse.ArgumentParser) -> None:
    """`--tensorboard`."""
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="also write RUN/tensorboard, for tensorboard --logdir (needs: pip install tensorboard)",
    )


def showing_reports(bar: ProgressBar, *, quiet: bool = False) -> Callable[[Report], None]:
    """A listener that shows how a training goes, as the stage "training", and says what went wrong in it."""

    def show(report: Report) -> None:
        scalars = [f"{name} {value:.4g}" for name, value in report.scalars.items()]
        detail = ", ".join([f"{report.images:,} images", *scalars])
        bar.update("training", report.progress, detail, report.seconds_left)
        for note in report.notes:
            message(note, quiet=quiet)

    return show


@contextmanager
def following(run: Path, bar: ProgressBar, args: argparse.Namespace) -> Iterator[Callable[[Report], None]]:
    """A listener to a training that shows it and keeps `RUN/report.html` up to date, and RUN/tensorboard.

    The page is written every few minutes, and once more however the training ends.

    Args:
        run: the folder of the run.
        bar: shows how the training goes.
        args: `--tensorboard` and `--quiet`.

    Raises:
        DependencyError: --tensorboard is given and its package is not installed.
    """
    from ganapps.adversarial import tell_all
    from ganapps.adversarial.tensorboard import TensorBoard

    board = TensorBoard(run / "tensorboard") if args.tensorboard else None
    written = time.monotonic()

    def keep(_: Report) -> None:
        nonlocal written
        if time.monotonic() - written >= _PAGE_EVERY_SEC:
            # What is wrong is said at the end. A page that cannot be written is no reason to stop training.
            _write_page(run)
            written = time.monotonic()

    try:
        yield tell_all(showing_reports(bar, quiet=args.quiet), keep, board)
    except UsageError:  # nothing was trained, and RUN may be that of another training
        raise
    except BaseException:
        _finish(run, args.quiet)
        raise
    else:
        _finish(run, args.quiet)
    finally:
        if board is not None:
            board.close()


def _finish(run: Path, quiet: bool) -> None:
    """Write the page, if there has been a report at all; where that fails, say why and go on."""
    if (run / "log.jsonl").exists():
        reason = _write_page(run)
        if reason:
            message(f"no report.html: {reason}", quiet=quiet)


def _write_page(run: Path) -> str | None:
    """Write the page of a run; the reason where it cannot be written."""
    from ganapps.runs.page import write_run_page

    try:
        write_run_page(run)
    except GanappsError as error:
        return str(error)
    return None
