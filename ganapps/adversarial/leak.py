"""Whether augmentation shows in what is generated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Leak:
    """How one property of generated images is distributed, on a line from real to augmented ones."""

    what: str
    """The property: brightness, ..."""
    to_real: float
    """Distance between its distributions in generated and in real images (Wasserstein-1)."""
    to_augmented: float
    """The same against augmented real images."""
    real_to_augmented: float

    @property
    def leaks(self) -> bool:
        """Whether generated images look more like augmented ones, where the two can be told apart at all."""
        return self.to_augmented < self.to_real and self.real_to_augmented > 2 * self.to_augmented


def leak_check(
    real: Tensor, fake: Tensor, augment: Callable[[Tensor], Tensor], *, draws: int = 4
) -> list[Leak]:
    """Compare properties that augmentation changes: brightness, contrast, saturation, flat borders.

    An augmentation leaks when the generator learns to draw what it does, as may happen when it is applied to
    nearly every image (Karras et al. 2020, arXiv 2006.06676, section 2.2).

    Args:
        real: real images `[N, C, H, W]` in [-1, 1].
        fake: generated ones, as many or not.
        augment: what the match augments with.
        draws: how many times every real image is augmented.

    Returns:
        One finding a property.
    """
    with torch.no_grad():
        augmented = torch.cat([augment(real) for _ in range(draws)])
        measures = {
            name: [measure(x) for x in (real, fake, augmented)] for name, measure in _PROPERTIES.items()
        }
    return [
        Leak(
            what=name,
            to_real=_wasserstein(ours, theirs),
            to_augmented=_wasserstein(ours, changed),
            real_to_augmented=_wasserstein(theirs, changed),
        )
        for name, (theirs, ours, changed) in measures.items()
    ]


def _saturation(images: Tensor) -> Tensor:
    return (images - images.mean(1, keepdim=True)).abs().mean((1, 2, 3))


def _flat_border(images: Tensor) -> Tensor:
    """The share of the four outermost lines on which nothing changes: what a shift leaves behind."""
    lines = [images[:, :, 0], images[:, :, -1], images[:, :, :, 0], images[:, :, :, -1]]
    return torch.stack([(line.std(-1).amax(1) < 0.02).float() for line in lines]).mean(0)


_PROPERTIES: dict[str, Callable[[Tensor], Tensor]] = {
    "brightness": lambda images: images.mean((1, 2, 3)),
    "contrast": lambda images: images.std((1, 2, 3)),
    "saturation": _saturation,
    "flat borders": _flat_border,
}


def _wasserstein(a: Tensor, b: Tensor) -> float:
    """Wasserstein-1 distance of two samples of numbers: the mean distance of their quantiles."""
    at = torch.linspace(0, 1, 201, device=a.device)
    return (torch.quantile(a.float(), at) - torch.quantile(b.float(), at)).abs().mean().item()
