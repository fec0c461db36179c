"""A ring of eight Gaussians: does a generator find all modes, or does it drop some?

    python examples/gans/ring.py -o ring.png
    python examples/gans/ring.py -o ring.png --objective non-saturating

The test of Metz et al. 2017, arXiv 1611.02163, section 3.1, by default with relativistic pairing, R1 and R2
(Huang et al. 2025, arXiv 2501.05441), on the players of `vanilla.py`.
"""

from __future__ import annotations

import math

import torch
from common import draws_of, options
from figures import cloud, save_panels
from torch import Tensor
from vanilla import NUMBERS, Moments, Vanilla, network, play

from ganapps.adversarial import R1, R2, Match, objective_named

MODES, RADIUS, DEVIATION = 8, 2.0, 0.05
"""The ring: eight Gaussians, 30 standard deviations apart."""


def ring_centres(modes: Tensor) -> Tensor:
    """Where these modes lie, `[N]` to `[N, 2]`."""
    angles = modes * (2 * math.pi / MODES)
    return RADIUS * torch.stack([angles.cos(), angles.sin()], 1)


def ring(index: int, seed: int, count: int = 256) -> Tensor:
    """Points `[N, 2]` of the ring, a function of seed and index alone."""
    draws = draws_of(index, seed)
    centres = ring_centres(torch.randint(MODES, (count,), generator=draws))
    return centres + DEVIATION * torch.randn(count, 2, generator=draws)


def coverage(made: Tensor) -> tuple[int, float]:
    """Modes that at least 1 % of the points `[N, 2]` are within 3 deviations of, and the share near any."""
    near = torch.cdist(made, ring_centres(torch.arange(MODES))) < 3 * DEVIATION
    return int((near.float().mean(0) >= 0.01).sum()), near.any(1).float().mean().item()


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train on the ring and draw its samples; modes that are covered, and the share of samples near one."""
    parser = options(__doc__.splitlines()[0], minutes=3, data=False)
    parser.add_argument("--objective", default="relativistic pairing", help="by its name in the core")
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    match = Match(objective=objective_named(args.objective), regularisers=[R1(0.1), R2(0.1)])
    game = Vanilla(network(8, 128, 128, 128, 2), network(2, 128, 128, 128, 1), 8, match)
    moments = Moments(game)
    trainer = play(game, lambda index: ring(index, args.seed), args, learning_rate=2e-3, **NUMBERS)
    trainer.on_report = moments
    trainer.run()
    real = ring(-1, args.seed, 2_000)
    with torch.no_grad():
        clouds = [(images, then.fake(10_000)) for images, then in moments.kept]
    titles = [f"after {images:,} points" for images, _ in clouds]
    save_panels(
        args.out,
        [cloud(t, real, made[:2_000]) for t, (_, made) in zip(titles, clouds, strict=True)],
        columns=4,
    )
    modes, share = coverage(clouds[-1][1])
    print(f"modes of {MODES}: {modes}\nshare near a mode: {share:.3g}")
    return {f"modes of {MODES}": modes, "share near a mode": share}


if __name__ == "__main__":
    main()
