"""Semi-supervised GAN: a classifier from 10 labelled images a class and many without labels.

Salimans et al. 2016, arXiv 1606.03498, sections 3.1 and 5: the discriminator names one of K classes or, as
the implied class K + 1, calls an image generated; images without a label have to be of some class only; and
the generator matches the mean features of real images. Added to it, because the paper's hundreds
of passes over the data are beyond a CPU: both players are convolutional, real images are moved a little, and
those without a label are to be named as the averaged discriminator names them unmoved (Tarvainen and Valpola
2017, arXiv 1703.01780, section 2; sharpened as by Berthelot et al. 2019, arXiv 1905.02249, eq. 7). Beside it
stands the same network, trained on its labelled images alone, moved as well.

    python semi_supervised.py --data mnist.npz -o digits.png
"""

from __future__ import annotations

import statistics

import torch
from common import Labelled, budget, draw, options, print_report, read_labelled, save_sheet
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample
from torch.nn.utils.parametrizations import weight_norm

from ganapps.adversarial import (
    NON_SATURATING,
    Budget,
    Ema,
    Game,
    Losses,
    Match,
    Trainer,
    TrainingOptions,
    feature_matching,
    realness,
    transition,
)

LATENT, BATCH, NAMED = 100, 100, 32
GENERATOR_RATE, NAMER_RATE = 1e-3, 2e-3
ALONE = 120_000
"""Images for the network that learns from labelled ones alone: it is done long before."""
AGREEMENT = 2.0
"""Weight of the agreement with the averaged discriminator."""


class Noise(nn.Module):
    """Adds Gaussian noise in training, as each layer of the paper's discriminator does."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, values: Tensor) -> Tensor:
        return values + self.deviation * torch.randn_like(values) if self.training else values


class Namer(nn.Module):
    """From square images `[N, C, H, W]` in [0, 1] to the logits of K classes."""

    def __init__(self, shape: torch.Size, classes: int, width: int = 16, hidden: int = 250) -> None:
        super().__init__()
        first = weight_norm(nn.Conv2d(shape[0], width, 5, 2, 2))
        second = weight_norm(nn.Conv2d(width, 2 * width, 5, 2, 2))
        third = weight_norm(nn.Linear(2 * width * (-(-shape[1] // 4)) ** 2, hidden))
        slope = nn.LeakyReLU(0.2)
        self.features = nn.Sequential(Noise(0.1), first, slope, second, slope, nn.Flatten(), third, slope)
        self.classes = nn.Sequential(Noise(0.2), weight_norm(nn.Linear(hidden, classes)))

    def forward(self, images: Tensor) -> Tensor:
        return self.classes(self.features(images))


def drawer(shape: torch.Size, width: int = 16) -> nn.Sequential:
    """From latents `[N, 100]` in [0, 1] to images in [0, 1]."""
    quarter, half = -(-shape[1] // 4), -(-shape[1] // 2)
    seed = [nn.Linear(LATENT, 2 * width * quarter**2), nn.BatchNorm1d(2 * width * quarter**2), nn.ReLU()]
    middle = [nn.Upsample(half), nn.Conv2d(2 * width, width, 5, padding=2), nn.BatchNorm2d(width), nn.ReLU()]
    last = [nn.Upsample(shape[1]), nn.Conv2d(width, shape[0], 5, padding=2), nn.Sigmoid()]
    return nn.Sequential(*seed, nn.Unflatten(1, (2 * width, quarter, quarter)), *middle, *last)


def moved(images: Tensor) -> Tensor:
    """Each turned, stretched and sheared by about 0.12, and shifted by up to 0.075 of its side."""
    change = torch.eye(2) + 0.12 * torch.randn(len(images), 2, 2)
    shift = 0.3 * torch.rand(len(images), 2, 1) - 0.15
    grid = affine_grid(torch.cat([change, shift], 2), list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


class Supervised(Game):
    """Plain training of the classifier, from the same batches."""

    def generator_losses(self, batch: tuple[Tensor, Tensor, Tensor]) -> Losses:
        return {"named": cross_entropy(self.generator(moved(batch[0])), batch[1])}


class SemiSupervised(Game):
    """A batch is labelled images, their labels, and images without."""

    def __init__(self, generator: nn.Module, namer: nn.Module) -> None:
        super().__init__(generator, namer)
        self.match = Match(objective=NON_SATURATING)
        self.follower = Ema(namer, half_life_images=10_000, ramp=0.1)
        self.averaged = self.follower.network  # a part of the game, and so of its checkpoint
        self.register_buffer("images_seen", torch.zeros((), dtype=torch.int64))

    def made(self) -> Tensor:
        return self.generator(torch.rand(BATCH, LATENT))

    def discriminator_losses(self, batch: tuple[Tensor, Tensor, Tensor]) -> Losses:
        images, labels, unnamed = batch
        view = moved(unnamed)
        logits = self.discriminator(view)

        def critic(shown: Tensor) -> Tensor:
            # What the real images are is asked twice, by the match and by the agreement, and computed once.
            return realness(logits if shown is view else self.discriminator(shown))

        # Probabilities of the averaged discriminator, squared: sharpened to half the temperature.
        sure = (2 * self.averaged.eval()(unnamed)).softmax(1)
        share = AGREEMENT * transition(self.progress, start=0.0, end=0.1)
        return {
            "named": cross_entropy(self.discriminator(moved(images)), labels),
            "agreement": share * cross_entropy(logits, sure),
            "adversarial": self.match.discriminator_losses(critic, view, self.made())["adversarial"] / 2,
        }

    def generator_losses(self, batch: tuple[Tensor, Tensor, Tensor]) -> Losses:
        self.images_seen += len(batch[2])
        self.follower.update(self.discriminator, len(batch[2]), int(self.images_seen))
        features = self.discriminator.features
        return {"features": feature_matching(features(moved(batch[2])), features(self.made()))}


def choose(labels: Tensor, a_class: int, seed: int) -> Tensor:
    """Positions of so many images of each class, drawn by the seed alone."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return torch.cat([order[labels[order] == label][:a_class] for label in labels.unique()])


@torch.no_grad()
def accuracy(namer: nn.Module, test: Labelled) -> float:
    """The share of test images that are named rightly, with the noise off."""
    named = torch.cat([namer.eval()(images / 255).argmax(1) for images in test.images.split(1_000)])
    return (named == test.labels).float().mean().item()


def play(game: Game, train: Labelled, chosen: Tensor, limit: Budget, seed: int) -> Trainer:
    """Train to the end."""

    def batches(index: int) -> tuple[Tensor, Tensor, Tensor]:
        named = chosen[draw(2 * index, seed, len(chosen), NAMED)]
        unnamed = draw(2 * index + 1, seed, len(train.images), BATCH)
        return train.images[named] / 255, train.labels[named], train.images[unnamed] / 255

    playing = TrainingOptions(
        budget=limit,
        batch_size=BATCH,
        learning_rate=GENERATOR_RATE if game.discriminator else NAMER_RATE,
        discriminator_learning_rate=NAMER_RATE,
        betas=(0.5, 0.999),
        final_rate=0.0,
        guard=False,  # it takes a discriminator that tells all apart for a lost game; here it need not be
        seed=seed,
        report_every_sec=30,
    )
    trainer = Trainer(game, batches, playing, on_report=print_report)
    trainer.run()
    return trainer


def main() -> None:
    parser = options(__doc__, minutes=5)
    parser.add_argument("--labels-per-class", type=int, default=10)
    parser.add_argument("--draws", type=int, default=10, help="trainings, each with labels of its own")
    args = parser.parse_args()
    train, test = read_labelled(args.data), read_labelled(args.data, "test")
    shape, classes = train.images.shape[1:], len(train.classes)
    shares: dict[str, list[float]] = {"labelled images alone": [], "semi-supervised": []}
    for seed in range(args.seed, args.seed + args.draws):
        torch.manual_seed(seed)
        chosen = choose(train.labels, args.labels_per_class, seed)
        alone = play(Supervised(Namer(shape, classes)), train, chosen, Budget(images=ALONE), seed)
        game = SemiSupervised(drawer(shape), Namer(shape, classes))
        play(game, train, chosen, budget(args), seed)
        for (name, values), namer in zip(shares.items(), (alone.ema.network, game.averaged), strict=True):
            values.append(accuracy(namer, test))
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            print(
                f"draw {seed}: {name}: {values[-1]:.2%}; {len(values)} draws: {statistics.mean(values):.2%}"
                f" +- {spread:.2%}, from {min(values):.2%} to {max(values):.2%}",
                flush=True,
            )
        with torch.no_grad():
            # Not the averaged one, whose batch normalisation is that of other weights.
            pictures = game.generator.eval()(torch.rand(160, LATENT)) * 2 - 1
        save_sheet(args.out, pictures, 20)


if __name__ == "__main__":
    main()
