"""The networks that the core is timed on: DCGAN for 32 x 32 colour images.

Radford et al. 2015, arXiv 1511.06434, section 3: strided convolutions, batch normalisation, ReLU in the
generator and LeakyReLU of 0.2 in the discriminator; weights drawn from a normal of deviation 0.02.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..game import Game, Losses
from ..match import Match
from ..objectives import NON_SATURATING
from ..regularisers import R1

LATENT = 100
SIDE_PX = 32
R1_GAMMA = 1.0


def dcgan_generator(width: int = 64) -> nn.Sequential:
    """From latent vectors `[N, 100]` to images `[N, 3, 32, 32]` in [-1, 1]; `width` channels at 16 x 16."""
    layers: list[nn.Module] = [nn.Unflatten(1, (LATENT, 1, 1))]
    inputs = LATENT
    for outputs, stride, padding in ((4 * width, 1, 0), (2 * width, 2, 1), (width, 2, 1)):
        layers.append(nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        inputs = outputs
    layers += [nn.ConvTranspose2d(inputs, 3, 4, 2, 1, bias=False), nn.Tanh()]
    return _drawn(nn.Sequential(*layers))


def dcgan_discriminator(width: int = 64) -> nn.Sequential:
    """From images `[N, 3, 32, 32]` to logits `[N]`; `width` channels at 16 x 16."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for inputs in (width, 2 * width):
        layers.append(nn.Conv2d(inputs, 2 * inputs, 4, 2, 1, bias=False))
        layers += [nn.BatchNorm2d(2 * inputs), nn.LeakyReLU(0.2, inplace=True)]
    layers += [nn.Conv2d(4 * width, 1, 4, bias=False), nn.Flatten(0)]
    return _drawn(nn.Sequential(*layers))


class DcganGame(Game):
    """The non-saturating game of the two, with R1 or without."""

    def __init__(self, width: int = 64, *, penalty: bool = False) -> None:
        super().__init__(dcgan_generator(width), dcgan_discriminator(width))
        self.match = Match(objective=NON_SATURATING, regularisers=[R1(R1_GAMMA)] if penalty else [])

    def _fake(self, real: Tensor) -> Tensor:
        images: Tensor = self.generator(torch.randn(len(real), LATENT, device=real.device))
        return images

    def discriminator_losses(self, batch: Tensor) -> Losses:
        assert self.discriminator is not None
        return self.match.discriminator_losses(self.discriminator, batch, self._fake(batch))

    def generator_losses(self, batch: Tensor) -> Losses:
        assert self.discriminator is not None
        return self.match.generator_losses(self.discriminator, batch, self._fake(batch))


def _drawn(network: nn.Sequential) -> nn.Sequential:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return network
