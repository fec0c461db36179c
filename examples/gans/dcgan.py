"""Strided convolutions, the DCGAN: Radford et al. 2016, arXiv 1511.06434.

    python examples/gans/dcgan.py --data fashion_mnist.npz -o clothing.png
    python examples/gans/dcgan.py --data photographs -o photographs.png --augment

Grey or colour images of any one square size, such as 28, 32 or 64 px. Section 3 of the paper: no pooling and
no hidden fully connected layers, batch normalisation in both players, ReLU in the generator and leaky ReLU
in the discriminator, Adam at 2e-4 with beta1 = 0.5. What is later than the paper: the sheet shows the
averaged generator, and `--augment` helps where images are few (DiffAugment, arXiv 2006.10738).
"""

from __future__ import annotations

import argparse

import torch
from common import budget, draw, options, print_report, read_labelled, save_sheet, signed
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganapps.adversarial import (
    NON_SATURATING,
    Batch,
    DiffAugment,
    Game,
    Losses,
    Match,
    Trainer,
    TrainingOptions,
)
from ganapps.errors import DataError

NOISE = 64
"""Numbers of noise that an image is made from, uniform in [-1, 1]."""


def sides(side: int) -> list[int]:
    """The sides that the generator goes through: 28 is made from 7 over 14, 64 from 4 over 8, 16 and 32.

    Raises:
        DataError: it cannot be halved to a start that one layer can fill.
    """
    found = [side]
    while found[-1] % 2 == 0 and found[-1] > 4:
        found.append(found[-1] // 2)
    if len(found) < 2 or found[-1] > 8:
        raise DataError(f"images must be 4 to 8 px doubled a few times, such as 28, 32 or 64; got {side} px")
    return found[::-1]


def generator(side: int, channels: int, width: int, inputs: int = NOISE) -> nn.Sequential:
    """From `[N, inputs]` to images `[N, channels, side, side]`; `width` channels before the last layer."""
    steps = sides(side)
    wide = [width * 2**i for i in reversed(range(len(steps) - 1))]
    layers: list[nn.Module] = [nn.Unflatten(1, (inputs, 1, 1))]
    layers += [nn.ConvTranspose2d(inputs, wide[0], steps[0], bias=False), nn.BatchNorm2d(wide[0]), nn.ReLU()]
    for before, after in zip(wide[:-1], wide[1:], strict=True):
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return started(nn.Sequential(*layers, nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh()))


def features(side: int, channels: int, width: int) -> nn.Sequential:
    """The discriminator but for its end: to `[N, C, s, s]`, s being the first of `sides`."""
    layers: list[nn.Module] = []
    for step in range(len(sides(side)) - 1):
        before, after = (channels if step == 0 else width * 2 ** (step - 1)), width * 2**step
        layers.append(nn.Conv2d(before, after, 4, 2, 1))
        # Not at the discriminator's input, nor at the generator's output (section 3).
        layers += [nn.BatchNorm2d(after)] if step else []
        layers.append(nn.LeakyReLU(0.2))
    return started(nn.Sequential(*layers))


def started(network: nn.Sequential) -> nn.Sequential:
    """All weights from a Gaussian of deviation 0.02 (section 4)."""
    for module in network:
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, std=0.02)
    return network


class Dcgan(Game):
    def __init__(self, side: int, channels: int, width: int, match: Match) -> None:
        start = sides(side)[0]
        last = width * 2 ** (len(sides(side)) - 2)
        end = started(nn.Sequential(nn.Conv2d(last, 1, start), nn.Flatten(0)))
        critic = nn.Sequential(features(side, channels, width), end)
        super().__init__(generator(side, channels, width), critic)
        self.match = match

    def fake(self, count: int) -> Tensor:
        return self.generator(2 * torch.rand(count, NOISE) - 1)

    def discriminator_losses(self, batch: Batch) -> Losses:
        return self.match.discriminator_losses(self.discriminator, batch, self.fake(len(batch)))

    def generator_losses(self, batch: Batch) -> Losses:
        return self.match.generator_losses(self.discriminator, batch, self.fake(len(batch)))


@torch.no_grad()
def settle(network: nn.Module, *inputs: Tensor) -> nn.Module:
    """Take the statistics of batch normalisation anew: those that were copied belong to other weights."""
    network.train()
    for _ in range(20):
        network(*inputs)
    return network.eval()


def main(argv: list[str] | None = None) -> None:
    parser = options(__doc__.splitlines()[0], minutes=10)
    parser.add_argument("--width", type=int, default=32, help="channels at the largest size")
    parser.add_argument("--side", type=int, help="shrink or enlarge the images to this side in px first")
    parser.add_argument("--augment", action="store_true", help="DiffAugment; where images are few")
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    images = read_labelled(args.data).images
    if args.side:
        images = interpolate(images.float(), (args.side, args.side), mode="area").round().to(torch.uint8)
    match = Match(objective=NON_SATURATING, augment=DiffAugment() if args.augment else None)
    trainer = Trainer(
        Dcgan(images.shape[2], images.shape[1], args.width, match),
        lambda index: signed(images[draw(index, args.seed, len(images), 64)]),
        training_options(args),
        on_report=print_report,
    )
    trainer.run()
    averaged = settle(trainer.ema.network, 2 * torch.rand(256, NOISE) - 1)
    with torch.no_grad():
        save_sheet(args.out, averaged(2 * torch.rand(64, NOISE) - 1), 16, zoom=1 + (images.shape[2] < 64))


def training_options(args: argparse.Namespace) -> TrainingOptions:
    """Those of section 4, but for the batch of 64 instead of 128."""
    return TrainingOptions(
        budget=budget(args),
        batch_size=64,
        learning_rate=2e-4,
        betas=(0.5, 0.999),
        ema_half_life_images=5_000,
        seed=args.seed,
        report_every_sec=30,
    )


if __name__ == "__main__":
    main()
