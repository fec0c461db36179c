"""Where a training starts from: another run, or a model file, shipped or one's own."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..adversarial import best_weights, load_checkpoint
from ..errors import CheckpointError, DependencyError, ModelError
from ..runs.options import NAME, read_options
from ..runtime.zoo import find_weights

if TYPE_CHECKING:
    import onnx

_PREFIX = "network."
"""What the exporter puts before the names of a network's weights."""
_RECIPE = "ganapps.recipe"
"""Where a model file says how it was trained: a recipe's name, and after a comma what was mixed in."""


def start_from(generator: nn.Module, source: str | Path) -> None:
    """Load the weights of a trained generator.

    Args:
        generator: the network to fill; it must be of the same shape as the trained one, but may enlarge less:
            where the trained one's scale is a multiple, its last layer is averaged down to the smaller scale;
            and may have more blocks, which then change nothing until they are trained.
        source: a checkpoint `.pt` of another run, whose averaged generator is taken, as it was when it scored
            best; an `.onnx` file exported by ganapps; or the name of a shipped model.

    Raises:
        CheckpointError: the source is unreadable or of another network.
        ModelError: there is no such model.
    """
    weights = _of_run(Path(source)) if Path(source).suffix == ".pt" else _of_model(find_weights(source))
    weights |= _added_blocks(generator, weights)
    for name, value in generator.state_dict().items():
        if name.endswith("bias") and name not in weights:
            weights[name] = torch.zeros_like(value)  # the exporter leaves out biases that are all zero
        elif name.startswith("tail.") and name in weights:
            weights[name] = _fewer_phases(weights[name], len(value))
    try:
        generator.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{source} holds another network than this recipe's") from error


def _added_blocks(generator: nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the blocks that only the generator has: with the second convolution at 0, x + 0 (Net2Net's
    deeper network that computes the same, arXiv 1511.05641, section 2.4)."""
    depth = 1 + max(map(_block, weights), default=-1)
    return {
        name: torch.zeros_like(value) if ".second." in name else value
        for name, value in generator.state_dict().items()
        if _block(name) >= depth > 0
    }


def _block(name: str) -> int:
    """The number of the block that a weight of this name is in; -1 for one outside, or of another network."""
    body, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    return int(number) if body == "body" and number.isdecimal() else -1


def _fewer_phases(tail: Tensor, wanted: int) -> Tensor:
    """The last layer of a smaller scale: each of its pixels is the mean of those that a larger one has there.

    Channels lie as PixelShuffle takes them, 3 colours times scale rows times scale columns. Where the larger
    scale is no multiple of the smaller one, `tail` comes back as it is, and does not fit.
    """
    large, small = math.isqrt(len(tail) // 3), math.isqrt(wanted // 3)
    if large <= small or large % small:
        return tail
    times = large // small
    phases = tail.reshape(3, small, times, small, times, *tail.shape[1:])
    return phases.mean((2, 4)).reshape(wanted, *tail.shape[1:])


def origin(source: str | Path) -> str:
    """The name of a model, or of the run that a checkpoint lies in; no path of this machine.

    Example:
        >>> origin("runs/fidelity/checkpoint.pt"), origin("photo-x4"), origin("mine/best.onnx")
        ('fidelity', 'photo-x4', 'best')
    """
    path = Path(source)
    return path.parent.name if path.suffix == ".pt" else path.name.removesuffix(".onnx")


def recipe_of(source: str | Path) -> str | None:
    """The name of the recipe that a starting point was trained by; None where nothing says it.

    Args:
        source: as for `start_from`.

    Raises:
        CheckpointError, ModelError: as `start_from` does.

    Example:
        >>> recipe_of("fidelity-x4")
        'fidelity-x4'
    """
    path = Path(source)
    if path.suffix == ".pt":
        known = read_options(path.parent) if (path.parent / NAME).exists() else {}
        recipe = known.get("recipe")
        return str(recipe.get("name")) if isinstance(recipe, dict) else None
    said = {entry.key: entry.value for entry in _model(find_weights(source)).metadata_props}
    return said[_RECIPE].split(",")[0] if _RECIPE in said else None


@torch.no_grad()
def mix_in(generator: nn.Module, source: str | Path, share: float) -> None:
    """Replace each weight w by `(1 - share) * w + share * v`, where v is that of another trained generator.

    Args:
        generator: the network to change.
        source: as for `start_from`.
        share: 0 leaves the generator as it is, 1 makes it the other one.

    Raises:
        CheckpointError, ModelError: as `start_from` does.
    """
    other = copy.deepcopy(generator)
    start_from(other, source)
    for weight, value in zip(generator.parameters(), other.parameters(), strict=True):
        weight.lerp_(value, share)


def _of_run(checkpoint: Path) -> dict[str, Tensor]:
    weights = best_weights(load_checkpoint(checkpoint))
    if not isinstance(weights, dict):
        raise CheckpointError(f"{checkpoint} holds no averaged generator")
    return dict(weights)


def _of_model(path: Path) -> dict[str, Tensor]:
    import onnx

    return {
        tensor.name.removeprefix(_PREFIX): torch.from_numpy(np.array(onnx.numpy_helper.to_array(tensor)))
        for tensor in _model(path).graph.initializer
        if tensor.name.startswith(_PREFIX)
    }


def _model(path: Path) -> onnx.ModelProto:
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise DependencyError.for_extra("starting from a model file", "the package onnx", "train") from error
    try:
        return onnx.load(path)
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX model") from error
