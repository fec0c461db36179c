"""Spectral normalisation of a whole network."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from ..errors import UsageError

Network = TypeVar("Network", bound=nn.Module)

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Embedding)


def bound_slopes(network: Network) -> Network:
    """Divide the weight of every linear, convolutional and embedding layer by its largest singular value.

    Miyato et al. 2018, arXiv 1802.05957, eq. 8: the slope of the whole is then at most the product of
    its activations' slopes. Convolutions are taken as the matrix of their weights, as in the paper.

    Returns:
        The same network.

    Raises:
        UsageError: it has no such layer, or has some normalised already.
    """
    layers = [module for module in network.modules() if isinstance(module, _LAYERS)]
    if not layers:
        raise UsageError(f"{type(network).__name__} has no linear or convolutional layer to normalise")
    if any(parametrize.is_parametrized(layer, "weight") for layer in layers):
        raise UsageError(f"{type(network).__name__} has normalised layers already")
    for layer in layers:
        spectral_norm(layer)
    return network
