"""One match between a generator's images and real ones, on one discriminator.

A head with one discriminator plays one match; CycleGAN plays two. The match knows the value
function, the regularisers and the augmentation, and nothing of labels or networks: it is handed
a critic, any callable from images to logits, so conditions are closed over by the head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ..errors import UsageError
from .objectives import Objective
from .regularisers import Critic, Exchange, Regulariser


class Match(nn.Module):
    """The rules of one match. A module, because regularisers and adaptive augmentation remember things.

    Args:
        objective: what the players want.
        regularisers: what the discriminator's loss has beside it.
        augment: differentiable augmentation that everything passes on its way to the critic. If it has a
            method `observe`, that is told the real logits of every turn of the discriminator.

    Attributes:
        observed: how the last turn of the discriminator stood, scalars without a graph. "told apart" is the
            share of pairs whose real logit is the higher one, 1/2 at the equilibrium (arXiv 1406.2661,
            theorem 1). "D(real)" and "D(fake)" are mean probabilities, where the objective has any, also 1/2
            there. "diversity" is the spread of the generated batch over that of the real one;
            it does not see a collapse within classes.

    Raises:
        UsageError: the rules contradict each other.

    Example:
        >>> from .objectives import HINGE
        >>> from .regularisers import R1
        >>> match = Match(objective=HINGE, regularisers=[R1(2.0)])
        >>> critic = lambda images: 3 * images.flatten(1).sum(1)
        >>> losses = match.discriminator_losses(critic, torch.ones(4, 1), -torch.ones(4, 1))
        >>> {name: loss.item() for name, loss in losses.items()}
        {'adversarial': 0.0, 'R1': 9.0}
    """

    strength: Tensor

    def __init__(
        self,
        *,
        objective: Objective,
        regularisers: Iterable[Regulariser] = (),
        augment: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.objective, self.augment = objective, augment
        self.regularisers = nn.ModuleList(regularisers)
        self.register_buffer("strength", torch.ones(()))
        self.observed: dict[str, Tensor] = {}
        self._check()

    def _check(self) -> None:
        names = [regulariser.name for regulariser in self._rules()]
        for name in set(names):
            if names.count(name) > 1:
                raise UsageError(f"{name} is there {names.count(name)} times: add up the weights instead")
        if hasattr(self.augment, "observe") and self.objective.relativistic:
            raise UsageError(
                "adaptive augmentation reads the signs of real logits, which mean nothing under"
                f" {self.objective.name}: choose another objective or a fixed augmentation"
            )
        for regulariser in self._rules():
            if regulariser.anchors and self.objective.relativistic:
                raise UsageError(
                    f"{regulariser.name} ties logits to values, but under {self.objective.name} only"
                    " their differences mean anything: choose another objective or leave it out"
                )

    def _rules(self) -> list[Regulariser]:
        return list(self.regularisers)  # type: ignore[arg-type]

    def discriminator_losses(self, critic: Critic, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The discriminator's losses on a batch of real and of generated images, `[N, ...]` and `[M, ...]`.

        The critic is called once on the real images, then once on the generated ones, and after that by those
        regularisers that need it again. Only relativistic objectives need as many of both.

        Raises:
            UsageError: the batches cannot be matched.
        """
        self._check_batches(real, fake)
        fake = fake.detach()
        rules = self._rules()
        real_seen, real_logits = self._judge(critic, real, watch=any(r.watches_real for r in rules))
        fake_seen, fake_logits = self._judge(critic, fake, watch=any(r.watches_fake for r in rules))
        losses = {"adversarial": self.objective.discriminator(real_logits, fake_logits)}
        seen = Exchange(
            critic=critic, real=real_seen, fake=fake_seen, real_logits=real_logits, fake_logits=fake_logits
        )
        losses |= {rule.name: self.strength * rule(seen) for rule in rules}
        self._observe(real, fake, real_logits.detach(), fake_logits.detach())
        return losses

    def generator_losses(self, critic: Critic, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The generator's losses; `real` is looked at only where the objective is relativistic, and may
        otherwise be anything."""
        _, fake_logits = self._judge(critic, fake, watch=False)
        real_logits = fake_logits
        if self.objective.relativistic:
            self._check_batches(real, fake)
            with torch.no_grad():
                _, real_logits = self._judge(critic, real, watch=False)
        return {"adversarial": self.objective.generator(real_logits, fake_logits)}

    def strengthen(self, factor: float) -> bool:
        """Multiply all regularisers by `factor`; whether there are any."""
        self.strength.mul_(factor)
        return len(self.regularisers) > 0

    def _judge(self, critic: Critic, images: Tensor, *, watch: bool) -> tuple[Tensor, Tensor]:
        """The images as the critic saw them, and its logits."""
        if self.augment is not None:
            images = self.augment(images)
        if watch:
            # A penalty is taken at the critic's own input, after the augmentation (as in StyleGAN2-ADA).
            images = images.detach().requires_grad_(True)
        return images, critic(images).float()

    def _check_batches(self, real: Tensor, fake: Tensor) -> None:
        if real.shape[1:] != fake.shape[1:]:
            raise UsageError(
                f"real images have the shape {tuple(real.shape[1:])} and generated ones"
                f" {tuple(fake.shape[1:])}: they must be equal"
            )
        if self.objective.relativistic and len(real) != len(fake):
            raise UsageError(
                f"{self.objective.name} judges each generated image against a real one, but there are"
                f" {len(fake)} and {len(real)}"
            )

    @torch.no_grad()
    def _observe(self, real: Tensor, fake: Tensor, real_logits: Tensor, fake_logits: Tensor) -> None:
        watching = getattr(self.augment, "observe", None)
        if watching is not None:
            watching(real_logits)
        pairs = min(len(real_logits), len(fake_logits))
        ahead = (real_logits[:pairs] - fake_logits[:pairs]).sign().mean()
        self.observed = {"told apart": (1 + ahead) / 2}
        probability = self.objective.probability
        if probability is not None:
            self.observed |= {
                "D(real)": probability(real_logits).mean(),
                "D(fake)": probability(fake_logits).mean(),
            }
        if min(len(real), len(fake)) > 1:
            spread = [_spread(images.float()) for images in (fake, real)]
            self.observed["diversity"] = spread[0] / spread[1].clamp_min(1e-12)


def _spread(images: Tensor) -> Tensor:
    """Mean over the pixels of the standard deviation over the batch; on the CPU faster than `std(0)`."""
    return (images - images.mean(0)).square_().sum(0).div_(len(images) - 1).sqrt_().mean()
