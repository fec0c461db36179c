"""What all pretrained networks share: where their weights lie, and that they never change."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from ..errors import DependencyError


class Frozen(nn.Module):
    """A network that is always in evaluation mode; its parameters take no gradient, its input does."""

    def freeze(self) -> Self:
        """Stop gradients to all parameters and leave training mode for good."""
        self.requires_grad_(False)
        return self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever a surrounding network is switched to."""
        return super().train(False)


def load_packaged(package: str, distribution: str, file: str, *, job: str, extra: str) -> dict[str, Tensor]:
    """The tensors of a weight file that lies inside an installed package, which is not imported.

    Args:
        package: name that Python imports it by.
        distribution: name that pip installs it by.
        file: path inside the package.
        job: what needs it, for the message.
        extra: which extra of ganapps brings it, for the message.

    Raises:
        DependencyError: the package is not installed, or another version of it has no such file.
    """
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = next((Path(folder) / file for folder in folders if (Path(folder) / file).is_file()), None)
    if path is None:
        raise DependencyError.for_extra(job, f"the package {distribution}", extra)
    tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return tensors
