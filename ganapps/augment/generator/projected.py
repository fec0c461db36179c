"""A discriminator that looks at images through a pretrained network and learns only what to make of it.

Projected GAN (Sauer et al. 2021, arXiv 2111.01007): real and generated images are projected into frozen
features, mixed at random, and small heads tell the two apart, one at each resolution. Where images are few,
features that are not learnt cannot be learnt by heart.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ...adversarial import Projection
from ...features.efficientnet import EfficientNetLite0Features
from ...features.frozen import Frozen
from .networks import Architecture, initialise

_DEPTH = 4
"""Resolutions that are looked at: 1/2, 1/4, 1/8 and 1/16. The fifth costs as much as the first three and has
2 x 2 pixels left."""
_LEAST_PX, _MOST_PX = 64, 128
"""Side that images are brought to: what the features find in 28 px enlarged to 64 is worth its price, and
above 128 a training step on a CPU is not."""
_MIXED = 24
"""Channels of each resolution after mixing."""
_SPREAD = 8.0
"""Standard deviation of the features, about the same at all four resolutions: 6 to 10 for photographs of
hands and for drawings."""
_MOST_CHANNELS = 64
"""Of a head's convolutions. Heads of 96 on 48 mixed channels cost more than the pretrained network, since the
penalties differentiate them twice."""
_SLOPE = 0.2


class Projector(Frozen):
    """Images in, one flat vector of frozen features each out.

    Features at four resolutions of EfficientNet-Lite0, each mixed by a random matrix over its channels that
    never changes: then a discriminator cannot keep to those that are easy to tell (cross-channel mixing,
    arXiv 2111.01007, section 3.2). The matrices are parameters, so a checkpoint keeps them.

    Shape: `[N, 1 or 3, H, W]` in [-1, 1] to `[N, D]`; `shapes` says what D is made of.

    Args:
        architecture: sizes of the images.

    Raises:
        DependencyError: the package with the pretrained weights is not installed.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        longer = max(architecture.height, architecture.width)
        self.side_px = min(_MOST_PX, max(_LEAST_PX, 32 * math.ceil(longer / 32)))
        self.shrinks = longer > self.side_px
        self.extractor = EfficientNetLite0Features("ganapps augment", depth=_DEPTH)
        sides = [math.ceil(self.side_px / stride) for stride in self.extractor.strides[:_DEPTH]]
        self.shapes = tuple((_MIXED, side, side) for side in sides)
        self.mixing = nn.ModuleList(
            nn.Conv2d(channels, _MIXED, 1, bias=False) for channels in self.extractor.channels[:_DEPTH]
        )
        for layer in self.mixing:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")  # type: ignore[arg-type]
        self.freeze()

    def forward(self, images: Tensor) -> Tensor:
        size = (self.side_px, self.side_px)
        if images.shape[2:] != size:
            images = interpolate(
                images, size=size, mode="bilinear", align_corners=False, antialias=self.shrinks
            )
        unit = ((images + 1) / 2).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        maps = zip(self.mixing, self.extractor(unit), strict=True)
        return torch.cat([mix(features / _SPREAD).flatten(1) for mix, features in maps], dim=1)


class Head(nn.Module):
    """Mixed features of one resolution and labels in, logits out.

    `forward(features [N, C, S, S], label int64 [N], share) -> [N]`. Convolutions of stride 2 down to 4 x 4,
    as in Projected GAN, and the label by projection (arXiv 1802.05637, eq. 3), which counts by `share`.
    """

    def __init__(
        self, shape: tuple[int, int, int], num_classes: int, *, width: int = 32, features: int = 128
    ) -> None:
        super().__init__()
        channels, side, _ = shape
        layers: list[nn.Module] = []
        while side > 4:
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(_SLOPE)]
            channels, width, side = width, _MOST_CHANNELS, side // 2
        layers += [nn.Conv2d(channels, _MOST_CHANNELS, 3, padding=1), nn.LeakyReLU(_SLOPE), nn.Flatten()]
        layers += [nn.Linear(_MOST_CHANNELS * side * side, features), nn.LeakyReLU(_SLOPE)]
        self.features = nn.Sequential(*layers)
        self.verdict = Projection(features, num_classes)
        initialise(self.features)

    def forward(self, features: Tensor, label: Tensor, share: float = 1.0) -> Tensor:
        logits: Tensor = self.verdict(self.features(features), label, share)
        return logits


class ProjectedDiscriminator(nn.Module):
    """Projected images and labels in, a logit of each resolution out.

    `forward(projected [N, D], label int64 [N], share) -> [N, 4]`, where `project` makes the first of
    images. The two are apart so that whatever is asked of the discriminator's slope is asked of what is
    trained: a gradient penalty on projected images costs nothing in the pretrained network, where one
    on pixels would have to differentiate it twice.

    Args:
        architecture: sizes of the images.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.project = Projector(architecture)
        self.heads = nn.ModuleList(Head(shape, architecture.num_classes) for shape in self.project.shapes)

    def forward(self, projected: Tensor, label: Tensor, share: float = 1.0) -> Tensor:
        shapes = self.project.shapes
        parts = torch.split(projected, [math.prod(shape) for shape in shapes], dim=1)
        logits = [
            head(part.view(-1, *shape), label, share)
            for head, part, shape in zip(self.heads, parts, shapes, strict=True)
        ]
        return torch.stack(logits, dim=1)
