"""From a folder of labelled images to a trained generator of such images."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...adversarial import (
    Best,
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
from ...errors import UsageError
from ...export.card import UNKNOWN_LICENCE
from ...runtime.files import write_atomically
from ..output.folder import require_outside
from ..sets.dataset import Pixels, decode_images, find_images
from ..sets.labelled import require_two_classes
from .classifier import BalancedDraw, Classifier, train_classifier
from .gallery import Gallery
from .game import PLAIN, PROJECTED, Labelled, game_with, require_discriminator
from .model_file import load_classifier, write_model
from .networks import Architecture
from .quality import SCORE, HeldOutQuality, hold_out
from .run_options import describe_run, discriminator_of, require_same

BATCH_SIZE = 32
DEFAULT_DISCRIMINATOR = PLAIN
"""After 100 s of processor time, what the projected game made of clothes and of hands, 25 a class, was less
often what its label says (by the nearest real image, 59 % and 20 %, against 69 % and 50 %)."""
_LEARNING_RATES = {PLAIN: 3e-4, PROJECTED: 1e-3}
"""Steps of Adam. The plain game, 24,000 images of clothes, 25 a class: at 6e-4 what it made lay nearer to
test images (kernel distance 0.53, not 0.59), as often showed what was asked for (84 %), and covered fewer
of them (10 %, not 16 %). After 1,344 images, what the projected game made lay at 0.46 at 1e-3, and at 1.16
at 3e-4."""
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
    discriminator: str | None = None,
    name: str = "generator",
    licence: str = UNKNOWN_LICENCE,
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
        discriminator: "plain" or "projected", see `game_with`; None means `DEFAULT_DISCRIMINATOR`, and what a
            run that is resumed began with.
        name: the model's name in its file.
        licence: the model's licence in its file.
        on_report: told how training goes.
        on_loading: told the share of images that are decoded, 0 to 1.

    Returns:
        The path of the model.

    Raises:
        UsageError: there is no budget, no such discriminator, `out` lies inside `data`, or it holds a run and
            `resume` is not set.
        DependencyError: the pretrained features are not installed and needed.
        DataError, ImageError: the set cannot be used.
        CheckpointError: the state to resume does not fit.
        OutputError: the run cannot be written.
    """
    budget = Budget(minutes=minutes, images=images)
    if seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")
    if discriminator is not None:
        require_discriminator(discriminator)
    require_outside(data, out)
    if not resume and (out / "checkpoint.pt").exists():
        raise UsageError(f"{out} already holds a run: add --resume to go on, or choose another folder")
    if threads is not None:
        torch.set_num_threads(threads)
    found = find_images(data)
    require_two_classes(found)
    pixels = decode_images(found, on_progress=on_loading)
    if discriminator is None:
        discriminator = discriminator_of(out) if resume else DEFAULT_DISCRIMINATOR
    options = describe_run(found, pixels, discriminator=discriminator, seed=seed, name=name, licence=licence)
    if resume:
        require_same(out, found, options)
    else:
        write_atomically(out / "options.json", json.dumps(options, indent=2).encode() + b"\n")
    real = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    architecture = Architecture(**options["architecture"])
    tell = tell_all(RunLog(out / "log.jsonl"), on_report)
    classifier, seconds = _classifier(out, real, found.labels, architecture, budget, seed, resume, tell)
    held_out = hold_out(found.labels, seed)
    quality = _quality(pixels, found.labels, held_out) if held_out.any() else None
    torch.manual_seed(seed)
    trainer = Trainer(
        game_with(discriminator, architecture),
        LabelledBatches(real[~held_out], found.labels[~held_out], seed),
        training_options(_without(budget, seconds), seed, discriminator),
        checkpoint=out / "checkpoint.pt",
        device=device,
        on_report=tell,
        evaluate=Gallery(out / "samples.png", architecture, classifier, quality),
        best=None if quality is None else Best(SCORE),
    )
    if resume:
        trainer.resume()
    trainer.run()
    return write_model(out, out / "generator.onnx")


def training_options(budget: Budget, seed: int, discriminator: str = PLAIN) -> TrainingOptions:
    """How the game is played. Rates are constant, and labels come in early, so that a run may be prolonged at
    any time."""
    return TrainingOptions(
        budget=budget,
        batch_size=BATCH_SIZE,
        learning_rate=_LEARNING_RATES[discriminator],
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


def _quality(pixels: Pixels, labels: NDArray[np.int64], held_out: NDArray[np.bool_]) -> HeldOutQuality:
    """What scores a generator by the images that its game is not shown."""
    from ...features.embedding import Embedding

    embed = Embedding("ganapps augment")
    return HeldOutQuality(embed, pixels[~held_out], labels[~held_out], pixels[held_out])


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
