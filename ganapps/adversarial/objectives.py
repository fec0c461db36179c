"""What the two players want: value functions on the discriminator's logits.

Every objective is written on logits, never on probabilities, so that it stays finite where a
sigmoid saturates. `real` and `fake` hold the discriminator's logits of a real and of a
generated batch, of any one shape; both losses are means over all logits and are minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

LossOfLogits = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A pair of losses, one for each player, and where they come from."""

    name: str
    """The field's name for it."""
    source: str
    """Paper and equation."""
    discriminator: LossOfLogits
    """`(real, fake) -> scalar`, minimised by the discriminator."""
    generator: LossOfLogits
    """`(real, fake) -> scalar`, minimised by the generator."""
    pairs: bool = False
    """Whether the generator's loss looks at the real logits, pairing real and fake by position."""


NON_SATURATING = Objective(
    name="non-saturating",
    source="Goodfellow et al. 2014, arXiv 1406.2661, eq. 1 and the end of section 3",
    # -log D(x) - log(1 - D(G(z))), with D = sigmoid(logit)
    discriminator=lambda real, fake: softplus(-real).mean() + softplus(fake).mean(),
    # -log D(G(z)): the same fixed point as minimax, but a gradient where D is sure of a fake
    generator=lambda real, fake: softplus(-fake).mean(),
)

HINGE = Objective(
    name="hinge",
    source="Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, eq. 16 and 17",
    discriminator=lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
    generator=lambda real, fake: -fake.mean(),
)

RELATIVISTIC_PAIRING = Objective(
    name="relativistic pairing",
    source="Jolicoeur-Martineau 2018, arXiv 1807.00734; Huang et al. 2025, arXiv 2501.05441, eq. 2",
    # softplus(-(D(x) - D(G(z)))): a fake is judged against a real, so no mode can be dropped for free
    discriminator=lambda real, fake: softplus(fake - real).mean(),
    generator=lambda real, fake: softplus(real - fake).mean(),
    pairs=True,
)

OBJECTIVES = (NON_SATURATING, HINGE, RELATIVISTIC_PAIRING)
