"""Classic augmentation: a handful of policies, from none to strong, and what they make of images.

Which one suits a set cannot be known beforehand: mirroring helps with aerial photographs and turns a written
2 into nothing. So there are few, from weak to strong, each with and without mirroring, to be tried on images
that are held out (see `ganapps.augment.proof.tuning`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from ..errors import UsageError
from .sets.dataset import Pixels


@dataclass(frozen=True, kw_only=True)
class ClassicPolicy:
    """What may be done to an image; 0 and False switch a change off."""

    name: str
    move: float = 0.0
    """Most that it is moved each way, as a share of its side; what comes in repeats the border."""
    turn_deg: float = 0.0
    """Most that it is turned, in degrees."""
    zoom: float = 0.0
    """Most that it is enlarged (then cropped) or reduced, as a share."""
    shear_deg: float = 0.0
    """Most that it is slanted along each axis, in degrees."""
    mirror: bool = False
    """Left to right, every second time."""
    colour: float = 0.0
    """Most change of brightness and contrast, and of an RGB image's hue and saturation, as a share."""
    random_changes: int = 0
    """So many of the changes of RandAugment (arXiv 1909.13719, section 3), drawn anew for each image, after
    all of the above."""

    @property
    def changes_nothing(self) -> bool:
        """Whether images come out as they went in."""
        return self == ClassicPolicy(name=self.name)


NONE = ClassicPolicy(name="none")
_AFFINE = ClassicPolicy(name="affine", move=0.1, turn_deg=15, zoom=0.15, shear_deg=5)
_COLOURED = replace(_AFFINE, name="affine, colour", colour=0.25)
_STRONG = ClassicPolicy(name="strong", move=0.1, turn_deg=10, zoom=0.2, random_changes=2)
POLICIES = (
    NONE,
    ClassicPolicy(name="light", move=0.05, turn_deg=5, zoom=0.05),
    _AFFINE,
    replace(_AFFINE, name="affine, mirrored", mirror=True),
    _COLOURED,
    replace(_COLOURED, name="affine, colour, mirrored", mirror=True),
    _STRONG,
    replace(_STRONG, name="strong, mirrored", mirror=True),
)
"""What is tried, from weak to strong."""


def draw_views(pixels: Pixels, policy: ClassicPolicy, num_views: int, *, seed: int) -> Pixels:
    """Changed copies of images; the same seed gives the same ones.

    Args:
        pixels: uint8 `[N, H, W, C]`, RGB or grey.
        policy: what may be done to them.
        num_views: copies of each image, at least 1.
        seed: what they are drawn from.

    Returns:
        uint8 `[num_views, N, H, W, C]`; a policy that changes nothing gives one view, whatever is asked for.

    Raises:
        UsageError: fewer than one view.
    """
    if num_views < 1:
        raise UsageError(f"at least 1 view of each image must be drawn, got {num_views}")
    if policy.changes_nothing:
        return pixels[None]
    change = _compose(policy, pixels.shape[3], seed)
    views = np.empty((num_views, *pixels.shape), dtype=np.uint8)
    for view in views:
        for number, image in enumerate(pixels):
            view[number] = change(image=image)["image"].reshape(image.shape)
    return views


def _compose(policy: ClassicPolicy, channels: int, seed: int) -> Any:
    # Set before the import: albumentations looks on the network for a newer version of itself.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations as a

    changes: list[Any] = []
    if policy.move or policy.turn_deg or policy.zoom or policy.shear_deg:
        changes.append(
            a.Affine(
                scale=(1 - policy.zoom, 1 + policy.zoom),
                translate_percent=(-policy.move, policy.move),
                rotate=(-policy.turn_deg, policy.turn_deg),
                shear=(-policy.shear_deg, policy.shear_deg),
                border_mode=cv2.BORDER_REPLICATE,
                p=1.0,
            )
        )
    if policy.mirror:
        changes.append(a.HorizontalFlip(p=0.5))
    if policy.colour:
        changes.append(_colour(a, policy.colour, channels))
    if policy.random_changes:
        changes.append(a.SomeOf(_randaugment(a), n=policy.random_changes, replace=False, p=1.0))
    return a.Compose(changes, seed=seed)


def _colour(a: Any, most: float, channels: int) -> Any:
    if channels == 1:
        return a.RandomBrightnessContrast(brightness_limit=most, contrast_limit=most, p=0.8)
    # Hue is an angle, and 1 is all the way round: an eighth of what the others have leaves skin skin.
    return a.ColorJitter(
        brightness=(1 - most, 1 + most),
        contrast=(1 - most, 1 + most),
        saturation=(1 - most, 1 + most),
        hue=(-most / 8, most / 8),
        p=0.8,
    )


def _randaugment(a: Any) -> list[Any]:
    """The paper's changes at about two thirds of their range, but for those that leave the image's meaning to
    chance at small sizes (inverting, solarising), and erasing and noise in their place."""
    return [
        a.Affine(rotate=(-25, 25), border_mode=cv2.BORDER_REPLICATE, p=1.0),
        a.Affine(shear={"x": (-15, 15), "y": (0, 0)}, border_mode=cv2.BORDER_REPLICATE, p=1.0),
        a.Affine(shear={"x": (0, 0), "y": (-15, 15)}, border_mode=cv2.BORDER_REPLICATE, p=1.0),
        a.Affine(translate_percent=(-0.15, 0.15), border_mode=cv2.BORDER_REPLICATE, p=1.0),
        a.RandomBrightnessContrast(brightness_limit=0.4, contrast_limit=0.0, p=1.0),
        a.RandomBrightnessContrast(brightness_limit=0.0, contrast_limit=0.5, p=1.0),
        a.RandomGamma(gamma_limit=(60, 160), p=1.0),
        a.Sharpen(alpha=(0.1, 0.3), lightness=(1.0, 1.0), p=1.0),
        a.GaussNoise(std_range=(0.02, 0.08), p=1.0),
        a.CoarseDropout(
            num_holes_range=(1, 1), hole_height_range=(0.15, 0.3), hole_width_range=(0.15, 0.3), p=1.0
        ),
    ]
