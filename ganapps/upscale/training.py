"""From a folder of photographs to a trained upscaler."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..adversarial import Budget, OnReport, RunLog, Trainer, TrainingOptions, tell_all
from ..errors import DataError, UsageError
from ..metrics.psnr import psnr
from ..runtime.files import write_atomically
from .degradations import CLEAN, degrade
from .game import Pair, UpscalingGame
from .networks import UpscalingGenerator
from .photographs import CropSampler, Pixels, load_photographs
from .recipes import Recipe, recipe_named
from .starting_point import origin, start_from

_HELD_OUT = 16
"""Photographs kept aside to score the generator on, at most an eighth of all."""
_HELD_OUT_PX = 256


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

    Args:
        photos: folder of photographs, searched with its subfolders; sides under 256 pixels are left out.
        out: the run's folder: `checkpoint.pt`, `options.json`, `log.jsonl`, the model.
        recipe: name of a recipe in `recipes`.
        minutes: budget in minutes, over all resumptions; None means no such limit.
        images: budget in crops; None means no such limit.
        init: what to start from, see `start_from`: another run's checkpoint, a model file, a shipped model.
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
    perceptual = _perceptual(chosen, device)
    photographs = load_photographs(photos, min_px=max(chosen.high_px, _HELD_OUT_PX), on_progress=on_loading)
    training, held_out = _split(photographs, photos)
    torch.manual_seed(seed)
    game = UpscalingGame(chosen, perceptual)
    if init is not None:
        start_from(game.generator, init)
    trainer = Trainer(
        game,
        PairSource(training, chosen, seed),
        training_options(chosen, budget, seed, device),
        checkpoint=out / "checkpoint.pt",
        device=device,
        on_report=tell_all(RunLog(out / "log.jsonl"), on_report),
        evaluate=HeldOut(held_out, chosen.scale),
    )
    if resume:
        trainer.resume()
    else:
        _describe(out, chosen, seed, photos, len(training), init)
    trainer.run()
    from ..export.run import export_run

    return export_run(out, out / f"{chosen.name}.onnx")


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
        bf16=device.startswith("cuda"),
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
        return Pair(_stack(low), _stack(high))


class HeldOut:
    """PSNR of an upscaler on clean centre crops of photographs it was not trained on."""

    def __init__(self, photographs: tuple[Pixels, ...], scale: int) -> None:
        random = np.random.default_rng(0)
        self.high = [_centre(picture, _HELD_OUT_PX) for picture in photographs]
        self.low = _stack([degrade(high, scale, CLEAN, random) for high in self.high])
        self.scale = scale

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        device = next(generator.parameters()).device
        enlarged = generator(self.low.to(device).float() / 255).clamp(0, 1).mul(255).round().byte()
        pixels = enlarged.permute(0, 2, 3, 1).cpu().numpy()
        scores = [psnr(e, h, border=self.scale) for e, h in zip(pixels, self.high, strict=True)]
        return {"held-out PSNR": float(np.mean(scores))}


def load_generator(run: Path) -> UpscalingGenerator:
    """The averaged generator of a run, ready to export.

    Raises:
        CheckpointError: the run's checkpoint is missing, damaged, or of another network.
    """
    recipe = json.loads((run / "options.json").read_text(encoding="utf-8"))["recipe"]
    generator = UpscalingGenerator(recipe["width"], recipe["blocks"], recipe["scale"])
    start_from(generator, run / "checkpoint.pt")
    return generator.eval()


def _split(photographs: tuple[Pixels, ...], folder: Path) -> tuple[tuple[Pixels, ...], tuple[Pixels, ...]]:
    if len(photographs) < 8:
        raise DataError(f"{folder} has {len(photographs)} usable photographs; at least 8 are needed")
    every = max(8, len(photographs) // _HELD_OUT)
    held_out = photographs[::every][:_HELD_OUT]
    return tuple(p for i, p in enumerate(photographs) if i % every or i // every >= _HELD_OUT), held_out


def _perceptual(recipe: Recipe, device: str) -> nn.Module | None:
    if not recipe.perceptual:
        return None
    from .perceptual import PerceptualDistance

    return PerceptualDistance().to(device).to(memory_format=torch.channels_last)


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
    write_atomically(out / "options.json", json.dumps(options, indent=2).encode() + b"\n")


def _centre(picture: Pixels, side: int) -> Pixels:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def _stack(images: list[Pixels]) -> torch.Tensor:
    """`[N, 3, H, W]` from NHWC pixels, in channels_last layout without a copy."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
