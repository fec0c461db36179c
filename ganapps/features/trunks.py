"""VGG16 and AlexNet trunks without aliasing, as shift-tolerant LPIPS trains them (arXiv 2207.13686).

Both differ from the classic networks in one thing: where those subsample, these take the maximum without a
stride and then blur and subsample (BlurPool, arXiv 1904.11486). AlexNet's first convolution has stride 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, pad, relu

from .frozen import Frozen, load_packaged

Net = Literal["vgg", "alex"]

_MEAN = (0.485, 0.456, 0.406)  # ImageNet's, of images in [0, 1]; in the file they are given for [-1, 1]
_DEVIATION = (0.229, 0.224, 0.225)
_SQUARED_EPS = 1e-10
"""Keeps the gradient of a norm finite where all features are zero; far below the norms of real features."""

VGG16_CHANNELS = (64, 128, 256, 512, 512)
ALEXNET_CHANNELS = (64, 192, 384, 256, 256)

_VGG16_CONVOLUTIONS = (2, 2, 3, 3, 3)


class BlurPool(nn.Module):
    """Blur with the binomial filter 1 2 1 in each direction, then keep every second pixel.

    Two pixels of mirrored border instead of the one that the filter needs, so `[N, C, H, W]` becomes
    `[N, C, floor((H + 1) / 2) + 1, ...]`: shift-tolerant LPIPS is trained so.
    """

    def forward(self, x: Tensor) -> Tensor:
        line = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype, device=x.device)
        kernel = (line[:, None] * line[None, :]).expand(x.shape[1], 1, 3, 3)
        return conv2d(pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=x.shape[1])


class Vgg16(Frozen):
    """Convolutional part of VGG16 (arXiv 1409.1556, configuration D), the last pooling left out.

    Args:
        depth: so many tensors, from the first; what lies deeper is not computed.

    Shape: `[N, 3, H, W]` to up to five tensors, the last ReLU before each pooling. H and W at least 32.
    """

    channels = VGG16_CHANNELS

    def __init__(self, depth: int = 5) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        channels = 3
        for out, num_convolutions in zip(VGG16_CHANNELS[:depth], _VGG16_CONVOLUTIONS[:depth], strict=True):
            inputs = [channels] + [out] * (num_convolutions - 1)
            self.stages.append(nn.ModuleList(nn.Conv2d(i, out, 3, padding=1) for i in inputs))
            channels = out
        self.pool = BlurPool()

    def forward(self, x: Tensor) -> list[Tensor]:
        features: list[Tensor] = []
        for stage in self.stages:
            if features:
                x = self.pool(max_pool2d(x, 2, stride=1))
            for convolution in stage:  # type: ignore[attr-defined]
                x = relu(convolution(x))
            features.append(x)
        return features

    def convolutions(self) -> Iterator[nn.Conv2d]:
        """All convolutions, in order."""
        return chain.from_iterable(self.stages)  # type: ignore[arg-type]


class AlexNet(Frozen):
    """Convolutional part of AlexNet (arXiv 1404.5997, one column), the last pooling left out.

    Shape: `[N, 3, H, W]` to five tensors, the ReLUs after each convolution. H and W at least 32.
    """

    channels = ALEXNET_CHANNELS

    def __init__(self) -> None:
        super().__init__()
        sides = (11, 5, 3, 3, 3)
        inputs = (3, *ALEXNET_CHANNELS[:-1])
        self.layers = nn.ModuleList(
            nn.Conv2d(i, o, side, padding=2 if side > 3 else 1)
            for i, o, side in zip(inputs, ALEXNET_CHANNELS, sides, strict=True)
        )
        self.pool = BlurPool()

    def forward(self, x: Tensor) -> list[Tensor]:
        first, second, third, fourth, fifth = self.layers
        features = [relu(self.pool(first(x)))]
        for convolution in (second, third):
            features.append(relu(convolution(self.pool(max_pool2d(features[-1], 3, stride=1)))))
        for convolution in (fourth, fifth):
            features.append(relu(convolution(features[-1])))
        return features

    def convolutions(self) -> Iterator[nn.Conv2d]:
        """All convolutions, in order."""
        return iter(self.layers)  # type: ignore[arg-type]


def unit_features(trunk: Vgg16 | AlexNet, images: Tensor) -> list[Tensor]:
    """What a trunk finds in images, each position's features scaled to length one (LPIPS, arXiv 1801.03924,
    section 3).

    Args:
        trunk: a filled trunk.
        images: `[N, 3, H, W]` in [0, 1].

    Returns:
        What the trunk returns; all zero where it found nothing.
    """
    mean, deviation = (images.new_tensor(values).view(1, 3, 1, 1) for values in (_MEAN, _DEVIATION))
    # With channels last, pooling is 5 times faster on a CPU and the whole a fifth (VGG) to two fifths.
    normalised = ((images - mean) / deviation).contiguous(memory_format=torch.channels_last)
    return [f * (f.square().sum(1, keepdim=True) + _SQUARED_EPS).rsqrt() for f in trunk(normalised)]


def read_weights(net: Net, *, job: str, extra: str) -> dict[str, Tensor]:
    """The tensors of a trunk and of the distance that it is trained for.

    Args:
        net: which trunk.
        job: what needs it, for the message.
        extra: which extra of ganapps brings it.

    Raises:
        DependencyError: the package `stlpips-pytorch` is not installed.
    """
    file = f"weights/vST0.0/{net}_shift_tolerant.pth"
    return load_packaged("stlpips_pytorch", "stlpips-pytorch", file, job=job, extra=extra)


def fill(trunk: Vgg16 | AlexNet, tensors: dict[str, Tensor]) -> None:
    """Copy convolutions in the order of their numbers in the file, as many as the trunk has."""
    weights = [name for name in tensors if name.startswith("net.") and name.endswith(".weight")]
    names = [name.removesuffix(".weight") for name in weights]
    names.sort(key=lambda name: int(name.rsplit(".", 1)[1]))
    with torch.no_grad():
        for name, convolution in zip(names, trunk.convolutions(), strict=False):
            convolution.weight.copy_(tensors[f"{name}.weight"])
            assert convolution.bias is not None
            convolution.bias.copy_(tensors[f"{name}.bias"])
