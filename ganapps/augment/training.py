"""From a folder of labelled images to a trained generator of such images."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..adversarial import (
    Budget,
    OnReport,
    Report,
    RunLog,
    Trainer,
    TrainingOptions,
    load_checkpoint,
    save_checkpoint,
    tell_all,
)
from ..errors import CheckpointError, UsageError
from ..runtime.files import write_atomically
from .classifier import BalancedDraw, Classifier, train_classifier
from .dataset import LabelledImages, Pixels, decode_images, find_images
from .folder import require_outside
from .gallery import Gallery
from .game import Labelled, LabelledGame
from .labelled import require_two_classes
from .networks import Architecture, Generator

BATCH_SIZE = 32
OWN_LICENCE = "unknown: that of your data"
_CLASSIFIER_SHOWN = 16_000
"""Images that each of the two classifiers is shown at most."""
_CLASSIFIER_SHOWN_A_MINUTE = 2_000
"""The same for each minute of the budget, so that a short one is not spent on classifiers."""


def train_generator(
    data: Path,
    out: Path,
    *,
    minutes: float | None = None,
    images: int | None = None,
    seed: int = 0,
    resume: bool = False,
    threads: int | None = None,
    device: str = "cpu",
    name: str = "generator",
    licence: str = OWN_LICENCE,
    on_report: OnReport | None = None,
    on_loading: Callable[[float], None] | None = None,
) -> Path:
    """Train a generator and a classifier on a labelled set, keep their state in `out`, write
    `out/generator.onnx`.

    Args:
        data: the labelled set, as for `dataset.find_images`.
        out: the run's folder: `checkpoint.pt`, `classifier.pt`, `options.json`, `log.jsonl`, `samples.png`,
            the model.
        minutes: budget in minutes, the classifier's training included; None means no such limit.
        images: budget in images that the generator's game is shown; None means no such limit.
        seed: what weights, batches and latent vectors are drawn from.
        resume: go on from `out/checkpoint.pt`.
        threads: CPU threads; None leaves PyTorch's choice.
        device: where the game is played: "cpu", "cuda", ...
        name: the model's name in its file.
        licence: the model's licence in its file.
        on_report: told how training goes.
        on_loading: told the share of images that are decoded, 0 to 1.

    Returns:
        The path of the model.

    Raises:
        UsageError: there is no budget, `out` lies inside `data`, or it holds a run and `resume` is not set.
        DataError, ImageError: the set cannot be used.
        CheckpointError: the state to resume does not fit.
        OutputError: the run cannot be written.
    """
    budget = Budget(minutes=minutes, images=images)
    if seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")
    require_outside(data, out)
    if not resume and (out / "checkpoint.pt").exists():
        raise UsageError(f"{out} already holds a run: add --resume to go on, or choose another folder")
    if threads is not None:
        torch.set_num_threads(threads)
    found = find_images(data)
    require_two_classes(found)
    pixels = decode_images(found, on_progress=on_loading)
    options = _options(found, pixels, seed, name, licence)
    if resume:
        _require_same_data(out, found, options)
    else:
        write_atomically(out / "options.json", json.dumps(options, indent=2).encode() + b"\n")
    real = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    architecture = Architecture(**options["architecture"])
    tell = tell_all(RunLog(out / "log.jsonl"), on_report)
    classifier, seconds = _classifier(out, real, found.labels, architecture, budget, seed, resume, tell)
    torch.manual_seed(seed)
    trainer = Trainer(
        LabelledGame(architecture),
        LabelledBatches(real, found.labels, seed),
        training_options(_without(budget, seconds), seed),
        checkpoint=out / "checkpoint.pt",
        device=device,
        on_report=tell,
        evaluate=Gallery(out / "samples.png", architecture, classifier),
    )
    if resume:
        trainer.resume()
    trainer.run()
    from ..export.run import export_run

    return export_run(out, out / "generator.onnx")


def training_options(budget: Budget, seed: int) -> TrainingOptions:
    """How the game is played. Rates are constant, so that a run may be prolonged at any time."""
    return TrainingOptions(
        budget=budget,
        batch_size=BATCH_SIZE,
        learning_rate=3e-4,
        betas=(0.0, 0.99),
        channels_last=True,
        ema_half_life_images=5_000.0,
        seed=seed,
    )


class LabelledBatches:
    """Batch i of real images, every class equally often; a function of the seed and i alone."""

    def __init__(self, images: Tensor, labels: NDArray[np.int64], seed: int) -> None:
        self._images, self._labels = images, torch.from_numpy(labels)
        self._draw = BalancedDraw(labels, BATCH_SIZE, seed)

    def __call__(self, index: int) -> Labelled:
        drawn = torch.from_numpy(self._draw(index))
        return Labelled(self._images[drawn], self._labels[drawn])


def load_generator(run: Path) -> Generator:
    """The averaged generator of a run, ready to export.

    Raises:
        CheckpointError: the run's checkpoint is missing, damaged, or of another network.
    """
    generator = Generator(_architecture(run))
    _load(generator, run / "checkpoint.pt", "ema")
    return generator.eval()


def load_classifier(run: Path) -> Classifier:
    """The classifier of a run's real images, ready to export.

    Raises:
        CheckpointError: its file is missing, damaged, or of another network.
    """
    classifier = Classifier(_architecture(run))
    _load(classifier, run / "classifier.pt", "classifier")
    return classifier.eval()


def _architecture(run: Path) -> Architecture:
    try:
        options = json.loads((run / "options.json").read_text(encoding="utf-8"))
        return Architecture(**options["architecture"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{run} holds no run of ganapps train augment: {error}") from error


def _load(network: nn.Module, path: Path, key: str) -> None:
    try:
        network.load_state_dict(load_checkpoint(path)[key])
    except (RuntimeError, KeyError) as error:
        raise CheckpointError(f"{path} holds another network than its run's options say") from error
    network.requires_grad_(False)


def _classifier(
    out: Path,
    real: Tensor,
    labels: NDArray[np.int64],
    architecture: Architecture,
    budget: Budget,
    seed: int,
    resume: bool,
    tell: OnReport,
) -> tuple[Classifier, float]:
    """The run's classifier, trained or read, and the seconds that its training took."""
    path = out / "classifier.pt"
    if resume and path.exists():
        return load_classifier(out), float(load_checkpoint(path)["seconds"])
    started = time.monotonic()
    classifier, accuracy = train_classifier(real, labels, architecture, shown=_shown(budget), seed=seed)
    seconds = time.monotonic() - started
    save_checkpoint(path, {"classifier": classifier.state_dict(), "seconds": seconds, **asdict(accuracy)})
    scalars = {
        "classifier/held-out accuracy": accuracy.share,
        "classifier/held-out images": float(accuracy.total),
    }
    tell(Report(images=0, progress=0.0, seconds=0.0, seconds_left=None, scalars=scalars))
    return classifier, seconds


def _shown(budget: Budget) -> int:
    """Images to show each classifier."""
    by_time = _CLASSIFIER_SHOWN if budget.minutes is None else _CLASSIFIER_SHOWN_A_MINUTE * budget.minutes
    return max(1, min(_CLASSIFIER_SHOWN, round(by_time)))


def _without(budget: Budget, seconds: float) -> Budget:
    """What the classifier has left of the budget, a tenth at least."""
    if budget.minutes is None:
        return budget
    return replace(budget, minutes=max(budget.minutes - seconds / 60, budget.minutes / 10))


def _options(found: LabelledImages, pixels: Pixels, seed: int, name: str, licence: str) -> dict[str, Any]:
    """All that is worth knowing of a run, as it is written to `options.json`."""
    _, height, width, channels = pixels.shape
    architecture = Architecture(num_classes=len(found.classes), height=height, width=width, channels=channels)
    fingerprint = hashlib.sha256(pixels.tobytes() + found.labels.tobytes())
    return {
        "task": "sample",
        "name": name,
        "licence": licence,
        "trained_on": f"{found.root.resolve().name}: {len(pixels)} images of {len(found.classes)} classes",
        "recipe": "labelled game: relativistic pairing, R1, R2, DiffAugment",
        "classes": list(found.classes),
        "counts": list(found.counts),
        "architecture": asdict(architecture),
        "seed": seed,
        "data_sha256": fingerprint.hexdigest(),
    }


def _require_same_data(out: Path, found: LabelledImages, options: dict[str, Any]) -> None:
    """Check that a run goes on with the images it began with.

    Raises:
        CheckpointError: the run is not there or began with others.
    """
    try:
        before = json.loads((out / "options.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"there is no run to resume in {out}: start one without --resume") from error
    for key, what in (("classes", "classes"), ("architecture", "image size"), ("data_sha256", "images")):
        if before.get(key) != options[key]:
            raise CheckpointError(
                f"the run in {out} began with other {what} than {found.root} has now;"
                " start a new run in another folder"
            )
