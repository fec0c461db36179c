"""Training in proofs: so many updates, in an order that hangs on nothing but the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

BATCH = 32


class Order:
    """Which image, and which of its views, comes when.

    Images are shuffled anew for each epoch; a batch may take the last of one and the first of the next. Two
    pools of one size have the same order under the same seed.
    """

    def __init__(self, num_images: int, num_views: int, seed: int) -> None:
        self._num_images, self._num_views, self._seed = num_images, num_views, seed

    def batches(self, updates: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """So many batches: views `[32]` and images `[32]`."""
        waiting, epoch = np.empty(0, dtype=np.int64), 0
        for update in range(updates):
            while len(waiting) < BATCH:
                shuffled = np.random.default_rng((self._seed, 0, epoch)).permutation(self._num_images)
                waiting, epoch = np.concatenate([waiting, shuffled]), epoch + 1
            views = np.random.default_rng((self._seed, 1, update)).integers(self._num_views, size=BATCH)
            yield views, waiting[:BATCH]
            waiting = waiting[BATCH:]


def fit(
    build: Callable[[], nn.Module],
    views: Tensor,
    labels: NDArray[np.int64],
    *,
    updates: int,
    seed: int,
    learning_rate: float,
    weight_decay: float,
    prepare: Callable[[Tensor], Tensor] = lambda batch: batch,
) -> nn.Module:
    """Train a classifier and return it, ready to use.

    Weights at the start, dropout and the shuffling are drawn from the seed alone, so two arms under one seed
    differ in nothing but their images.

    Args:
        build: makes the network.
        views: what it is trained on, `[V, N, ...]`.
        labels: `[N]`.
        updates: batches of 32.
        seed: what all that is random is drawn from.
        learning_rate: at its highest; it rises for three tenths of the time and falls for the rest (one
            cycle, Smith and Topin 2017, arXiv 1708.07120).
        weight_decay: of AdamW.
        prepare: from a batch of views to the network's input.
    """
    targets = torch.from_numpy(labels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build().train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=learning_rate, total_steps=updates)
        for chosen_views, chosen in Order(views.shape[1], views.shape[0], seed).batches(updates):
            loss = cross_entropy(network(prepare(views[chosen_views, chosen])), targets[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval().requires_grad_(False)


def predict(network: nn.Module, inputs: Tensor, prepare: Callable[[Tensor], Tensor]) -> NDArray[np.int64]:
    """The likeliest class of each input, `[N]`."""
    with torch.no_grad():
        guesses = [network(prepare(part)).argmax(1) for part in torch.split(inputs, 256)]
    return torch.cat(guesses).numpy()
