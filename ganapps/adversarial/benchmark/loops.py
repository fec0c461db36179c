"""Three ways to train the same networks: the core, a loop written by hand, and a library of others.

Each plays rounds on request, so that a benchmark can take turns between them.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ..budget import Budget
from ..options import TrainingOptions
from ..trainer import Trainer
from .dcgan import LATENT, R1_GAMMA, SIDE_PX, DcganGame, dcgan_discriminator, dcgan_generator

_RATE, _BETAS = 2e-4, (0.5, 0.999)
_HALF_LIFE_IMAGES, _RAMP = 5_000.0, 0.05


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all ways have in common."""

    width: int = 64
    """Channels of both networks at 16 x 16; the usual DCGAN has 64."""
    batch: int = 64
    """Images a batch."""
    penalty: bool = False
    """Whether the discriminator is regularised by R1, in every turn."""
    device: str = "cpu"
    seed: int = 0


class Loop(ABC):
    """A way to train.

    Args:
        setting: networks, batch and device.
    """

    name: str

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        torch.manual_seed(setting.seed)
        generator = torch.Generator().manual_seed(setting.seed)
        shape = (4, setting.batch, 3, SIDE_PX, SIDE_PX)
        self._pool = torch.rand(shape, generator=generator) * 2 - 1

    def batch(self, index: int) -> Tensor:
        """Batch number `index`: random pixels in [-1, 1], made beforehand, so that no loop waits for them."""
        return self._pool[index % len(self._pool)]

    @abstractmethod
    def play(self, rounds: int) -> None:
        """Play so many rounds: a turn of the discriminator and one of the generator on the same batch."""


class CoreLoop(Loop):
    """The core's `Trainer`, with all that it watches and averages."""

    name = "ganapps"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        options = TrainingOptions(
            budget=Budget(images=1),
            batch_size=setting.batch,
            learning_rate=_RATE,
            betas=_BETAS,
            ema_half_life_images=_HALF_LIFE_IMAGES,
            # Reports are timed, too; there is no checkpoint to write, and the hand-written loop writes none.
            report_every_sec=5.0,
            checkpoint_every_sec=float("inf"),
            seed=setting.seed,
        )
        game = DcganGame(setting.width, penalty=setting.penalty)
        self.trainer = Trainer(game, self.batch, options, device=setting.device)

    def play(self, rounds: int) -> None:
        budget = Budget(images=(self.trainer.step + rounds) * self.setting.batch)
        self.trainer.options = replace(self.trainer.options, budget=budget)
        self.trainer.run()


class PlainLoop(Loop):
    """What one would write in PyTorch for these two networks alone.

    The same losses, optimiser, average and order of play as the core, and as careful: no graph where none is
    needed. It reports nothing, checks nothing and cannot be resumed.
    """

    name = "PyTorch by hand"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.generator = dcgan_generator(setting.width).to(setting.device)
        self.discriminator = dcgan_discriminator(setting.width).to(setting.device)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self._generator_adam, self._discriminator_adam = (
            torch.optim.Adam(network.parameters(), lr=_RATE, betas=_BETAS, fused=True)
            for network in (self.generator, self.discriminator)
        )
        self.step = 0

    def play(self, rounds: int) -> None:
        for _ in range(rounds):
            real = self.batch(self.step).to(self.setting.device)
            self._move_discriminator(real)
            self._move_generator(real)
            self.step += 1
            self._follow()

    def _move_discriminator(self, real: Tensor) -> None:
        self.discriminator.requires_grad_(True)
        with torch.no_grad():
            fake = self.generator(torch.randn(len(real), LATENT, device=real.device))
        if self.setting.penalty:
            real = real.detach().requires_grad_(True)
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        if self.setting.penalty:
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            loss = loss + R1_GAMMA / 2 * slope.square().flatten(1).sum(1).mean()
        self._discriminator_adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_adam.step()

    def _move_generator(self, real: Tensor) -> None:
        self.discriminator.requires_grad_(False)
        fake = self.generator(torch.randn(len(real), LATENT, device=real.device))
        loss = softplus(-self.discriminator(fake)).mean()
        self._generator_adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._generator_adam.step()

    @torch.no_grad()
    def _follow(self) -> None:
        half_life = min(_HALF_LIFE_IMAGES, _RAMP * self.step * self.setting.batch)
        weight = 1 - 0.5 ** (self.setting.batch / half_life)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), weight)
        for average, value in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            average.copy_(value)


class TorchganLoop(Loop):
    """The trainer of the package torchgan 0.1, batch by batch, without what it saves after each epoch.

    It keeps no average of the generator, and has no R1.

    Raises:
        ImportError: the package is not installed or does not work here.
    """

    name = "torchgan"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        models, losses, trainers = (
            importlib.import_module(f"torchgan.{part}") for part in ("models", "losses", "trainer")
        )
        adam = {"name": torch.optim.Adam, "args": {"lr": _RATE, "betas": _BETAS}}
        players = {
            "generator": _inside(models.Generator, LATENT, dcgan_generator(setting.width)),
            "discriminator": _inside(models.Discriminator, 3, dcgan_discriminator(setting.width)),
        }
        self._folder = tempfile.TemporaryDirectory(prefix="ganapps-torchgan-")
        with contextlib.redirect_stdout(io.StringIO()):  # it says what it will log
            self._trainer: Any = trainers.Trainer(
                {name: {"name": made, "optimizer": adam} for name, made in players.items()},
                # In the order of the other loops.
                [losses.MinimaxDiscriminatorLoss(), losses.MinimaxGeneratorLoss()],
                device=torch.device(setting.device),
                checkpoints=f"{self._folder.name}/gan",
                recon=f"{self._folder.name}/images",
            )
        self._trainer.batch_size = setting.batch
        self.step = 0

    def play(self, rounds: int) -> None:
        for _ in range(rounds):
            # The body of the loop in its `train`, whose end of an epoch writes files.
            self._trainer.real_inputs = self.batch(self.step).to(self.setting.device)
            self._trainer.train_iter()
            self.step += 1


def _inside(base: Any, argument: int, network: torch.nn.Module) -> Any:
    """A function that makes one of torchgan's players around a network of ours."""

    def init(self: Any) -> None:
        base.__init__(self, argument)
        self.network = network

    def forward(self: Any, inputs: Tensor) -> Any:
        return self.network(inputs)

    return type(base.__name__, (base,), {"__init__": init, "forward": forward})
