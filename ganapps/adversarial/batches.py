"""Where batches come from: pure functions of their index, made ahead in a thread."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from .game import Batch

BatchSource = Callable[[int], Batch]
"""`source(index)` makes batch number `index`. It must depend on nothing but its seed and the index:
then a run resumed at any index sees the data that the unbroken run would have seen."""

_AHEAD = 2


class Ahead:
    """Makes the next batches of a source in a background thread, in order.

    Args:
        source: makes a batch from its index.
        start: the first index.
        stride: from one index to the next; each of several devices takes every so-manieth batch.
    """

    def __init__(self, source: BatchSource, start: int, stride: int = 1) -> None:
        self._source = source
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._indices = itertools.count(start, stride)
        self._waiting: deque[Future[Batch]] = deque()

    def take(self) -> Batch:
        """The next batch; an error inside the source is raised here."""
        while len(self._waiting) <= _AHEAD:
            self._waiting.append(self._pool.submit(self._source, next(self._indices)))
        return self._waiting.popleft().result()

    def close(self) -> None:
        """Stop making batches."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def to_device(batch: Batch, device: torch.device) -> Any:
    """The batch with every tensor in it on `device`; tuples, lists and dicts keep their shape."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (tuple, list)):
        values = [to_device(value, device) for value in batch]
        return type(batch)(*values) if hasattr(batch, "_fields") else type(batch)(values)
    return batch
