"""The players of the upscaling game. Nothing here reaches further than its convolutions do."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, relu
from torch.nn.utils.parametrizations import spectral_norm


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), without normalisation (EDSR, arXiv 1707.02921, figure 2c)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        # A small residual branch starts every block near the identity, which allows a high learning rate.
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.second.weight)
        with torch.no_grad():
            self.second.weight.mul_(0.1)
        nn.init.zeros_(self.first.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.second(relu(self.first(x)))
        return out


class UpscalingGenerator(nn.Module):
    """A plain residual network at low resolution with one PixelShuffle at its end.

    All work is done on low-resolution pixels (ESPCN, arXiv 1609.05158), and the network predicts what is to
    be added to the nearest-neighbour enlargement. There is no pooling, attention or resampling: an output
    pixel depends on input pixels within `radius` only, so tiles that overlap by it are exact.

    Args:
        width: channels of every hidden convolution.
        blocks: residual blocks, two convolutions each.
        scale: enlargement, a whole number above 1.

    Shape: `[N, 3, H, W]` in [0, 1] to `[N, 3, scale * H, scale * W]`, not clamped.
    """

    def __init__(self, width: int, blocks: int, scale: int) -> None:
        super().__init__()
        self.width, self.blocks, self.scale = width, blocks, scale
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.tail = nn.Conv2d(width, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)

    @property
    def radius(self) -> int:
        """Receptive radius in input pixels: every 3x3 convolution on the longest path adds one."""
        return 2 + 2 * self.blocks

    def forward(self, low: Tensor) -> Tensor:
        detail = self.shuffle(self.tail(self.body(self.head(low))))
        return torch.add(detail, interpolate(low, scale_factor=self.scale, mode="nearest"))


class PatchDiscriminator(nn.Module):
    """Judges overlapping patches of an enlarged picture (PatchGAN, arXiv 1611.07004, section 3.2.2).

    The first layer keeps full resolution, where the finest texture lies. Spectral normalisation (arXiv
    1802.05957) bounds how fast a verdict can change, which keeps the generator supplied with gradients; with
    the last layer left free, the discriminator's loss was seen to run away. A patch of some 50 pixels is
    enough to judge texture and edges; composition is fixed by the low-resolution picture anyway.

    Shape: `[N, 3, H, W]` in [0, 1] to logits `[N, 1, H // 8, W // 8]`.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = (width, 2 * width, 4 * width, 4 * width)
        self.first = spectral_norm(nn.Conv2d(3, width, 3, padding=1))
        self.downs = nn.ModuleList(
            spectral_norm(nn.Conv2d(i, o, 4, stride=2, padding=1))
            for i, o in zip(channels[:-1], channels[1:], strict=True)
        )
        self.mix = spectral_norm(nn.Conv2d(4 * width, 4 * width, 3, padding=1))
        self.verdict = spectral_norm(nn.Conv2d(4 * width, 1, 3, padding=1))

    def forward(self, images: Tensor) -> Tensor:
        x = leaky_relu(self.first(2 * images - 1), 0.2)
        for down in self.downs:
            x = leaky_relu(down(x), 0.2)
        x = leaky_relu(self.mix(x), 0.2)
        logits: Tensor = self.verdict(x)
        return logits
