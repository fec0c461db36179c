"""What the commands that train have in common: the budget, the device, and how a training is shown."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import UsageError

from .parser import positive, whole
from .progress import ProgressBar

if TYPE_CHECKING:
    from ganapps.adversarial import Report


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


def showing_reports(bar: ProgressBar) -> Callable[[Report], None]:
    """A listener that shows how a training goes, as the stage "training"."""

    def show(report: Report) -> None:
        scalars = [f"{name} {value:.4g}" for name, value in report.scalars.items()]
        detail = ", ".join([f"{report.images:,} images", *scalars])
        bar.update("training", report.progress, detail, report.seconds_left)

    return show
