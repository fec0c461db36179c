"""The first GAN: Goodfellow et al. 2014, "Generative Adversarial Nets", arXiv 1406.2661, fully connected.

    python examples/gans/vanilla.py density -o density.png
    python examples/gans/vanilla.py digits --data mnist.npz -o digits.png

`density` draws the paper's figure 1 for a mixture of two Gaussians; `digits` trains on small images. Both
play the paper's non-saturating game (end of section 3). `density` adds a little R1, under which such games
converge (Mescheder et al. 2018, arXiv 1801.04406), so that it settles at D = 1/2.
"""

from __future__ import annotations

import argparse
import copy

import torch
from common import budget, draw, draws_of, options, print_report, read_labelled, save_sheet, signed
from figures import figure_1, save_panels
from torch import Tensor, nn

from ganapps.adversarial import (
    NON_SATURATING,
    R1,
    Batch,
    BatchSource,
    Game,
    Losses,
    Match,
    Report,
    Trainer,
    TrainingOptions,
)

SHARES, MEANS, DEVIATIONS = torch.tensor([0.6, 0.4]), torch.tensor([-1.5, 1.5]), torch.tensor([0.6, 0.4])
"""The density: a mixture of two Gaussians."""
MOMENTS = (0.0, 0.01, 0.08, 1.0)
"""Shares of the budget at which a run is drawn."""
NUMBERS = {
    "batch_size": 256,
    "discriminator_learning_rate": 2e-3,
    "final_rate": 0.02,
    "report_every_sec": 0.0,
}
"""How games of a few numbers are played; a report after every round, so that no moment is missed."""


def network(*widths: int, dropout: float = 0.0) -> nn.Sequential:
    """Fully connected layers from `[N, widths[0]]` to `[N, widths[-1]]`."""
    layers: list[nn.Module] = []
    for before, after in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
    return nn.Sequential(*layers[:-2])


class Vanilla(Game):
    """The generator makes `[N, ...]` from noise `[N, num_noise]`, uniform in [-1, 1] as in figure 1."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, num_noise: int, match: Match) -> None:
        super().__init__(generator, discriminator)
        self.num_noise, self.match = num_noise, match

    def fake(self, count: int) -> Tensor:
        return self.generator(2 * torch.rand(count, self.num_noise) - 1)

    def discriminator_losses(self, batch: Batch) -> Losses:
        return self.match.discriminator_losses(self.discriminator, batch, self.fake(len(batch)))

    def generator_losses(self, batch: Batch) -> Losses:
        return self.match.generator_losses(self.discriminator, batch, self.fake(len(batch)))


class Moments:
    """Keeps a copy of the game at each of `MOMENTS`."""

    def __init__(self, game: Vanilla) -> None:
        self.game, self.kept = game, list[tuple[int, Vanilla]]()

    def __call__(self, report: Report) -> None:
        while len(self.kept) < len(MOMENTS) and report.progress >= MOMENTS[len(self.kept)]:
            self.kept.append((report.images, copy.deepcopy(self.game).eval()))
            print_report(report)


def mixture(index: int, seed: int, count: int = 256) -> Tensor:
    """Numbers `[N, 1]` of the mixture, a function of seed and index alone."""
    draws = draws_of(index, seed)
    which = torch.multinomial(SHARES, count, replacement=True, generator=draws)
    return (MEANS[which] + DEVIATIONS[which] * torch.randn(count, generator=draws))[:, None]


def play(game: Vanilla, batches: BatchSource, args: argparse.Namespace, **changes: object) -> Trainer:
    """Train to the end of the budget that was asked for."""
    return Trainer(game, batches, TrainingOptions(budget=budget(args), seed=args.seed, **changes))


def density(args: argparse.Namespace) -> dict[str, float]:
    """Train on the mixture and draw figure 1; how far model and data, and D and 1/2, are apart at the end."""
    match = Match(objective=NON_SATURATING, regularisers=[R1(0.01)])
    game = Vanilla(network(1, 64, 64, 64, 1), network(1, 64, 64, 64, 1), 1, match)
    moments = Moments(game)
    # The theory has D at its best for every G (proposition 2): it learns four times as fast.
    trainer = play(game, lambda index: mixture(index, args.seed), args, learning_rate=5e-4, **NUMBERS)
    trainer.on_report = moments
    trainer.run()
    x = torch.linspace(-4, 4, 401)
    data = (SHARES * torch.exp(torch.distributions.Normal(MEANS, DEVIATIONS).log_prob(x[:, None]))).sum(1)
    panels = []
    with torch.no_grad():
        for images, then in moments.kept:
            z = torch.linspace(-1, 1, 20_001)[:, None]
            made, d = then.generator(z)[:, 0], then.discriminator(x[:, None])[:, 0].sigmoid()
            panels.append(figure_1(f"after {images:,} numbers", x, data, d, z[:, 0], made))
    save_panels(args.out, panels, columns=2)
    real = mixture(-1, args.seed, len(made))[:, 0]
    # In one dimension the best transport goes from the i-th smallest to the i-th smallest.
    distance = (made.sort().values - real.sort().values).abs().mean()
    support = data > 0.01 * data.max()
    return {
        "Wasserstein-1 distance": distance.item(),
        "mean |D - 1/2|": (d - 0.5)[support].abs().mean().item(),
    }


def digits(args: argparse.Namespace) -> dict[str, float]:
    """Train on images of one size, flattened, and write a sheet of the averaged generator's."""
    images = read_labelled(args.data).images
    shape, values = images.shape[1:], images[0].numel()
    generator = network(64, 256, 512, values).append(nn.Tanh()).append(nn.Unflatten(1, shape))
    discriminator = nn.Sequential(nn.Flatten(), network(values, 512, 256, 1, dropout=0.3))
    game = Vanilla(generator, discriminator, 64, Match(objective=NON_SATURATING))
    trainer = play(
        game,
        lambda index: signed(images[draw(index, args.seed, len(images), 64)]),
        args,
        batch_size=64,
        learning_rate=4e-4,
        betas=(0.5, 0.999),
        final_rate=0.1,
        ema_half_life_images=20_000,
        report_every_sec=30,
    )
    trainer.on_report = print_report
    trainer.run()
    with torch.no_grad():
        save_sheet(args.out, trainer.ema.network(2 * torch.rand(128, 64) - 1), 16, zoom=2)
    return {}


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes = parser.add_subparsers(required=True)
    for play_mode, minutes in ((density, 2), (digits, 8)):
        parent = options(None, minutes=minutes, data=play_mode is digits)
        mode = modes.add_parser(play_mode.__name__, parents=[parent], add_help=False, help=play_mode.__doc__)
        mode.set_defaults(play=play_mode)
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    figures = args.play(args)
    for name, value in figures.items():
        print(f"{name}: {value:.3g}")
    return figures


if __name__ == "__main__":
    main()
