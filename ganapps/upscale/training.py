"""From a folder of photographs to a trained upscaler."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ..adversarial import (
    Best,
    Budget,
    OnReport,
    RunLog,
    Trainer,
    TrainingOptions,
    prefers_bf16,
    tell_all,
)
from ..errors import DataError, UsageError
from ..runs.options import NAME, read_options
from ..runtime.files import write_atomically
from .degradations import degrade
from .game import Pair, UpscalingGame
from .held_out import LOSS, PSNR, SIDE_PX, HeldOut, Loss, split
from .model_file import write_model
from .photographs import CropSampler, Pixels, load_photographs, stack
from .recipes import Recipe, recipe_named
from .starting_point import origin, recipe_of, start_from

_FEWEST_PHOTOGRAPHS = 8
_FINE_TUNING = 0.2
"""Share of a recipe's learning rate for a model of the same recipe: its full rate first undoes what such a
model has learnt, and a short training never wins it back (weights/EXPERIMENTS.md)."""


def train_upscaler(
    photos: Path,
    out: Path,
    *,
    recipe: str = "photo-x4",
    minutes: float | None = None,
    images: int | None = None,
    init: str | Path | None = None,
    resume: bool = False,
    seed: int = 0,
    threads: int | None = None,
    device: str = "cpu",
    on_report: OnReport | None = None,
    on_loading: Callable[[float], None] | None = None,
) -> Path:
    """Train a recipe on photographs, keep its state in `out`, and write `out/NAME.onnx` at the end.

    The model is the averaged generator as it was when it scored best on held-out photographs.

    Args:
        photos: folder of photographs, searched with its subfolders; sides under 256 pixels are left out.
        out: the run's folder: `checkpoint.pt`, `options.json`, `log.jsonl`, held-out crops as `samples.png`,
            the model.
        recipe: name of a recipe in `recipes`.
        minutes: budget in minutes, over all resumptions; None means no such limit.
        images: budget in crops; None means no such limit.
        init: what to start from, see `start_from`: another run's checkpoint, a model file, a shipped model.
            One of the same recipe goes on at a fifth of the recipe's learning rate, and comes out as it was
            where that makes it no better.
        resume: go on from `out/checkpoint.pt`.
        seed: what crops and damage are drawn from.
        threads: CPU threads; None leaves PyTorch's choice.
        device: "cpu", "cuda", ...
        on_report: told how training goes.
        on_loading: told the share of photographs that are decoded, 0 to 1.

    Returns:
        The path of the model.

    Raises:
        UsageError: an unknown recipe, no budget, or `resume` together with `init`.
        DataError: the photographs cannot be used.
        CheckpointError: the state to resume or start from does not fit.
        ModelError: there is no such model to start from.
    """
    chosen = recipe_named(recipe)
    budget = Budget(minutes=minutes, images=images)
    if resume and init is not None:
        raise UsageError("--resume goes on with a run and --init starts one: give one of them")
    if not resume and (out / "checkpoint.pt").exists():
        raise UsageError(
            f"{out} already holds a run: add --resume to go on with it, or choose another folder"
        )
    if threads is not None:
        torch.set_num_threads(threads)
    # What is missing is found missing before photographs are decoded.
    fine_tuning = init is not None and recipe_of(init) == chosen.name
    if fine_tuning:
        chosen = replace(chosen, learning_rate=_FINE_TUNING * chosen.learning_rate)
    elif resume:  # whatever it began with
        chosen = replace(chosen, learning_rate=float(read_options(out)["recipe"]["learning_rate"]))
    perceptual = _perceptual(chosen, device)
    photographs = load_photographs(photos, min_px=max(chosen.high_px, SIDE_PX), on_progress=on_loading)
    if len(photographs) < _FEWEST_PHOTOGRAPHS:
        raise DataError(
            f"{photos} has {len(photographs)} usable photographs; at least {_FEWEST_PHOTOGRAPHS} are needed"
        )
    training, held_out = split(photographs)
    torch.manual_seed(seed)
    game = UpscalingGame(chosen, perceptual)
    if init is not None:
        start_from(game.generator, init)
    evaluate, best = _scoring(chosen, held_out, perceptual, out / "samples.png")
    trainer = Trainer(
        game,
        PairSource(training, chosen, seed),
        training_options(chosen, budget, seed, device),
        checkpoint=out / "checkpoint.pt",
        device=device,
        on_report=tell_all(RunLog(out / "log.jsonl"), on_report),
        evaluate=evaluate,
        best=best,
    )
    if resume:
        trainer.resume()
    else:
        _describe(out, chosen, seed, photos, len(training), init)
    if fine_tuning:  # a model that these photographs do not make better comes out as it was
        best.see(evaluate(trainer.ema.network), 0, trainer.ema.network)
    trainer.run()
    return write_model(out)


def training_options(recipe: Recipe, budget: Budget, seed: int, device: str) -> TrainingOptions:
    """The trainer's options for a recipe."""
    return TrainingOptions(
        budget=budget,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        discriminator_learning_rate=recipe.discriminator_learning_rate,
        optimizer=recipe.optimizer,
        betas=recipe.betas,
        warmup=0.01,
        final_rate=recipe.final_rate,
        clip=1.0,
        ema_half_life_images=recipe.ema_half_life_images,
        channels_last=True,
        bf16=prefers_bf16(device),
        seed=seed,
        report_every_sec=10.0,
        checkpoint_every_sec=180.0,
    )


class PairSource:
    """Batch i of pairs of crops, a function of the seed and i alone."""

    def __init__(self, photographs: tuple[Pixels, ...], recipe: Recipe, seed: int) -> None:
        self.crops = CropSampler(photographs, recipe.high_px, recipe.scale)
        self.recipe, self.seed = recipe, seed

    def __call__(self, index: int) -> Pair:
        random = np.random.default_rng((self.seed, index))
        high = [self.crops.draw(random) for _ in range(self.recipe.batch_size)]
        low = [degrade(crop, self.recipe.scale, self.recipe.profile, random) for crop in high]
        return Pair(stack(low), stack(high))


def _perceptual(recipe: Recipe, device: str) -> nn.Module | None:
    if not recipe.perceptual:
        return None
    from .perceptual import PerceptualDistance

    return PerceptualDistance(recipe.perceptual_shrink).to(device).to(memory_format=torch.channels_last)


def _scoring(
    recipe: Recipe, held_out: tuple[Pixels, ...], perceptual: nn.Module | None, sheet: Path
) -> tuple[HeldOut, Best]:
    """What is measured on held-out photographs, and which of it says what state is best.

    Texture costs PSNR, so where it is asked for, that cannot say it.
    """
    loss = None if perceptual is None else _held_out_loss(recipe, perceptual)
    best = Best(PSNR) if loss is None else Best(LOSS, highest=False)
    return HeldOut(held_out, recipe.scale, profile=recipe.profile, sheet=sheet, loss=loss), best


def _held_out_loss(recipe: Recipe, perceptual: nn.Module) -> Loss:
    def loss(fake: Tensor, real: Tensor) -> Tensor:
        total: Tensor = recipe.pixel * l1_loss(fake, real) + recipe.perceptual * perceptual(fake, real)
        return total

    return loss


def _describe(
    out: Path, recipe: Recipe, seed: int, photos: Path, num_photos: int, init: str | Path | None
) -> None:
    options: dict[str, Any] = {
        "task": "upscale",
        "recipe": asdict(recipe),
        "seed": seed,
        "photographs": num_photos,
        "folder": photos.name,
        "init": None if init is None else origin(init),
    }
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / NAME, json.dumps(options, indent=2).encode() + b"\n")
