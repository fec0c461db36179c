"""The alternating game: one loop for every head.

Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1: k steps of the discriminator, one of the
generator, again and again. Everything random in step i is a function of the seed and of i, so a
resumed run equals the unbroken one, bit for bit on the CPU.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import CheckpointError, TrainingDiverged
from .batches import Ahead, BatchSource, to_device
from .best import Best
from .checkpoint import load_checkpoint, save_checkpoint
from .devices import from_first, own_random_state, place, share_state
from .ema import Ema
from .game import Game
from .guard import Guard
from .monitor import Means, OnReport, Report, numbers, require_finite
from .options import TrainingOptions
from .player import Player
from .schedule import warmup_cosine

_SEED_STRIDE = 1_000_003
"""A prime: steps of neighbouring seeds share no random state within any run of practical length."""
_MOST_DEVICES = 1024
_ROLLBACKS = 2
"""How often a run goes back to its last checkpoint, at half the rates each time."""


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
        best: keeps the averaged generator of the best score; None keeps the last only.

    Attributes:
        ema: the averaged generator, `ema.network`.
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
        best: Best | None = None,
    ) -> None:
        self.device = torch.device(device)
        layout = torch.channels_last if options.channels_last else torch.preserve_format
        self.game = game.to(self.device).to(memory_format=layout).train()
        share_state(self.game)
        self.batches, self.options = batches, options
        self.checkpoint, self.on_report, self.evaluate = checkpoint, on_report, evaluate
        self.ema = Ema(game.generator, options.ema_half_life_images)
        self.game.follow(self.ema.network)
        self.best = best
        self.players = {
            "generator": Player(
                "generator", game.generator, options.learning_rate, options, options.optimizer
            )
        }
        if game.discriminator is not None:
            rate = options.discriminator_learning_rate or options.learning_rate
            self.players["discriminator"] = Player("discriminator", game.discriminator, rate, options)
        if options.compile:
            game.generator.compile()
        self.guard = Guard(game.matches(), acts=options.guard)
        self.step, self.seconds, self.rollbacks = 0, 0.0, 0
        self._means = Means()

    @property
    def images(self) -> int:
        """Images seen so far on all devices, counted once a round."""
        return self.step * self._images_a_step

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0 to 1."""
        return self.options.budget.progress(self.seconds, self.images)

    def run(self) -> None:
        """Play from where the state stands to the end of the budget.

        Raises:
            TrainingDiverged: a loss or gradient is not finite, or the generator has collapsed, and going back
                did not help; the last checkpoint is from before.
            OutputError: the checkpoint cannot be written.
        """
        with own_random_state(self.device):
            while not self._run_until_it_fails():
                pass

    def _run_until_it_fails(self) -> bool:
        """Play to the end, or go back to the last checkpoint where that fails; whether the end was met."""
        rank, size = place()
        drawn = self.step * self._turns_a_step * self.options.accumulate * size
        source = Ahead(self.batches, drawn + rank, size)
        try:
            self._play(source)
        except TrainingDiverged as error:
            if not self._roll_back(error):
                raise
            return False
        finally:
            source.close()
        return True

    def _play(self, source: Ahead) -> None:
        if self.step == 0:
            self.save()  # so that there is something to go back to, and a full disk shows at once
        started, seconds_before, images_before = time.monotonic(), self.seconds, self.images
        reported = saved = 0.0
        while True:
            # The first device's clock is everyone's.
            (elapsed,) = from_first([time.monotonic() - started])
            self.seconds = seconds_before + elapsed
            done, scores = self.progress >= 1, {}
            if done or elapsed - saved >= self.options.checkpoint_every_sec:
                scores = self._evaluate()
                self.save()
                (saved,) = from_first([time.monotonic() - started])
            if done or scores or self.guard.notes or elapsed - reported >= self.options.report_every_sec:
                self._report(scores, (self.images - images_before) / max(elapsed, 1e-9))
                reported = elapsed
            if done:
                return
            self._play_round(source)

    @property
    def _images_a_step(self) -> int:
        return self.options.batch_size * self.options.accumulate * place()[1]

    @property
    def _turns_a_step(self) -> int:
        """Times that batches are drawn: a generator alone has one turn a step."""
        return 1 if self.game.discriminator is None else self.options.discriminator_steps

    def _play_round(self, source: Ahead) -> None:
        """k turns of the discriminator, each on batches of its own, then one of the generator on the last."""
        seed = (self.options.seed + self.rollbacks) * _SEED_STRIDE + self.step
        self._seed((seed * _MOST_DEVICES + place()[0]) % 2**63)
        self.game.progress = progress = max(self.progress, 1e-9)
        factor = warmup_cosine(progress, warmup=self.options.warmup, final=self.options.final_rate)
        for player in self.players.values():
            player.set_rate(factor * 0.5**self.rollbacks)
        for _ in range(self._turns_a_step):
            batches = [to_device(source.take(), self.device) for _ in range(self.options.accumulate)]
            if self.game.discriminator is not None:
                self._move("discriminator", batches)
                self._means.add(self.guard.look(self.images, self._images_a_step))
        self._move("generator", batches)
        self.step += 1
        self.ema.update(self.game.generator, self._images_a_step, self.images)

    def _seed(self, seed: int) -> None:
        # torch.manual_seed takes longer: it formats a stack trace for every kind of device, there or not.
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            with torch.cuda.device(self.device):
                torch.cuda.manual_seed(seed)

    def _move(self, name: str, batches: list[Any]) -> None:
        """One best-response step of one player; the other is frozen."""
        for player in self.players.values():
            player.freeze(player.name != name)
        losses_of = self.game.generator_losses if name == "generator" else self.game.discriminator_losses
        scalars = numbers(self.players[name].gradients(losses_of, batches))
        require_finite(scalars, self.images)
        self._means.add(scalars)
        self.players[name].move()

    def _evaluate(self) -> dict[str, float]:
        if self.evaluate is None:
            return {}
        scores = self.evaluate(self.ema.network)
        if self.best is not None:
            self.best.see(scores, self.images, self.ema.network)
        return scores

    def _report(self, scores: dict[str, float], images_a_second: float) -> None:
        scalars = {**self._means.take(), "images a second": images_a_second, **scores}
        notes = self.guard.take_notes()
        if self.on_report is None or place()[0] != 0:
            return
        progress = self.progress
        self.on_report(
            Report(
                images=self.images,
                progress=progress,
                seconds=self.seconds,
                seconds_left=self.seconds * (1 - progress) / progress if progress > 0 else None,
                scalars=scalars,
                notes=notes,
            )
        )

    def _roll_back(self, error: TrainingDiverged) -> bool:
        """Go back to the last checkpoint with other random draws and half the rates; whether that can be."""
        rollbacks = self.rollbacks + 1
        if not self.options.guard or rollbacks > _ROLLBACKS or self.checkpoint is None:
            return False
        if not self.checkpoint.exists():
            return False
        seconds = self.seconds
        self.resume()
        self.rollbacks, self.seconds = rollbacks, seconds  # time that was lost is spent all the same
        self._means = Means()
        self.guard.notes.append(
            f"{error.happened}; training went back to {self.images:,} images and goes on at half the learning"
            f" rates; {error.advice}"
        )
        self.save()
        return True

    def save(self) -> None:
        """Write the whole state to the checkpoint, if there is one; the first device does."""
        if self.checkpoint is None or place()[0] != 0:
            return
        state = {
            "options": self.options.fixed(),
            "step": self.step,
            "seconds": self.seconds,
            "rollbacks": self.rollbacks,
            "watches": self.guard.state(),
            "game": self.game.state_dict(),
            "ema": self.ema.network.state_dict(),
            "optimizers": {name: player.optimizer.state_dict() for name, player in self.players.items()},
            "best": self.best.state() if self.best is not None else None,
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
        for name, ours in self.options.fixed().items():
            theirs = state["options"].get(name, TrainingOptions.neutral(name))
            if theirs != ours:
                raise CheckpointError(
                    f"the run in {self.checkpoint.parent} was started with {name} = {theirs},"
                    f" not {ours}; resume with the same value or start a new run"
                )
        try:
            self.game.load_state_dict(state["game"])
            self.ema.network.load_state_dict(state["ema"])
            for name, player in self.players.items():
                player.optimizer.load_state_dict(state["optimizers"][name])
            self.guard.load(state["watches"])
            if self.best is not None and state["best"] is not None:
                self.best.load(state["best"])
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise CheckpointError(
                f"the checkpoint {self.checkpoint} belongs to another network: {first}"
            ) from error
        self.step, self.seconds, self.rollbacks = state["step"], state["seconds"], state["rollbacks"]
