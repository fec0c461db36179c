"""The head's whole job: a small labelled set in, a larger one out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DependencyError, UsageError
from .expand import expand, require_request
from .report import ExpansionReport

if TYPE_CHECKING:
    from ..adversarial import OnReport

DEFAULT_MINUTES = 15.0
"""Budget of training where none is given."""


def augment(
    data: Path,
    out: Path,
    *,
    model: str | Path | None = None,
    minutes: float | None = None,
    images: int | None = None,
    per_class: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    device: str = "cpu",
    on_loading: Callable[[float], None] | None = None,
    on_report: OnReport | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ExpansionReport:
    """Train a generator on a labelled set, unless one is given, and write a larger set.

    While it trains, the run lies beside `out` as `OUT-training`; the same call goes on with it after an
    interruption. When all is done it is moved to `OUT/training`.

    Args:
        data: the labelled set, as for `dataset.find_images`; it is not changed.
        out: the folder to make, see `expand`.
        model: a trained generator, by path or by name; with one nothing is trained and PyTorch is not needed.
        minutes: budget of training; with neither this nor `images` it is 15 minutes.
        images: budget of training in images.
        per_class: images wanted in each class, see `expand`.
        seed: what all that is random is drawn from.
        threads: CPU threads; None leaves the choice to the engines.
        device: where training runs: "cpu", "cuda", ...
        on_loading: told the share of images that are decoded before training, 0 to 1.
        on_report: told how training goes.
        on_progress: told how expanding goes, 0 to 1.

    Raises:
        UsageError: both a model and a budget.
        DependencyError: there is no model and PyTorch is not installed.
        GanappsError: as `train_generator` and `expand` do.
    """
    from ..runtime.sampler import Sampler

    if model is not None and (minutes is not None or images is not None):
        raise UsageError("--model needs no training: leave out the budget or the model")
    require_request(data, out, per_class=per_class, seed=seed)
    if model is not None:
        sampler = Sampler(model, threads=threads)
        return expand(data, out, sampler, per_class=per_class, seed=seed, on_progress=on_progress)
    try:
        from .training import train_generator
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "torch":
            raise
        raise DependencyError.for_extra("ganapps augment", "PyTorch", "train") from error
    run = out.absolute().with_name(f"{out.name}-training")
    trained = train_generator(
        data,
        run,
        minutes=DEFAULT_MINUTES if minutes is None and images is None else minutes,
        images=images,
        seed=seed,
        resume=(run / "checkpoint.pt").exists(),
        threads=threads,
        device=device,
        on_report=on_report,
        on_loading=on_loading,
    )
    sampler = Sampler(trained, threads=threads)
    report = expand(data, out, sampler, per_class=per_class, seed=seed, on_progress=on_progress)
    run.rename(out / "training")
    return report
