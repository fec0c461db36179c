"""The first route: a small network that knows nothing before it is trained."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...adversarial import Budget, Trainer, TrainingOptions
from ..classic import POLICIES, ClassicPolicy, draw_views
from ..generator.classifier import BalancedDraw, Classifier
from ..generator.networks import Architecture
from .calibration import softmax
from .consistency import Consistency, Views, planes
from .route import Fitted, Logits, Material, Route, Rows, held_out

LABELLED_BATCH, UNLABELLED_BATCH = 32, 64
RATE = 3e-3
_WIDTH = 16
"""Channels of the first layer; as the proof's network."""
_LABELLED_VIEWS, _WEAK_VIEWS, _STRONG_VIEWS = 64, 4, 16
"""Views of each image that are drawn, once for all trainings. Clothes, 10 labels a class and 1,000 images
without, two seeds, test images named rightly: of 8, 1 and 4 views 77.0 and 76.3 %, of 64, 1 and 4 78.1 and
77.8 %, of 64, 4 and 16 79.7 and 79.5 %."""
_MOST_VIEWS = 24_000
"""Of all images together, of each kind: memory, and half a millisecond each."""
_FEWEST_LABELLED_VIEWS = 8
_SETTLING = 8
"""Batches by which the averaged network's batch normalisation learns its own statistics."""
_WEAK, _STRONG = "light", "strong"


class FromScratch:
    """The network of `Classifier` at the set's own size, taught by `Consistency`.

    Args:
        material: the images.
        adviser: the other classifier; it is trained on the same labelled images as this one.
        temperature: of its logits.
        updates: batches of 32 labelled and 64 unlabelled images.
    """

    name = "from scratch"
    num_folds = 3

    def __init__(self, material: Material, adviser: Route, *, temperature: float, updates: int) -> None:
        self._material, self._updates = material, updates
        self._adviser, self._temperature = adviser, temperature
        _, height, width, channels = material.labelled.shape
        self._architecture = Architecture(
            num_classes=material.num_classes, height=height, width=width, channels=channels
        )
        seed = material.seed
        everything = np.concatenate([material.unlabelled, material.labelled])
        most = max(1, _MOST_VIEWS // len(everything))
        most_labelled = max(_FEWEST_LABELLED_VIEWS, _MOST_VIEWS // len(material.labelled))
        # Labelled images stand behind the unlabelled ones: where they are held out, they are of these.
        self._weak = _views(everything, _WEAK, min(_WEAK_VIEWS, most), seed + 1)
        self._strong = _views(everything, _STRONG, min(_STRONG_VIEWS, most), seed + 2)
        self._labelled = _views(material.labelled, _STRONG, min(_LABELLED_VIEWS, most_labelled), seed)

    def fit(self, rows: Rows, prior: NDArray[np.float64]) -> Fitted:
        told = self._adviser.fit(rows, prior)
        advice = softmax(np.concatenate([told.unlabelled, told.labelled]) / self._temperature)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._material.seed)
            network = Classifier(self._architecture, width=_WIDTH)
            game = Consistency(network, torch.from_numpy(prior).float())
            Trainer(game, _Batches(self, rows, torch.from_numpy(advice).float()), self._options()).run()
        teacher = _settle(game.teacher, self._weak[0, : len(self._material.unlabelled)])
        material = self._material
        return Fitted(ask(teacher, material.labelled), ask(teacher, material.unlabelled), teacher)

    def _options(self) -> TrainingOptions:
        size = LABELLED_BATCH + UNLABELLED_BATCH
        return TrainingOptions(
            budget=Budget(images=size * self._updates),
            batch_size=size,
            learning_rate=RATE,
            betas=(0.9, 0.99),
            warmup=0.05,
            final_rate=0.0,
            channels_last=True,
            guard=False,  # there is no game to lose
            seed=self._material.seed,
            report_every_sec=1e9,
        )


class _Batches:
    """Batch i, a function of the seed and i alone."""

    def __init__(self, route: FromScratch, rows: Rows, advice: Tensor) -> None:
        self._route, self._rows, self._advice = route, rows, advice
        num, num_labelled = len(route._material.unlabelled), len(route._material.labels)
        self._guests = np.concatenate([np.arange(num), num + held_out(rows, num_labelled)])
        labels = route._material.labels[rows]
        self._labels = torch.from_numpy(labels)
        self._draw = BalancedDraw(labels, LABELLED_BATCH, route._material.seed)

    def __call__(self, index: int) -> Views:
        route, drawn = self._route, self._draw(index)
        random = np.random.default_rng((route._material.seed, 7, index))
        unlabelled = random.choice(self._guests, size=UNLABELLED_BATCH)
        return Views(
            _pick(route._labelled, self._rows[drawn], random),
            self._labels[drawn],
            _pick(route._weak, unlabelled, random),
            _pick(route._strong, unlabelled, random),
            self._advice[unlabelled],
        )


def _pick(views: Tensor, rows: Rows, random: np.random.Generator) -> Tensor:
    return views[random.integers(len(views), size=len(rows)), rows]


def _views(pixels: NDArray[np.uint8], policy: str, num_views: int, seed: int) -> Tensor:
    """uint8 `[V, N, C, H, W]`"""
    drawn = draw_views(pixels, _policy(policy), num_views, seed=seed)
    return torch.from_numpy(drawn).permute(0, 1, 4, 2, 3).contiguous()


def _policy(name: str) -> ClassicPolicy:
    return next(policy for policy in POLICIES if policy.name == name)


@torch.no_grad()
def _settle(network: nn.Module, images: Tensor) -> nn.Module:
    """The averaged network with statistics of batch normalisation that are its own."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    for part in torch.split(images, max(1, -(-len(images) // _SETTLING))):
        if len(part) > 1:
            network(planes(part))
    return network.eval().requires_grad_(False)


@torch.no_grad()
def ask(network: nn.Module, pixels: NDArray[np.uint8]) -> Logits:
    """Logits `[N, K]` of images `[N, H, W, C]`."""
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    return torch.cat([network(planes(part)) for part in torch.split(images, 256)]).double().numpy()
