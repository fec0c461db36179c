"""What the two players want: value functions on the discriminator's logits.

Every objective is written on logits, never on probabilities, so that it stays finite where a
sigmoid saturates. `real` and `fake` hold the discriminator's logits of a real and of a
generated batch, of any one shape; both losses are means over all logits and are minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from ..errors import UsageError

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
    relativistic: bool = False
    """Whether only differences of logits count, so that the generator's loss looks at the real ones, too."""
    probability: Callable[[Tensor], Tensor] | None = None
    """From a logit to D(x), the probability that an image is real; None where a logit says no such thing."""
    softened: Callable[[Tensor, float], Tensor] | None = None
    """What the label `target` instead of 1 for real images adds to the discriminator's loss,
    `(real, target) -> scalar`; None where the objective has no labels."""


MINIMAX = Objective(
    name="minimax",
    source="Goodfellow et al. 2014, arXiv 1406.2661, eq. 1",
    # -log D(x) - log(1 - D(G(z))), with D = sigmoid(logit)
    discriminator=lambda real, fake: softplus(-real).mean() + softplus(fake).mean(),
    # log(1 - D(G(z))): the value function itself, flat where D is sure of a fake
    generator=lambda real, fake: -softplus(fake).mean(),
    probability=torch.sigmoid,
    # (1 - t) (log D(x) - log(1 - D(x))) = (1 - t) logit
    softened=lambda real, target: (1 - target) * real.mean(),
)

NON_SATURATING = replace(
    MINIMAX,
    name="non-saturating",
    source="Goodfellow et al. 2014, arXiv 1406.2661, eq. 1 and the end of section 3",
    # -log D(G(z)): the same fixed point as minimax, but a gradient where D is sure of a fake
    generator=lambda real, fake: softplus(-fake).mean(),
)

LEAST_SQUARES = Objective(
    name="least squares",
    source="Mao et al. 2017, arXiv 1611.04076, eq. 2 and 9, with a = 0 and b = c = 1",
    discriminator=lambda real, fake: ((real - 1).square().mean() + fake.square().mean()) / 2,
    generator=lambda real, fake: (fake - 1).square().mean() / 2,
    probability=lambda logit: logit,
    # Halved, as in the paper; a head whose weights assume whole squares, as CycleGAN's do, doubles them.
    # ((x - t)^2 - (x - 1)^2) / 2
    softened=lambda real, target: ((real - target).square() - (real - 1).square()).mean() / 2,
)

HINGE = Objective(
    name="hinge",
    source="Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, eq. 16 and 17",
    discriminator=lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
    generator=lambda real, fake: -fake.mean(),
)

WASSERSTEIN = Objective(
    name="Wasserstein",
    source="Arjovsky et al. 2017, arXiv 1701.07875, eq. 2 and 3",
    # A distance only for critics whose slope is bounded: by spectral normalisation or a gradient penalty.
    discriminator=lambda real, fake: fake.mean() - real.mean(),
    generator=lambda real, fake: -fake.mean(),
)

RELATIVISTIC_PAIRING = Objective(
    name="relativistic pairing",
    source="Jolicoeur-Martineau 2018, arXiv 1807.00734; Huang et al. 2025, arXiv 2501.05441, eq. 2",
    # softplus(-(D(x) - D(G(z)))): a fake is judged against a real, so no mode can be dropped for free
    discriminator=lambda real, fake: softplus(fake - real).mean(),
    generator=lambda real, fake: softplus(real - fake).mean(),
    relativistic=True,
)

RELATIVISTIC_AVERAGE = Objective(
    name="relativistic average",
    source="Jolicoeur-Martineau 2018, arXiv 1807.00734, section 4.2: RaSGAN, the cross-entropy one",
    # Each logit is judged against the mean of the other side's.
    discriminator=lambda real, fake: _against_mean(real, fake),
    generator=lambda real, fake: _against_mean(fake, real),
    relativistic=True,
)

OBJECTIVES = (
    MINIMAX,
    NON_SATURATING,
    LEAST_SQUARES,
    HINGE,
    WASSERSTEIN,
    RELATIVISTIC_PAIRING,
    RELATIVISTIC_AVERAGE,
)


def _against_mean(higher: Tensor, lower: Tensor) -> Tensor:
    return softplus(lower.mean() - higher).mean() + softplus(lower - higher.mean()).mean()


def with_smooth_labels(objective: Objective, target: float = 0.9) -> Objective:
    """The objective with the label `target` instead of 1 for real images, in the discriminator's loss only.

    One-sided label smoothing (Salimans et al. 2016, arXiv 1606.03498, section 3.4): the best discriminator
    is `target * p_data / (p_data + p_g)`, bounded where there are no generated images. Labels of generated
    images stay 0, or else they would be kept where they are.

    Raises:
        UsageError: the objective has no labels, or the target is not above 0.5 and at most 1.

    Example:
        >>> smooth = with_smooth_labels(NON_SATURATING, target=0.75)
        >>> zero = torch.zeros(1)
        >>> torch.equal(smooth.discriminator(zero, zero), NON_SATURATING.discriminator(zero, zero))
        True
    """
    plain, softened = objective.discriminator, objective.softened
    if softened is None:
        labelled = ", ".join(o.name for o in OBJECTIVES if o.softened)
        raise UsageError(f"{objective.name} has no labels to smooth; objectives with labels: {labelled}")
    if not 0.5 < target <= 1:
        raise UsageError(f"the target of real images must be above 0.5 and at most 1, got {target}")
    return replace(
        objective,
        name=f"{objective.name} with labels of {target}",
        source=f"{objective.source}; Salimans et al. 2016, arXiv 1606.03498, section 3.4",
        discriminator=lambda real, fake: plain(real, fake) + softened(real, target),
        softened=None,
    )


def objective_named(name: str) -> Objective:
    """The objective of that name.

    Raises:
        UsageError: there is none.
    """
    for objective in OBJECTIVES:
        if objective.name == name:
            return objective
    raise UsageError(f"there is no objective {name!r}; objectives: {', '.join(o.name for o in OBJECTIVES)}")
