"""Images of a class that is asked for: Mirza and Osindero 2014, arXiv 1411.1784, with projection.

    python examples/gans/conditional.py --data mnist.npz -o conditional.png

Both players are told the label y: the generator beside its noise (section 3.1 of the paper), the
discriminator by projection (Miyato and Koyama 2018, arXiv 1802.05637), with the hinge objective of that
paper. The networks are those of `dcgan.py`, batch normalisation in the discriminator included: with R1 in
its place, 37,568 images gave nearly one picture a class. A classifier trained on the real images tells how
many generated ones are of the class that was asked for.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from common import Labelled, draw, options, print_report, read_labelled, save_sheet, signed
from dcgan import NOISE, features, generator, settle, sides, training_options
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from ganapps.adversarial import HINGE, Batch, Game, Losses, Match, Projection, Trainer


class Generator(nn.Module):
    """From noise `[N, NOISE]` and labels int64 `[N]` to images."""

    def __init__(self, side: int, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.layers = generator(side, channels, width, NOISE + classes)

    def forward(self, noise: Tensor, label: Tensor) -> Tensor:
        return self.layers(torch.cat([noise, one_hot(label, self.classes).float()], 1))


class Discriminator(nn.Module):
    """From images and labels to logits `[N]`."""

    def __init__(self, side: int, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.features = features(side, channels, width)
        size = width * 2 ** (len(sides(side)) - 2) * sides(side)[0] ** 2
        self.end = Projection(size, classes)

    def forward(self, images: Tensor, label: Tensor) -> Tensor:
        return self.end(self.features(images).flatten(1), label)


class Conditional(Game):
    def __init__(self, side: int, channels: int, width: int, classes: int) -> None:
        super().__init__(
            Generator(side, channels, width, classes), Discriminator(side, channels, width, classes)
        )
        self.match = Match(objective=HINGE)

    def fake(self, label: Tensor) -> Tensor:
        return self.generator(2 * torch.rand(len(label), NOISE) - 1, label)

    def discriminator_losses(self, batch: Batch) -> Losses:
        real, label = batch
        critic = partial(self.discriminator, label=label)
        return self.match.discriminator_losses(critic, real, self.fake(label))

    def generator_losses(self, batch: Batch) -> Losses:
        real, label = batch
        critic = partial(self.discriminator, label=label)
        return self.match.generator_losses(critic, real, self.fake(label))


def split(data: Labelled, tenth: bool) -> Labelled:
    """Every tenth image, or all others; for data that have no split of their own."""
    kept = (torch.arange(len(data.labels)) % 10 == 0) == tenth
    return replace(data, images=data.images[kept], labels=data.labels[kept])


def train_classifier(data: Labelled, seed: int, images: int = 60_000) -> nn.Module:
    """A small convolutional classifier of real images."""
    side, channels = data.images.shape[2], data.images.shape[1]
    body = features(side, channels, 16)
    size = 16 * 2 ** (len(sides(side)) - 2) * sides(side)[0] ** 2
    network = nn.Sequential(body, nn.Flatten(), nn.Dropout(0.5), nn.Linear(size, len(data.classes)))
    steps = images // 64
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for index in range(steps):
        chosen = draw(index, seed, len(data.labels), 64)
        optimizer.zero_grad()
        cross_entropy(network(signed(data.images[chosen])), data.labels[chosen]).backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def accuracy(classifier: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images in [-1, 1] that the classifier gives these labels."""
    named = torch.cat([classifier(part).argmax(1) for part in images.split(256)])
    return (named == labels).float().mean().item()


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = options(__doc__.splitlines()[0], minutes=10)
    parser.add_argument("--width", type=int, default=32, help="channels at the largest size")
    parser.add_argument("--judge", type=int, default=60_000, help="images that the classifier is trained on")
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    train, test = read_labelled(args.data), read_labelled(args.data, "test")
    if args.data.is_dir():
        train, test = split(train, tenth=False), split(train, tenth=True)
    num = len(train.classes)

    def batch(index: int) -> Batch:
        chosen = draw(index, args.seed, len(train.labels), 64)
        return signed(train.images[chosen]), train.labels[chosen]

    game = Conditional(train.images.shape[2], train.images.shape[1], args.width, num)
    trainer = Trainer(game, batch, training_options(args), on_report=print_report)
    trainer.run()
    asked = torch.arange(num).repeat_interleave(100)
    noise = 2 * torch.rand(len(asked), NOISE) - 1
    averaged = settle(trainer.ema.network, noise, asked)
    with torch.no_grad():
        made = averaged(noise, asked)
    save_sheet(
        args.out, made.unflatten(0, (num, 100))[:, :16].flatten(0, 1), 16, zoom=1 + (made.shape[2] < 64)
    )
    classifier = train_classifier(train, args.seed, args.judge)
    figures = {
        "generated images of the asked class": accuracy(classifier, made, asked),
        "classifier's accuracy on real test images": accuracy(classifier, signed(test.images), test.labels),
    }
    for name, value in figures.items():
        print(f"{name}: {100 * value:.1f} %")
    return figures


if __name__ == "__main__":
    main()
