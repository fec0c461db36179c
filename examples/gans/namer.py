"""The networks of the semi-supervised game: one that names images, one that makes them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class Noise(nn.Module):
    """Adds Gaussian noise in training, as each layer of the paper's discriminator does."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, values: Tensor) -> Tensor:
        return values + self.deviation * torch.randn_like(values) if self.training else values


class Namer(nn.Module):
    """From square images `[N, C, H, W]` in [0, 1] to the logits of K classes."""

    def __init__(self, shape: torch.Size, classes: int, width: int = 24, hidden: int = 250) -> None:
        super().__init__()
        first = weight_norm(nn.Conv2d(shape[0], width, 5, 2, 2))
        second = weight_norm(nn.Conv2d(width, 2 * width, 3, 2, 1))
        third = weight_norm(nn.Linear(2 * width * (-(-shape[1] // 4)) ** 2, hidden))
        slope = nn.LeakyReLU(0.2)
        self.features = nn.Sequential(Noise(0.1), first, slope, second, slope, nn.Flatten(), third, slope)
        self.classes = nn.Sequential(Noise(0.2), weight_norm(nn.Linear(hidden, classes)))

    def forward(self, images: Tensor) -> Tensor:
        return self.classes(self.features(images))


def drawer(latent: int, shape: torch.Size, hidden: int = 500) -> nn.Sequential:
    """From latents `[N, latent]` in [0, 1] to images in [0, 1]; fully connected, as the paper's for MNIST."""
    sizes, layers = (latent, hidden, hidden), []
    for i, o in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(i, o), nn.BatchNorm1d(o), nn.Softplus()]
    return nn.Sequential(*layers, nn.Linear(hidden, shape.numel()), nn.Sigmoid(), nn.Unflatten(1, shape))
