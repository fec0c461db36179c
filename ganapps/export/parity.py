"""Checks that a model file computes what its network does, before anyone gets it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

TOLERANCE = 1 / 255
"""Largest difference of an output in [0, 1]; one grey level for an output of 8 bits."""


def open_session(data: bytes) -> InferenceSession:
    """A session on the CPU for the bytes of a model.

    Raises:
        ModelError: ONNX Runtime refuses them.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors: an overridable initializer is meant, and need not be warned of
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no narrower base
        reason = str(error).splitlines()[0]
        raise ModelError(f"the exported network cannot be loaded by ONNX Runtime: {reason}") from error


def check_parity(
    session: InferenceSession, module: nn.Module, outputs: Sequence[str], feeds: Iterable[dict[str, Tensor]]
) -> None:
    """Compare a session with the module it was exported from.

    Args:
        session: the exported module.
        module: takes the tensors of a feed in their order.
        outputs: names of the module's outputs, in order; uint8, or float in [0, 1].
        feeds: inputs to try.

    Raises:
        ModelError: an output differs by more than `TOLERANCE`.
    """
    for feed in feeds:
        arrays = {name: tensor.numpy() for name, tensor in feed.items()}
        exported: list[NDArray[Any]] = session.run(list(outputs), arrays)
        with torch.no_grad():
            wanted = module(*feed.values())
        for name, ours, theirs in zip(outputs, exported, wanted, strict=True):
            difference = _difference(ours, theirs.numpy())
            # Not `> TOLERANCE`: a NaN must not pass.
            if not difference <= TOLERANCE * 1.000001:
                shapes = ", ".join(f"{key} {tuple(tensor.shape)}" for key, tensor in feed.items())
                raise ModelError(
                    f"the exported network differs from the trained one by {difference:.3g} in {name!r} for"
                    f" {shapes}; at most 1/255 is accepted, so no file was written"
                )


def check_radius(session: InferenceSession, scale: int, radius: int) -> None:
    """Change one pixel and see that no output further than `radius` from it moves, in any bit.

    Raises:
        ModelError: the network reaches further than it says, so tiles would show.
    """
    side = 2 * radius + 5
    image = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), dtype=np.uint8)
    changed = image.copy()
    changed[0, side // 2, side // 2] = 255 - changed[0, side // 2, side // 2]
    (before,) = session.run(["upscaled_float"], {"image": image})
    (after,) = session.run(["upscaled_float"], {"image": changed})
    moved = np.argwhere((before != after).any(-1)[0]) // scale
    reach = int(np.abs(moved - side // 2).max(initial=0))
    if reach > radius:
        raise ModelError(
            f"the network says that its receptive radius is {radius} px, but a change {reach} px away"
            " reaches it"
        )


def _difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Largest absolute difference on the [0, 1] range; infinite for other shapes or types."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    unit = 255 if ours.dtype == np.uint8 else 1
    return float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max() / unit)
