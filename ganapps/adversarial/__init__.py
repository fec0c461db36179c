"""The adversarial core: any game between a generator and a discriminator, trained by one loop.

A head subclasses `Game`, hands the `Trainer` a function from index to batch, and gets alternating
best responses, an averaged generator, budgets, exact resume and reports. The core knows no class,
scale, file or head.
"""

from __future__ import annotations

from .batches import BatchSource
from .budget import Budget
from .checkpoint import load_checkpoint, save_checkpoint
from .ema import Ema
from .game import Batch, Game, Losses
from .match import Critic, Match
from .monitor import OnReport, Report, RunLog, tell_all
from .objectives import HINGE, NON_SATURATING, OBJECTIVES, RELATIVISTIC_PAIRING, Objective
from .penalties import gradient_penalty
from .schedule import warmup_cosine
from .trainer import Trainer, TrainingOptions

__all__ = [
    "HINGE",
    "NON_SATURATING",
    "OBJECTIVES",
    "RELATIVISTIC_PAIRING",
    "Batch",
    "BatchSource",
    "Budget",
    "Critic",
    "Ema",
    "Game",
    "Losses",
    "Match",
    "Objective",
    "OnReport",
    "Report",
    "RunLog",
    "Trainer",
    "TrainingOptions",
    "gradient_penalty",
    "load_checkpoint",
    "save_checkpoint",
    "tell_all",
    "warmup_cosine",
]
