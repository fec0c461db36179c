"""The alternating game: one loop for every head.

Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1: k steps of the discriminator, one of the
generator, again and again. Everything random in step i is a function of the seed and of i, so a
resumed run equals the unbroken one, bit for bit on the CPU.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import CheckpointError, UsageError
from .batches import Ahead, BatchSource, to_device
from .budget import Budget
from .checkpoint import load_checkpoint, save_checkpoint
from .ema import Ema
from .game import Game, Losses
from .monitor import Means, OnReport, Report, require_finite
from .schedule import warmup_cosine

_SEED_STRIDE = 1_000_003
"""A prime: steps of neighbouring seeds share no random state within any run of practical length."""


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How the game is played. Budget and cadence may change on resume, everything else may not."""

    budget: Budget
    batch_size: int
    """Images a batch; the unit of progress."""
    learning_rate: float
    """Adam's step size of the generator, at its peak."""
    discriminator_learning_rate: float | None = None
    """The same for the discriminator; None means as the generator's."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Adam's decay rates."""
    warmup: float = 0.0
    """Share of the budget over which the rates rise from 0."""
    final_rate: float = 1.0
    """Factor that the rates have fallen to at the end; 1 means constant."""
    discriminator_steps: int = 1
    """Steps k of the discriminator for one of the generator."""
    clip: float | None = None
    """Largest norm of a player's gradient; None means off."""
    ema_half_life_images: float = 5_000.0
    """Half-life of the generator's average."""
    bf16: bool = False
    """Whether to run networks under bfloat16 autocast."""
    channels_last: bool = False
    """Whether to keep weights in NHWC order, which suits convolutions on most devices."""
    seed: int = 0
    report_every_sec: float = 5.0
    checkpoint_every_sec: float = 120.0

    def __post_init__(self) -> None:
        for name in ("batch_size", "learning_rate", "discriminator_steps", "ema_half_life_images"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be above 0, got {getattr(self, name)}")

    def fixed(self) -> dict[str, Any]:
        """The options that a resumed run must share with the run it continues."""
        free = {"budget", "report_every_sec", "checkpoint_every_sec"}
        return {name: value for name, value in asdict(self).items() if name not in free}


class Trainer:
    """Plays a game until its budget is spent.

    Args:
        game: the head's players and losses.
        batches: batch number i, a pure function of i.
        options: how to play.
        checkpoint: where to keep the state; None means nowhere.
        device: where to play, such as "cpu" or "cuda".
        on_report: called every `report_every_sec` seconds and at the end.
        evaluate: scores the averaged generator; called before every checkpoint, its result joins the report.

    Attributes:
        ema: the averaged generator, `ema.network`.
        images: images seen so far.
    """

    def __init__(
        self,
        game: Game,
        batches: BatchSource,
        options: TrainingOptions,
        *,
        checkpoint: Path | None = None,
        device: str = "cpu",
        on_report: OnReport | None = None,
        evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    ) -> None:
        self.device = torch.device(device)
        layout = torch.channels_last if options.channels_last else torch.preserve_format
        self.game = game.to(self.device).to(memory_format=layout).train()
        self.batches, self.options = batches, options
        self.checkpoint, self.on_report, self.evaluate = checkpoint, on_report, evaluate
        self.ema = Ema(game.generator, options.ema_half_life_images)
        # A player may hold frozen parts, such as pretrained features: they stay frozen in its own turn, too.
        self._trainable = {"generator": _trainable(game.generator)}
        rates = {"generator": options.learning_rate}
        if game.discriminator is not None:
            self._trainable["discriminator"] = _trainable(game.discriminator)
            rates["discriminator"] = options.discriminator_learning_rate or options.learning_rate
        self.optimizers = {
            name: torch.optim.Adam(weights, lr=rates[name], betas=options.betas, fused=True)
            for name, weights in self._trainable.items()
        }
        self._peak_rates = rates
        self.step, self.seconds = 0, 0.0
        self._means = Means()

    @property
    def images(self) -> int:
        """Images seen so far, counted once a round."""
        return self.step * self.options.batch_size

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0 to 1."""
        return self.options.budget.progress(self.seconds, self.images)

    def run(self) -> None:
        """Play from where the state stands to the end of the budget.

        Raises:
            TrainingDiverged: a loss or gradient is not finite; the last checkpoint is from before.
            OutputError: the checkpoint cannot be written.
        """
        source = Ahead(self.batches, self.step * self._batches_a_step)
        started, seconds_before, images_before = time.monotonic(), self.seconds, self.images
        reported = saved = started
        try:
            with torch.random.fork_rng(devices=self._forked_devices):
                while True:
                    now = time.monotonic()
                    self.seconds = seconds_before + now - started
                    done = self.progress >= 1
                    scores = {}
                    if done or now - saved >= self.options.checkpoint_every_sec:
                        scores = self.evaluate(self.ema.network) if self.evaluate else {}
                        saved = time.monotonic()
                        self.save()
                    if done or scores or now - reported >= self.options.report_every_sec:
                        self._report(scores, (self.images - images_before) / max(now - started, 1e-9))
                        reported = now
                    if done:
                        break
                    self._play_round(source)
        finally:
            source.close()

    @property
    def _batches_a_step(self) -> int:
        return 1 if self.game.discriminator is None else self.options.discriminator_steps

    @property
    def _forked_devices(self) -> list[int]:
        return [self.device.index or 0] if self.device.type == "cuda" else []

    def _play_round(self, source: Ahead) -> None:
        """k steps of the discriminator, each on a batch of its own, then one of the generator on the last."""
        torch.manual_seed((self.options.seed * _SEED_STRIDE + self.step) % 2**63)
        factor = warmup_cosine(
            max(self.progress, 1e-9), warmup=self.options.warmup, final=self.options.final_rate
        )
        for name, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = self._peak_rates[name] * factor
        for _ in range(self._batches_a_step):
            batch = to_device(source.take(), self.device)
            if self.game.discriminator is not None:
                self._move("discriminator", self.game.discriminator_losses, batch)
        self._move("generator", self.game.generator_losses, batch)
        self.step += 1
        self.ema.update(self.game.generator, self.options.batch_size, self.images)

    def _move(self, name: str, losses_of: Callable[[Any], Losses], batch: Any) -> None:
        """One best-response step of one player; the other is frozen."""
        for player, weights in self._trainable.items():
            for weight in weights:
                weight.requires_grad_(player == name)
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.options.bf16):
            losses = losses_of(batch)
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
        total.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._trainable[name], self.options.clip or float("inf"))
        scalars = {f"{name}/{key}": value.item() for key, value in losses.items()}
        scalars[f"{name}/gradient norm"] = norm.item()
        require_finite(scalars, self.images)
        self._means.add(scalars)
        optimizer.step()

    def _report(self, scores: dict[str, float], images_a_second: float) -> None:
        if self.on_report is None:
            return
        progress = self.progress
        left = self.seconds * (1 - progress) / progress if progress > 0 else None
        scalars = {**self._means.take(), "images a second": images_a_second, **scores}
        self.on_report(
            Report(
                images=self.images,
                progress=progress,
                seconds=self.seconds,
                seconds_left=left,
                scalars=scalars,
            )
        )

    def save(self) -> None:
        """Write the whole state to the checkpoint, if there is one."""
        if self.checkpoint is None:
            return
        state = {
            "options": self.options.fixed(),
            "step": self.step,
            "seconds": self.seconds,
            "game": self.game.state_dict(),
            "ema": self.ema.network.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
        }
        save_checkpoint(self.checkpoint, state)

    def resume(self) -> None:
        """Go back to the state of the checkpoint.

        Raises:
            CheckpointError: it is missing, damaged, or of another network or other options.
        """
        if self.checkpoint is None:
            raise CheckpointError("there is no checkpoint to resume from")
        state = load_checkpoint(self.checkpoint)
        theirs = {name: list(v) if isinstance(v, tuple) else v for name, v in state["options"].items()}
        for name, ours in self.options.fixed().items():
            ours = list(ours) if isinstance(ours, tuple) else ours
            if theirs.get(name) != ours:
                raise CheckpointError(
                    f"the run in {self.checkpoint.parent} was started with {name} = {theirs.get(name)},"
                    f" not {ours}; resume with the same value or start a new run"
                )
        try:
            self.game.load_state_dict(state["game"])
            self.ema.network.load_state_dict(state["ema"])
            for name, optimizer in self.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][name])
        except (RuntimeError, KeyError, ValueError) as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise CheckpointError(
                f"the checkpoint {self.checkpoint} belongs to another network: {first}"
            ) from error
        self.step, self.seconds = state["step"], state["seconds"]


def _trainable(player: nn.Module) -> list[nn.Parameter]:
    return [weight for weight in player.parameters() if weight.requires_grad]
