"""One vector an image, by which sets of images are compared."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from ..errors import UsageError
from .efficientnet import EfficientNetLite0Features

SIDE_PX = 128
"""Side that images are brought to. EfficientNet-Lite0 was trained on 224 px, which costs three times as much
and gives enlarged images of 28 to 64 px nothing that they have not at 128."""
_AT_ONCE = 64


class Embedding:
    """Images in, vectors of EfficientNet-Lite0 out.

    Args:
        job: what needs it, for the message when the weights are missing.

    Raises:
        DependencyError: the package with the weights is not installed.
    """

    def __init__(self, job: str = "this measure") -> None:
        self._network = EfficientNetLite0Features(job).to(memory_format=torch.channels_last)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the pretrained network's own classifier sees of each image.

        Images are brought to 128 x 128 px, whatever their proportions; smaller ones bilinearly, larger ones
        by an area filter, so that nothing is left out. Grey is repeated to three channels. Images of one call
        do not touch each other.

        Args:
            pixels: uint8 `[N, H, W, C]`, RGB or grey.

        Returns:
            float32 `[N, 1280]` in [0, 6].

        Raises:
            UsageError: pixels of another type or shape.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] not in (1, 3):
            raise UsageError(
                f"images to embed must be uint8 [N, H, W, 1 or 3], got {pixels.dtype} {list(pixels.shape)}"
            )
        made = np.empty((len(pixels), 1280), dtype=np.float32)
        for start in range(0, len(pixels), _AT_ONCE):
            part = torch.from_numpy(pixels[start : start + _AT_ONCE]).permute(0, 3, 1, 2)
            with torch.no_grad():
                made[start : start + _AT_ONCE] = self._network.embed(_enlarged(part)).numpy()
        return made


def embed_images(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`Embedding()(pixels)`: the weights are read anew at every call, so keep an `Embedding` for many.

    Raises:
        DependencyError, UsageError: as `Embedding`.
    """
    return Embedding()(pixels)


def _enlarged(images: Tensor) -> Tensor:
    """uint8 `[N, C, H, W]` to float32 `[N, 3, 128, 128]` in [0, 1]."""
    unit = images.to(torch.float32).div(255)
    sized = interpolate(unit, size=(SIDE_PX, SIDE_PX), mode="bilinear", align_corners=False, antialias=True)
    return sized.clamp(0, 1).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
