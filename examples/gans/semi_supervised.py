"""Semi-supervised GAN: a classifier from 10 labelled images a class and many without labels.

Salimans et al. 2016, arXiv 1606.03498, sections 3.1 and 5: the discriminator names one of K classes or, as
the implied class K + 1, calls an image generated; images without a label have to be of some class only; and
the generator matches the mean features of real images. Added to it, because the paper's hundreds of passes
over the data are beyond a CPU: the discriminator is convolutional, real images are moved a little, and those
without a label are to be named as a teacher names them, unmoved. Beside it stands the same network, trained
on its labelled images alone, moved as well; `--no-game` leaves the generator out and keeps the teacher.

    python semi_supervised.py --data mnist.npz -o digits.png
"""

from __future__ import annotations

import statistics

import torch
from common import Labelled, budget, draw, options, print_report, read_labelled, save_sheet
from namer import Namer, drawer
from teacher import Teacher, moved, named
from torch import Tensor, nn

from ganapps.adversarial import (
    NON_SATURATING,
    Budget,
    Game,
    Losses,
    Match,
    Trainer,
    TrainingOptions,
    feature_matching,
    realness,
)

LATENT, BATCH, NAMED, MADE = 100, 100, 32, 25
RATE = 3e-3
DISCRIMINATOR_STEPS = 8
"""For one of the generator; images are counted once a round, and the classifier sees eight times as many."""
ALONE = 120_000
"""Images for the network that learns from labelled ones alone: it is done long before."""
COLUMNS, SHOWN = 20, 120
"""Of the picture, and images of a kind in it: labelled ones, test images named wrongly, made ones."""
Batch = tuple[Tensor, Tensor, Tensor]
"""Labelled images, their labels, and images without; images `[N, C, H, W]` in [0, 1]."""


class Supervised(Game):
    """Plain training of the classifier, on the labelled images of a batch, or with a teacher on all."""

    def __init__(self, namer: nn.Module, teacher: Teacher | None = None) -> None:
        super().__init__(namer)
        self.teacher = teacher

    def generator_losses(self, batch: Batch) -> Losses:
        losses = {"named": named(self.generator, *batch[:2])}
        if self.teacher is None:
            return losses
        self.teacher.follow(self.generator, len(batch[2]))
        logits = self.generator(moved(batch[2], 0.18, 0.2))
        return losses | self.teacher.agreement(logits, batch[2], self.progress)


class SemiSupervised(Game):
    """The same, and a generator to tell real images from."""

    def __init__(self, generator: nn.Module, namer: nn.Module, teacher: Teacher) -> None:
        super().__init__(generator, namer)
        self.match = Match(objective=NON_SATURATING)
        self.teacher = teacher  # a part of the game, and so of its checkpoint

    def made(self) -> Tensor:
        return self.generator(torch.rand(MADE, LATENT))

    def discriminator_losses(self, batch: Batch) -> Losses:
        self.teacher.follow(self.discriminator, len(batch[2]))
        view = moved(batch[2], 0.18, 0.2)
        logits = self.discriminator(view)

        def critic(shown: Tensor) -> Tensor:
            # What the real images are is asked twice, by the match and by the teacher, and computed once.
            return realness(logits if shown is view else self.discriminator(shown))

        return {
            "named": named(self.discriminator, *batch[:2]),
            **self.teacher.agreement(logits, batch[2], self.progress),
            "adversarial": self.match.discriminator_losses(critic, view, self.made())["adversarial"] / 2,
        }

    def generator_losses(self, batch: Batch) -> Losses:
        features = self.discriminator.features
        return {"features": feature_matching(features(moved(batch[2], 0.18, 0.2)), features(self.made()))}


def choose(labels: Tensor, a_class: int, seed: int) -> Tensor:
    """Positions of so many images of each class, drawn by the seed alone."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return torch.cat([order[labels[order] == label][:a_class] for label in labels.unique()])


@torch.no_grad()
def is_named(namer: nn.Module, test: Labelled) -> Tensor:
    """Which test images are named rightly, with the noise off, bool `[N]`."""
    guesses = torch.cat([namer.eval()(images / 255).argmax(1) for images in test.images.split(1_000)])
    return guesses == test.labels


def picture(*parts: Tensor) -> Tensor:
    """Images of several kinds, in [0, 1], in rows of `COLUMNS`, a white row between two kinds."""
    rows: list[Tensor] = []
    for part in parts:
        blank = torch.full((COLUMNS, *part.shape[1:]), 0.5)
        rows += [part, blank[: -len(part) % COLUMNS], torch.ones_like(blank)]
    return torch.cat(rows[:-1]) * 2 - 1


def play(game: Game, train: Labelled, chosen: Tensor, limit: Budget, seed: int) -> Trainer:
    """Train to the end."""

    def batches(index: int) -> Batch:
        labelled = chosen[draw(2 * index, seed, len(chosen), NAMED)]
        unnamed = draw(2 * index + 1, seed, len(train.images), BATCH)
        return train.images[labelled] / 255, train.labels[labelled], train.images[unnamed] / 255

    playing = TrainingOptions(
        budget=limit,
        batch_size=BATCH,
        learning_rate=RATE,
        betas=(0.5, 0.999),
        final_rate=0.0,
        discriminator_steps=DISCRIMINATOR_STEPS,
        channels_last=True,
        guard=False,  # it takes a discriminator that tells all apart for a lost game; here it need not be
        seed=seed,
        report_every_sec=30,
    )
    trainer = Trainer(game, batches, playing, on_report=print_report)
    trainer.run()
    return trainer


def main() -> None:
    parser = options(__doc__, minutes=8)
    parser.add_argument("--labels-per-class", type=int, default=10)
    parser.add_argument("--draws", type=int, default=10, help="trainings, each with labels of its own")
    parser.add_argument("--no-game", action="store_true", help="leave out the generator")
    args = parser.parse_args()
    train, test = read_labelled(args.data), read_labelled(args.data, "test")
    shape, classes = train.images.shape[1:], len(train.classes)
    ours = "with a teacher, no game" if args.no_game else "semi-supervised"
    shares: dict[str, list[float]] = {"labelled images alone": [], ours: []}
    for seed in range(args.seed, args.seed + args.draws):
        torch.manual_seed(seed)
        chosen = choose(train.labels, args.labels_per_class, seed)
        alone = play(Supervised(Namer(shape, classes)), train, chosen, Budget(images=ALONE), seed)
        namer = Namer(shape, classes)
        teacher = Teacher(namer, classes)
        game: Game = Supervised(namer, teacher)
        if not args.no_game:
            game = SemiSupervised(drawer(LATENT, shape), namer, teacher)
        play(game, train, chosen, budget(args), seed)
        networks = (alone.ema.network, teacher.averaged)
        for (name, values), network in zip(shares.items(), networks, strict=True):
            right = is_named(network, test)
            values.append(right.float().mean().item())
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            print(
                f"draw {seed}: {name}: {values[-1]:.2%}; {len(values)} draws: {statistics.mean(values):.2%}"
                f" +- {spread:.2%}, from {min(values):.2%} to {max(values):.2%}",
                flush=True,
            )
        kinds = [train.images[chosen][:SHOWN] / 255, test.images[~right][:SHOWN] / 255]
        if not args.no_game:
            with torch.no_grad():
                # Not the averaged one, whose batch normalisation is that of other weights.
                kinds.append(game.generator.eval()(torch.rand(2 * COLUMNS, LATENT)))
        save_sheet(args.out, picture(*kinds), COLUMNS)


if __name__ == "__main__":
    main()
