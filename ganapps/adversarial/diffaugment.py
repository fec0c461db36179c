"""Augmentation that gradients pass through, so that a discriminator can be trained on few images.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", arXiv 2006.10738: real and
generated images pass the same random changes before they are judged, in the turns of both players (eq. 5
to 7). Then the discriminator cannot learn the few real images by heart, and the generator is not taught the
changes, as it would be if real images alone were augmented.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..errors import UsageError


@dataclass(frozen=True, kw_only=True)
class DiffAugment:
    """Colour, translation and cutout, drawn anew for every image of every batch.

    Called with images `[N, C, H, W]` in [-1, 1]; returns as many of the same size. Colour may leave the
    range. The strengths are the paper's (section 3.2 and its code); 0 switches a change off. Cutout is off,
    because it shows up in what is generated where images are few.

    Example:
        >>> images = torch.rand(2, 3, 8, 8)
        >>> still = DiffAugment(brightness=0, saturation=0, contrast=0, translation=0)
        >>> torch.equal(still(images), images)
        True
    """

    brightness: float = 0.5
    """Most that is added to or taken from an image, on the scale of [-1, 1]."""
    saturation: float = 1.0
    """Most that the distance of each pixel from its own grey is stretched or shrunk by, as a share of it."""
    contrast: float = 0.5
    """Most that the distance of each value from the image's mean is stretched or shrunk by, as a share of
    it."""
    translation: float = 0.125
    """Most that an image is moved, as a share of its side; what comes in is 0, the middle of the range."""
    cutout: float = 0.0
    """Side of the square that is set to 0, as a share of the image's sides."""

    def __post_init__(self) -> None:
        for name in ("brightness", "saturation", "contrast", "translation", "cutout"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be from 0 to 1, got {getattr(self, name)}")

    def __call__(self, images: Tensor) -> Tensor:
        if self.brightness:
            images = images + self.brightness * _symmetric(images)
        if self.saturation and images.shape[1] > 1:
            images = _stretch(images, images.mean(1, keepdim=True), self.saturation)
        if self.contrast:
            images = _stretch(images, images.mean((1, 2, 3), keepdim=True), self.contrast)
        if self.translation:
            images = self._translate(images)
        return self._cut(images) if self.cutout else images

    def _translate(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        most_down, most_right = round(height * self.translation), round(width * self.translation)
        return translate(images, _whole(images, most_down), _whole(images, most_right))

    def _cut(self, images: Tensor) -> Tensor:
        keep = torch.ones(1, device=images.device)
        for axis in (2, 3):
            length = images.shape[axis]
            start = torch.rand(len(images), 1, device=images.device) * (length + 1) - self.cutout * length / 2
            offset = torch.arange(length, device=images.device) - start.floor()
            inside = (offset >= 0) & (offset < round(self.cutout * length))
            shape = [len(images), 1, 1, 1]
            shape[axis] = length
            keep = keep * inside.view(shape)
        return images * (1 - keep)


def translate(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Move each image by whole pixels; what comes in from outside is 0.

    Args:
        images: `[N, C, H, W]`.
        down: pixels that each image is moved down, int64 `[N]`; negative is up.
        right: the same to the right.

    Example:
        >>> translate(torch.tensor([[[[1.0, 2.0, 3.0]]]]), torch.tensor([0]), torch.tensor([1]))
        tensor([[[[0., 1., 2.]]]])
    """
    num, channels, height, width = images.shape
    # One zero row and column around the image: every index outside of it reads them.
    padded = pad(images, (1, 1, 1, 1))
    rows = torch.arange(height, device=images.device) - down[:, None]
    columns = torch.arange(width, device=images.device) - right[:, None]
    rows = rows.clamp(-1, height)[:, None, :, None].expand(num, channels, height, width + 2)
    columns = columns.clamp(-1, width)[:, None, None, :].expand(num, channels, height, width)
    return padded.gather(2, rows + 1).gather(3, columns + 1)


def _symmetric(images: Tensor) -> Tensor:
    """A number from -1 to 1 for each image, `[N, 1, 1, 1]`."""
    return torch.rand(len(images), 1, 1, 1, device=images.device, dtype=images.dtype) * 2 - 1


def _stretch(images: Tensor, centre: Tensor, most: float) -> Tensor:
    return (images - centre) * (1 + most * _symmetric(images)) + centre


def _whole(images: Tensor, most: int) -> Tensor:
    """A whole number from `-most` to `most` for each image, `[N]`."""
    return torch.randint(-most, most + 1, (len(images),), device=images.device)
