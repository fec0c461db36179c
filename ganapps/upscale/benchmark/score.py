"""How enlarged pictures compare with their originals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What is measured of one picture, or of several."""

    psnr_y: float
    """dB on the luma, as many pixels as the scale left out on each side."""
    ssim_y: float
    """Structural similarity of the luma, of the same pixels."""
    psnr_rgb: float
    """dB on all channels, of the same pixels."""
    ssim_rgb: float
    """Structural similarity, mean of the channels, of the same pixels."""
    lpips_vgg: float | None
    """Shift-tolerant LPIPS of the whole picture, lower is better; None where not measured."""
    lpips_alex: float | None
    """The same with AlexNet."""
    niqe: float | None
    """How unlike photographs the whole picture is, whatever its original, lower is better; None where it is
    too small or has no texture."""
    colour_shift: float
    """Largest difference of a channel's mean after shrinking back, in grey levels of 255."""
    grid: float | None
    """Largest difference between positions inside a low-resolution pixel, in flat areas, in grey levels of
    255; None where there are too few of them."""


@dataclass(frozen=True, kw_only=True)
class Score(Quality):
    """One method on one picture."""

    folder: str
    picture: str
    """Path inside the folder."""
    model: str
    """As it was asked for, or "bicubic"."""
    scale: int
    seconds: float
    """To enlarge."""
    megapixels: float
    """Of output."""
