"""The adversarial core: any game between a generator and a discriminator, trained by one loop.

A head subclasses `Game`, hands the `Trainer` a function from index to batch, and gets alternating
best responses, an averaged generator, budgets, exact resume and reports. The core knows no class,
scale, file or head.
"""

from __future__ import annotations

from .adaptive import AdaptiveAugment
from .batches import BatchSource
from .best import Best, best_weights
from .budget import Budget
from .checkpoint import load_checkpoint, save_checkpoint
from .conditioning import Projection, auxiliary_loss, beside, realness
from .devices import devices, place, share_of
from .diffaugment import DiffAugment
from .ema import Ema
from .feature_matching import feature_matching
from .game import Batch, Game, Losses
from .leak import Leak, leak_check
from .match import Match
from .monitor import OnReport, Report, RunLog, tell_all
from .muon import Muon
from .noise import InstanceNoise
from .objectives import (
    HINGE,
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    OBJECTIVES,
    RELATIVISTIC_AVERAGE,
    RELATIVISTIC_PAIRING,
    WASSERSTEIN,
    Objective,
    objective_named,
    with_smooth_labels,
)
from .options import TrainingOptions
from .overfitting import overfitting
from .penalties import gradient_penalty, interpolated_penalty
from .precision import prefers_bf16
from .regularisers import R1, R2, Consistency, Critic, Exchange, LeCam, Regulariser, WganGp
from .schedule import transition, warmup_cosine
from .spectral import bound_slopes
from .trainer import Trainer
from .watch import Action, Finding, Watch

__all__ = [
    "HINGE",
    "LEAST_SQUARES",
    "MINIMAX",
    "NON_SATURATING",
    "OBJECTIVES",
    "R1",
    "R2",
    "RELATIVISTIC_AVERAGE",
    "RELATIVISTIC_PAIRING",
    "WASSERSTEIN",
    "Action",
    "AdaptiveAugment",
    "Batch",
    "BatchSource",
    "Best",
    "Budget",
    "Consistency",
    "Critic",
    "DiffAugment",
    "Ema",
    "Exchange",
    "Finding",
    "Game",
    "InstanceNoise",
    "LeCam",
    "Leak",
    "Losses",
    "Match",
    "Muon",
    "Objective",
    "OnReport",
    "Projection",
    "Regulariser",
    "Report",
    "RunLog",
    "Trainer",
    "TrainingOptions",
    "Watch",
    "WganGp",
    "auxiliary_loss",
    "beside",
    "best_weights",
    "bound_slopes",
    "devices",
    "feature_matching",
    "gradient_penalty",
    "interpolated_penalty",
    "leak_check",
    "load_checkpoint",
    "objective_named",
    "overfitting",
    "place",
    "prefers_bf16",
    "realness",
    "save_checkpoint",
    "share_of",
    "tell_all",
    "transition",
    "warmup_cosine",
    "with_smooth_labels",
]
