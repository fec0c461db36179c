"""One game on several devices: the same weights everywhere, gradients averaged after every turn.

The engine is torch.distributed. Start a training script with `torchrun --nproc-per-node 4 script.py` and put
`with devices():` around it; nothing else changes. Gradients are averaged by hand, not by
DistributedDataParallel, because gradient penalties differentiate twice, which its hooks do not see.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn
from torch import distributed as dist

from ..errors import UsageError


@contextlib.contextmanager
def devices(backend: str | None = None) -> Iterator[int]:
    """Join the processes that torchrun started, for as long as the block lasts.

    Args:
        backend: "nccl" or "gloo"; None takes nccl where there is a GPU for this process.

    Yields:
        This process's number on its machine, which is the number of its GPU; 0 without torchrun.

    Raises:
        UsageError: there are more processes on this machine than GPUs.
    """
    local = int(os.environ.get("LOCAL_RANK", 0))
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield local
        return
    backend = backend or ("nccl" if torch.cuda.is_available() else "gloo")
    if backend == "nccl":
        if local >= torch.cuda.device_count():
            raise UsageError(
                f"process {local} finds no GPU of its own, this machine has {torch.cuda.device_count()}:"
                " start torchrun with a smaller --nproc-per-node"
            )
        torch.cuda.set_device(local)
    dist.init_process_group(backend)
    try:
        yield local
    finally:
        dist.destroy_process_group()


@contextlib.contextmanager
def own_random_state(device: torch.device) -> Iterator[None]:
    """Leave the caller's random state, on the CPU and on this device, as it was before the block."""
    forked = []
    if device.type == "cuda":
        forked = [torch.cuda.current_device() if device.index is None else device.index]
    with torch.random.fork_rng(devices=forked):
        yield


def place() -> tuple[int, int]:
    """This process's number and how many there are."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def share_of(batch_size: int) -> int:
    """How many images of a batch this process takes.

    Raises:
        UsageError: the batch cannot be shared evenly among the processes.

    Example:
        >>> share_of(32)
        32
    """
    _, size = place()
    if batch_size % size:
        raise UsageError(
            f"a batch of {batch_size} images cannot be shared evenly among {size} devices:"
            f" make it a multiple of {size}"
        )
    return batch_size // size


def average_gradients(weights: Iterable[nn.Parameter]) -> None:
    """Give every process the mean of all gradients: what one process would have from all batches together."""
    _, size = place()
    if size == 1:
        return
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    # One message for all: small networks have many small tensors.
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= size
    for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def mean_over_devices(values: Tensor) -> Tensor:
    """The mean of every process's values, the same everywhere."""
    _, size = place()
    if size == 1:
        return values
    values = values.clone()
    dist.all_reduce(values)
    return values / size


def from_first(values: list[float]) -> list[float]:
    """What the first process says, in every process, so that all decide alike."""
    _, size = place()
    if size == 1:
        return values
    shared = [values]
    dist.broadcast_object_list(shared)
    return shared[0]


def share_state(network: nn.Module) -> None:
    """Give every process the first one's weights and buffers."""
    _, size = place()
    if size > 1:
        for value in network.state_dict().values():
            dist.broadcast(value, 0)
