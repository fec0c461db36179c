"""CycleGAN: translates between two domains without a single pair.

Zhu et al. 2017, arXiv 1703.10593: two generators, two discriminators, two matches; the way there and back
must give the picture one started from (eq. 2), and what already lies in the target domain stays as it is
(section 5.2). Smaller networks than the paper's, and without its pool of earlier translations (section 4).

    python cyclegan.py --data fashion_mnist.npz --a T-shirt/top --b Pullover -o cyclegan.png
"""

from __future__ import annotations

import torch
from common import budget, draw, options, print_report, read_labelled, save_sheet, signed
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss

from ganapps.adversarial import LEAST_SQUARES, Game, Losses, Match, Trainer, TrainingOptions

# Weights of the paper (sections 3.3 and 5.2), against an adversarial loss of (D(G(x)) - 1)^2.
CYCLE, IDENTITY = 10.0, 5.0
BATCH, HELD_OUT = 4, 0.2


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(inputs, outputs, size, stride, size // 2)
    return [layer, nn.InstanceNorm2d(outputs, affine=True), nn.ReLU()]


class Residual(nn.Sequential):
    """Two convolutions around which the features also pass unchanged."""

    def __init__(self, width: int) -> None:
        super().__init__(*convolution(width, width), *convolution(width, width)[:2])

    def forward(self, features: Tensor) -> Tensor:
        return features + super().forward(features)


def translator(channels: int, width: int = 16, blocks: int = 2) -> nn.Sequential:
    """From pictures `[N, C, H, W]` in [-1, 1], H and W even, to others of that shape."""
    return nn.Sequential(
        *convolution(channels, width, 5),
        *convolution(width, 2 * width, 3, 2),
        *[Residual(2 * width) for _ in range(blocks)],
        nn.Upsample(scale_factor=2),
        *convolution(2 * width, width),
        nn.Conv2d(width, channels, 5, padding=2),
        nn.Tanh(),
    )


def patches(channels: int, width: int = 16, outputs: int = 1) -> nn.Sequential:
    """From pictures to logits `[N, outputs, H', W']`, each of a patch."""
    first, second = nn.Conv2d(channels, width, 4, 2, 1), nn.Conv2d(width, 2 * width, 4, 2, 1)
    normal, last = nn.InstanceNorm2d(2 * width, affine=True), nn.Conv2d(2 * width, outputs, 4, 1, 1)
    return nn.Sequential(first, nn.LeakyReLU(0.2), second, normal, nn.LeakyReLU(0.2), last)


class Translation(Game):
    """Domain a against domain b. A batch is one of each, `(a, b)`, float in [-1, 1]."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.ModuleDict({"to_a": translator(channels), "to_b": translator(channels)}),
            nn.ModuleDict({"a": patches(channels), "b": patches(channels)}),
        )
        self.in_a, self.in_b = Match(objective=LEAST_SQUARES), Match(objective=LEAST_SQUARES)

    def discriminator_losses(self, batch: tuple[Tensor, Tensor]) -> Losses:
        a, b = batch
        of_a = self.in_a.discriminator_losses(self.discriminator["a"], a, self.generator["to_a"](b))
        of_b = self.in_b.discriminator_losses(self.discriminator["b"], b, self.generator["to_b"](a))
        return {"a": of_a["adversarial"], "b": of_b["adversarial"]}

    def generator_losses(self, batch: tuple[Tensor, Tensor]) -> Losses:
        a, b = batch
        to_a, to_b = self.generator["to_a"], self.generator["to_b"]
        made_a, made_b = to_a(b), to_b(a)
        of_a = self.in_a.generator_losses(self.discriminator["a"], a, made_a)
        of_b = self.in_b.generator_losses(self.discriminator["b"], b, made_b)
        return {
            # The objective halves its square, as the paper it is from does; CycleGAN does not.
            "adversarial": 2 * (of_a["adversarial"] + of_b["adversarial"]),
            "cycle": CYCLE * (l1_loss(to_a(made_b), a) + l1_loss(to_b(made_a), b)),
            "identity": IDENTITY * (l1_loss(to_a(a), a) + l1_loss(to_b(b), b)),
        }


def train_judge(domains: list[Tensor], steps: int = 300) -> nn.Module:
    """A small classifier of pictures, domain 0 against domain 1, that has no part in the game."""
    judge = nn.Sequential(patches(domains[0].shape[1], outputs=2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    optimizer = torch.optim.Adam(judge.parameters(), lr=2e-3)
    for step in range(steps):
        chosen = [domain[draw(step, label, len(domain), 32)] for label, domain in enumerate(domains)]
        optimizer.zero_grad()
        cross_entropy(judge(torch.cat(chosen)), torch.tensor([0, 1]).repeat_interleave(32)).backward()
        optimizer.step()
    return judge.eval()


@torch.no_grad()
def measure(translators: nn.ModuleDict, judge: nn.Module, held: list[Tensor], when: str) -> list[Tensor]:
    """Print how held-out pictures fare; each domain's, translated, and back, `[N, C, H, W]`."""
    ways, shown = [translators["to_b"], translators["to_a"]], []
    for label, real in enumerate(held):
        made = ways[label](real)
        back = ways[1 - label](made)
        shown += [real, made, back]
        fooled = [(judge(pictures).argmax(1) != label).float().mean().item() for pictures in (real, made)]
        print(
            # Half, because pictures span 2: a share of the whole range.
            f"{when}, from {'ab'[label]}: cycle error {l1_loss(back, real).item() / 2:.3f};"
            f" taken for the other domain: {fooled[1]:.1%} of translations, {fooled[0]:.1%} of originals",
            flush=True,
        )
    return shown


def main() -> None:
    parser = options(__doc__, minutes=15)
    parser.add_argument("--a", required=True, help="class that is one domain")
    parser.add_argument("--b", required=True, help="class that is the other")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    labelled = read_labelled(args.data)
    domains = [signed(labelled.of(name).images) for name in (args.a, args.b)]
    domains = [domain[torch.randperm(len(domain))] for domain in domains]
    held = [domain[: int(HELD_OUT * len(domain))] for domain in domains]
    seen = [domain[int(HELD_OUT * len(domain)) :] for domain in domains]

    def batches(index: int) -> list[Tensor]:
        return [domain[draw(2 * index + i, args.seed, len(domain), BATCH)] for i, domain in enumerate(seen)]

    playing = TrainingOptions(
        budget=budget(args),
        batch_size=BATCH,
        learning_rate=5e-4,
        betas=(0.5, 0.999),
        final_rate=0.0,
        ema_half_life_images=1_000,
        seed=args.seed,
        report_every_sec=30,
    )
    judge = train_judge(seen)
    trainer = Trainer(Translation(seen[0].shape[1]), batches, playing, on_report=print_report)
    measure(trainer.ema.network, judge, held, "before")
    trainer.run()
    shown = measure(trainer.ema.network, judge, held, "after")
    save_sheet(args.out, torch.cat([pictures[:16] for pictures in shown]), 16, zoom=2)


if __name__ == "__main__":
    main()
