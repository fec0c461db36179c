"""A classifier taught by its own average on images without labels: what the semi-supervised game adds."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from ganapps.adversarial import Ema, Losses, transition

AGREEMENT = 3.0
"""Weight of the agreement with the teacher."""
SURE = 0.8
"""Probability from which on the teacher is followed."""


def moved(images: Tensor, change_by: float, shift_by: float) -> Tensor:
    """Images `[N, C, H, W]`, turned, stretched and sheared, and shifted.

    Args:
        change_by: standard deviation of the entries of the linear map.
        shift_by: the largest shift, in halves of the picture's side.
    """
    change = torch.eye(2) + change_by * torch.randn(len(images), 2, 2)
    shift = shift_by * (2 * torch.rand(len(images), 2, 1) - 1)
    grid = affine_grid(torch.cat([change, shift], 2), list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


def named(classifier: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of labelled images, moved a little."""
    return cross_entropy(classifier(moved(images, 0.12, 0.15)), labels)


class Teacher(nn.Module):
    """A classifier averaged over its steps (Tarvainen and Valpola 2017, arXiv 1703.01780, section 2).

    Args:
        classifier: whom to follow; its noise is off in the average.
        classes: K; all are held to be equally frequent.
    """

    def __init__(self, classifier: nn.Module, classes: int) -> None:
        super().__init__()
        self.follower = Ema(classifier, half_life_images=20_000, ramp=0.1)
        self.averaged = self.follower.network.eval()
        self.register_buffer("frequency", torch.full((classes,), 1 / classes))
        self.register_buffer("images_seen", torch.zeros((), dtype=torch.int64))

    def train(self, mode: bool = True) -> Teacher:
        return super().train(False)

    def follow(self, classifier: nn.Module, images: int) -> None:
        """Take a step towards the classifier, which has seen so many images more."""
        self.images_seen += images
        self.follower.update(classifier, images, int(self.images_seen))

    @torch.no_grad()
    def names(self, images: Tensor) -> Tensor:
        """Probabilities `[N, K]`; rows of zeros where it is not sure.

        They are brought to equal class frequencies (distribution alignment, Berthelot et al. 2020, arXiv
        1911.09785, section 3.1), without which some draws of labels end with two classes mixed up;
        left out below `SURE` (Sohn et al. 2020, arXiv 2001.07685, eq. 4); and sharpened to a quarter of the
        temperature (Berthelot et al. 2019, arXiv 1905.02249, eq. 7).
        """
        given = self.averaged(images).softmax(1)
        self.frequency.lerp_(given.mean(0), 0.05)
        aligned = given / self.frequency
        aligned /= aligned.sum(1, keepdim=True)
        sharp = aligned**4
        sure = aligned.amax(1, keepdim=True) > SURE
        return sharp / sharp.sum(1, keepdim=True) * sure

    def agreement(self, logits: Tensor, images: Tensor, progress: float) -> Losses:
        """The loss of naming moved images by `logits`, where the teacher names them unmoved."""
        share = AGREEMENT * transition(progress, start=0.0, end=0.1)
        return {"agreement": share * cross_entropy(logits, self.names(images))}
