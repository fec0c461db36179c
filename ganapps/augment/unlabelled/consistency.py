"""Learning from images without labels by agreement: what a teacher sees in a weak view, a strong one must
show."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from ...adversarial import Ema, Game, Losses, transition
from ..generator.game import signed

SURE = 0.9
"""Probability from which on it is followed."""
MOST_WEIGHT = 3.0
"""Largest weight of a rare class."""
_SHARPNESS = 2.0
"""Power that probabilities are raised to."""
_RAMP = 0.15
"""Share of the training over which the weight of the agreement rises."""
_FOLLOWED = 0.02
"""Share of the newest batch in the running mean of probabilities."""
_HALF_LIFE = 3_000
"""Of the teacher's average, in images."""


class Views(NamedTuple):
    """A batch; images are uint8 `[N, C, H, W]`."""

    labelled: Tensor
    """Strong views of labelled images."""
    labels: Tensor
    """int64 `[N]`"""
    weak: Tensor
    """Weak views of unlabelled images."""
    strong: Tensor
    """Strong views of the same images."""
    advice: Tensor
    """What another classifier says of them, probabilities `[N, K]`."""


class Consistency(Game):
    """FixMatch (Sohn et al. 2020, arXiv 2001.07685, eq. 3 and 4) with a teacher that is averaged over steps
    (Tarvainen and Valpola 2017, arXiv 1703.01780, section 2).

    The teacher is not alone: another classifier, that of frozen features, knows something from the start.
    What both say is averaged in logarithms, as by experts that err each in its own way (Hinton 2002,
    section 2). The average is brought to the given shares of the classes (distribution alignment, Berthelot
    et al. 2020, arXiv 1911.09785, section 3.1), and squared rather than rounded to one class. In
    the loss each class is weighed by the inverse of its share, at most threefold, so that the network learns
    with classes of equal frequency from labelled and unlabelled images alike.

    Args:
        classifier: images `[N, C, H, W]` in [-1, 1] to logits `[N, K]`.
        prior: shares of the classes among the unlabelled images, `[K]`.
    """

    frequency: Tensor
    prior: Tensor
    weights: Tensor
    images_seen: Tensor

    def __init__(self, classifier: nn.Module, prior: Tensor) -> None:
        super().__init__(classifier)
        self.follower = Ema(classifier, half_life_images=_HALF_LIFE, ramp=0.1)
        self.teacher = self.follower.network
        self.register_buffer("prior", prior.clone())
        self.register_buffer("frequency", prior.clone())
        self.register_buffer("weights", (1 / (len(prior) * prior)).clamp_max(MOST_WEIGHT))
        self.register_buffer("images_seen", torch.zeros((), dtype=torch.int64))

    def generator_losses(self, batch: Views) -> Losses:
        seen = len(batch.labelled) + len(batch.strong)
        self.images_seen += seen
        self.follower.update(self.generator, seen, int(self.images_seen))
        targets, sure = self._targets(batch)
        logits = self.generator(planes(torch.cat([batch.labelled, batch.strong])))
        labelled, unlabelled = logits.split([len(batch.labelled), len(batch.strong)])
        agreement = -(sure * (targets * log_softmax(unlabelled, 1)).sum(1)).mean()
        weight = transition(self.progress, start=0.0, end=_RAMP)
        return {"labelled": cross_entropy(labelled, batch.labels), "agreement": weight * agreement}

    @torch.no_grad()
    def _targets(self, batch: Views) -> tuple[Tensor, Tensor]:
        """Weighed probabilities `[N, K]`, and 1 where they are sure enough, `[N]`."""
        # The trainer puts the whole game in training mode.
        given = self.teacher.eval()(planes(batch.weak)).softmax(1)
        both = (given * batch.advice).sqrt()
        both /= both.sum(1, keepdim=True)
        self.frequency.lerp_(both.mean(0), _FOLLOWED)
        sharp = (both * self.prior / self.frequency) ** _SHARPNESS
        sharp /= sharp.sum(1, keepdim=True)
        return self.weights * sharp, (sharp.amax(1) >= SURE).float()


def planes(images: Tensor) -> Tensor:
    """uint8 `[N, C, H, W]` to float32 in [-1, 1], in the order of memory that suits a CPU."""
    return signed(images).contiguous(memory_format=torch.channels_last)
