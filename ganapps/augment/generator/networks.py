"""The networks of the conditional game: small enough to be trained on two CPU cores in minutes.

Resolution is changed by convolutions of 4 x 4 with stride 2 (DCGAN, arXiv 1511.06434): an output pixel costs
4 taps a channel where enlarging and a 3 x 3 convolution cost 9, and no weight is spent where pixels are many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu

from ...adversarial import Projection

_SLOPE = 0.2
"""Slope of the leaky rectifier below 0, as in DCGAN."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes of all networks of one run."""

    num_classes: int
    height: int
    width: int
    channels: int
    """1 for grey, 3 for RGB."""
    latent: int = 64
    """Numbers a generated image is made from, beside its label."""
    style: int = 128
    """Length of the vector that steers every layer of the generator."""

    @property
    def halvings(self) -> int:
        """Halvings from full resolution to the base, whose longer side is 5 to 8 px, or 4 for small
        images."""
        return max(1, math.ceil(math.log2(max(self.height, self.width) / 8)))

    @property
    def base(self) -> tuple[int, int]:
        """Height and width where the generator starts; whole images are cut from what grows out of it."""
        factor = 2**self.halvings
        return math.ceil(self.height / factor), math.ceil(self.width / factor)

    @property
    def narrow(self) -> int:
        """Feature channels of the generator at full resolution, where they cost most."""
        return 24 if max(self.height, self.width) <= 32 else 16

    @property
    def generator_widths(self) -> tuple[int, ...]:
        """Feature channels from full resolution down to the base."""
        return tuple(min(128, self.narrow * factor) for factor in (1, 3, *[6] * self.halvings))[
            : self.halvings + 1
        ]

    @property
    def discriminator_widths(self) -> tuple[int, ...]:
        """Feature channels from half resolution down to half of the base."""
        return tuple(min(8, 2 ** (level + 1)) * self.narrow for level in range(self.halvings + 1))


class Generator(nn.Module):
    """Latent vectors and labels in, images out.

    `forward(latent [N, Z], label int64 [N], share) -> [N, C, H, W]` in [-1, 1], where the label counts by
    `share`, 0 to 1. No layer looks at the rest of the batch, so an image depends on nothing but its own
    latent vector and label.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        latent, style = architecture.latent, architecture.style
        outer, *_, inner = architecture.generator_widths
        self.label = nn.Embedding(architecture.num_classes, latent)
        self.mapping = nn.Sequential(
            nn.Linear(2 * latent, style), nn.LeakyReLU(_SLOPE), nn.Linear(style, style), nn.LeakyReLU(_SLOPE)
        )
        self.base = nn.Linear(style, inner * math.prod(architecture.base))
        self.start = StyledLayer(nn.Conv2d(inner, inner, 3, padding=1), inner, style)
        widths = architecture.generator_widths
        pairs = zip(widths[:0:-1], widths[-2::-1], strict=True)
        self.growth = nn.ModuleList(
            StyledLayer(doubling(wide, narrow), narrow, style) for wide, narrow in pairs
        )
        self.picture = nn.Conv2d(outer, architecture.channels, 3, padding=1)
        initialise(self.mapping, self.base, self.start.convolution)

    def forward(self, latent: Tensor, label: Tensor, share: float = 1.0) -> Tensor:
        style = self.mapping(torch.cat([latent, share * self.label(label)], dim=1))
        features = self.base(style).unflatten(1, (-1, *self.architecture.base))
        features = self.start(leaky_relu(features, _SLOPE), style)
        for layer in self.growth:
            features = layer(features, style)
        pixels = torch.tanh(self.picture(features))
        return pixels[:, :, : self.architecture.height, : self.architecture.width]


class Blur(nn.Module):
    """The binomial filter 1 2 1 in each direction, `[N, C, H, W]` to the same; beyond the border is 0."""

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("kernel", (line[:, None] * line).repeat(channels, 1, 1, 1), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        return conv2d(features, self.kernel, padding=1, groups=len(self.kernel))


def doubling(wide: int, narrow: int) -> nn.Sequential:
    """`[N, wide, H, W]` to `[N, narrow, 2 H, 2 W]`: a transposed convolution, blurred.

    A transposed convolution draws the four pixels of a block by different weights: after minutes of training
    that is seen as dots. Blurred, they have enough in common, and later layers draw what is finer (StyleGAN2,
    arXiv 1912.04958, filters so wherever it enlarges). Interpolation instead of weights has no dots either,
    and is slower to learn what is fine, such as fingers.
    """
    return nn.Sequential(nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), Blur(narrow))


class StyledLayer(nn.Module):
    """A convolution whose output is normalised, then scaled and shifted by the style.

    Each pixel's features are brought to root mean square 1 (pixel norm, Karras et al. 2018, arXiv 1710.10196,
    section 4.2), and then modulated channel by channel (FiLM, arXiv 1709.07871, eq. 2).
    """

    def __init__(self, convolution: nn.Module, width: int, style: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.modulation = nn.Linear(style, 2 * width)
        nn.init.normal_(self.modulation.weight, std=0.05)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        features = self.convolution(features)
        features = features * torch.rsqrt(features.square().mean(1, keepdim=True) + 1e-6)
        scale, shift = self.modulation(style)[:, :, None, None].chunk(2, dim=1)
        return leaky_relu(features * (1 + scale) + shift, _SLOPE)


class Discriminator(nn.Module):
    """Images and labels in, logits out: how real an image looks, and how much like its label.

    `forward(images [N, C, H, W] in [-1, 1], label int64 [N], share) -> [N]`. The label enters by projection
    (Miyato and Koyama 2018, arXiv 1802.05637, eq. 3), and counts by `share`, 0 to 1.
    """

    def __init__(self, architecture: Architecture, features: int = 256) -> None:
        super().__init__()
        *widths, inner = architecture.discriminator_widths
        layers: list[nn.Module] = []
        channels, sides = architecture.channels, (architecture.height, architecture.width)
        for width in widths:
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(_SLOPE)]
            channels, sides = width, (sides[0] // 2, sides[1] // 2)
        layers += [nn.Conv2d(channels, inner, 3, stride=2, padding=1), nn.LeakyReLU(_SLOPE), nn.Flatten()]
        sides = (math.ceil(sides[0] / 2), math.ceil(sides[1] / 2))
        layers += [nn.Linear(inner * math.prod(sides), features), nn.LeakyReLU(_SLOPE)]
        self.features = nn.Sequential(*layers)
        self.verdict = Projection(features, architecture.num_classes)
        initialise(self.features)

    def forward(self, images: Tensor, label: Tensor, share: float = 1.0) -> Tensor:
        logits: Tensor = self.verdict(self.features(images), label, share)
        return logits


def initialise(*parts: nn.Module) -> None:
    """Weights that keep the scale of their input through leaky rectifiers (He et al. 2015, arXiv 1502.01852,
    eq. 15).

    PyTorch's own choice shrinks it layer by layer: then latent vectors hardly show in what is generated, and
    a young discriminator tells nothing apart.
    """
    for part in parts:
        for layer in part.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
