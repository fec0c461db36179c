"""The two classifiers of a proof: a small network from scratch, and a linear one on pretrained features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from ...features.pooled import PooledFeatures
from ..classic import NONE, ClassicPolicy, draw_views
from ..generator.classifier import Classifier
from ..generator.game import signed
from ..generator.networks import Architecture
from ..regression import regress
from ..sets.dataset import Pixels, Shape
from .fitting import fit, predict
from .pool import Pictures, Pool, Rows

_WIDTH = 16
"""Channels of the first layer of the network from scratch: half of what the generator's own classifier has,
since one is trained for each arm and seed."""
_PRIOR = 0.2
"""Weight of half the squared weights beside the sum over the images, of features scaled to unit length. Test
images with 25 labels a class: clothes, 79.9 % at 0.08, 80.3 at 0.25, 79.2 at 0.75; drawings, 91.9 % at 0.03,
91.3 at 0.1, 90.9 at 0.3, and with 975 images more 94.2 at 0.3."""
_VIEWS = {"scratch": (16_000, 16), "features": (3_000, 3)}
"""Views drawn of all images together, and of one image at most."""


class Learner(Protocol):
    """Trains on a pool and answers for images that carry no label."""

    @property
    def name(self) -> str: ...

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> NDArray[np.int64]:
        """Train on the pool under a policy, and name the class of each asked row, `[len(rows)]`."""
        ...

    def keep_only(self, policy: ClassicPolicy) -> None:
        """Let go of what was computed for other policies."""
        ...


class Views:
    """Augmented views of sets, computed once for each set and policy, whichever arm or seed asks.

    Args:
        num_views: views of each image.
        seed: what they are drawn from.
        convert: from uint8 `[N, H, W, C]` to what a network is trained on, `[N, ...]`.
    """

    def __init__(self, num_views: int, seed: int, convert: Callable[[Pixels], Tensor]) -> None:
        self._num_views, self._seed, self._convert = num_views, seed, convert
        self._kept: dict[tuple[Pictures, str], Tensor] = {}

    def of(self, pictures: Pictures, policy: ClassicPolicy) -> Tensor:
        """`[V, N, ...]`; V is 1 where the policy changes nothing."""
        key = (pictures, policy.name)
        if key not in self._kept:
            views = draw_views(pictures.pixels, policy, self._num_views, seed=self._seed)
            self._kept[key] = torch.stack([self._convert(view) for view in views])
        return self._kept[key]

    def of_pool(self, pool: Pool, policy: ClassicPolicy) -> Tensor:
        """`[V, len(pool), ...]`"""
        return torch.cat([self.of(part.pictures, policy)[:, part.rows] for part in pool.parts], dim=1)

    def keep_only(self, policy: ClassicPolicy) -> None:
        """Let go of the views of all other policies, but for the images as they are."""
        kept = (policy.name, NONE.name)
        self._kept = {key: views for key, views in self._kept.items() if key[1] in kept}


class FromScratch:
    """A convolutional network of four layers that knows nothing before it is trained."""

    name = "from scratch"

    def __init__(self, shape: Shape, num_classes: int, *, updates: int, num_views: int, seed: int) -> None:
        self._architecture = Architecture(
            num_classes=num_classes, height=shape.height, width=shape.width, channels=shape.channels
        )
        self._updates = updates
        self.views = Views(num_views, seed, _planes)

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> NDArray[np.int64]:
        network = fit(
            lambda: Classifier(self._architecture, width=_WIDTH).to(memory_format=torch.channels_last),
            self.views.of_pool(pool, policy),
            pool.labels,
            updates=self._updates,
            seed=seed,
            learning_rate=4e-3,
            weight_decay=1e-2,
            prepare=_signed,
        )
        return predict(network, self.views.of(asked, NONE)[0, rows], _signed)

    def keep_only(self, policy: ClassicPolicy) -> None:
        self.views.keep_only(policy)


class OnFeatures:
    """Multinomial logistic regression on frozen features, see `PooledFeatures`.

    These are brought to mean 0 and one variance over the images of the pool. Beside each image stand views of
    it, drawn anew for every seed from those that are kept, and together they weigh as much as an image. It is
    fitted to the end, so that no arm hangs on how many updates it gets.
    """

    name = "on pretrained features"

    def __init__(self, num_classes: int, *, num_views: int, seed: int) -> None:
        self._num_classes = num_classes
        self.views = Views(num_views, seed, PooledFeatures("ganapps prove").eval().of)

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> NDArray[np.int64]:
        views = self.views.of_pool(pool, NONE)
        if not policy.changes_nothing:
            views = torch.cat([views, _drawn_again(self.views.of_pool(pool, policy), seed)])
        flat = views.flatten(0, 1)
        # A feature that hardly ever moves would turn its noise into a signal.
        mean, spread = flat.mean(0), flat.std(0).clamp_min(1e-2) * flat.shape[1] ** 0.5
        targets = one_hot(torch.from_numpy(pool.labels).repeat(len(views)), self._num_classes).float()
        weight, bias = regress(
            (flat - mean) / spread, targets, torch.ones(len(flat)), decay=_PRIOR / len(pool)
        )
        inputs = (self.views.of(asked, NONE)[0, rows] - mean) / spread
        guesses: NDArray[np.int64] = (inputs @ weight.T + bias).argmax(1).numpy()
        return guesses

    def keep_only(self, policy: ClassicPolicy) -> None:
        self.views.keep_only(policy)


def make_learners(
    shape: Shape, num_classes: int, *, images: int, updates: int, seed: int
) -> tuple[Learner, ...]:
    """Both classifiers.

    Args:
        shape: of the images.
        num_classes: how many classes there are.
        images: how many will be trained on in all; the more, the fewer views are drawn of each.
        updates: of each training of the first.
        seed: what views are drawn from.

    Raises:
        DependencyError: the pretrained features are not installed.
    """
    views = {name: max(2, min(most, total // images)) for name, (total, most) in _VIEWS.items()}
    return (
        FromScratch(shape, num_classes, updates=updates, num_views=views["scratch"], seed=seed),
        OnFeatures(num_classes, num_views=views["features"], seed=seed),
    )


def _drawn_again(views: Tensor, seed: int) -> Tensor:
    """For each image as many of its views as there are, with repeats, `[V, N, ...]`."""
    num_views, num_images = views.shape[:2]
    chosen = np.random.default_rng((seed, 5)).integers(num_views, size=(num_views, num_images))
    return views[chosen, np.arange(num_images)]


def _signed(images: Tensor) -> Tensor:
    # On a CPU a training step takes a quarter less in this order.
    return signed(images).contiguous(memory_format=torch.channels_last)


def _planes(pixels: Pixels) -> Tensor:
    """uint8 `[N, C, H, W]`"""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
