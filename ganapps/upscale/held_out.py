"""How well an upscaler in training does on photographs that it is not shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..metrics.bicubic import imresize_to
from ..metrics.psnr import psnr
from ..runtime.images import Image, Metadata, write_image
from .degradations import CLEAN, Profile, degrade
from .photographs import Pixels, stack

NUM_HELD_OUT = 16
"""Photographs kept aside, at most an eighth of all."""
SIDE_PX = 256
"""Of the crops that are scored."""
PSNR, LOSS = "held-out PSNR", "held-out loss"
"""Names of the scores."""
_DRAWS = 2
"""Times that the loss is asked, which looks at windows of the crops: always the same ones, and a hundredth of
the training's time."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""From enlarged pictures `[N, 3, H, W]` in [0, 1] and the true ones to a scalar."""
_SHOWN = 4
_SHOWN_PX = 160
"""Of the crops on the sheet."""


class HeldOut:
    """PSNR and loss of an upscaler on centre crops of held-out photographs, and a sheet of some of them.

    Args:
        photographs: uint8 `[H, W, 3]`, sides of at least 256.
        scale: enlargement.
        profile: how the low-resolution crops come about; each call sees the same ones.
        sheet: picture that each call writes: a row a photograph, enlarged by bicubic interpolation, by the
            upscaler, and as it is. None for none.
        loss: what the training minimises, its adversary aside; None scores by PSNR alone.
    """

    def __init__(
        self,
        photographs: tuple[Pixels, ...],
        scale: int,
        *,
        profile: Profile = CLEAN,
        sheet: Path | None = None,
        loss: Loss | None = None,
    ) -> None:
        random = np.random.default_rng(0)
        self._high = [_centre(picture, SIDE_PX) for picture in photographs]
        low = [degrade(high, scale, profile, random) for high in self._high]
        self._bicubic = [imresize_to(crop, SIDE_PX, SIDE_PX) for crop in low[:_SHOWN]]
        self._low, self._scale, self._sheet, self._loss = stack(low), scale, sheet, loss

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """Score the upscaler.

        Raises:
            OutputError: the sheet cannot be written.
        """
        device = next(generator.parameters()).device
        enlarged = generator(self._low.to(device).float() / 255).clamp(0, 1).mul(255).round().byte()
        pixels = enlarged.permute(0, 2, 3, 1).cpu().numpy()
        if self._sheet is not None:
            self._show(self._sheet, pixels)
        each = [psnr(e, h, border=self._scale) for e, h in zip(pixels, self._high, strict=True)]
        scores = {PSNR: float(np.mean(each))}
        if self._loss is not None:
            scores[LOSS] = self._mean_loss(self._loss, enlarged / 255)
        return scores

    def _mean_loss(self, loss: Loss, enlarged: Tensor) -> float:
        real = stack(self._high).to(enlarged.device) / 255
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return float(np.mean([loss(enlarged, real).item() for _ in range(_DRAWS)]))

    def _show(self, path: Path, enlarged: Pixels) -> None:
        rows = zip(self._bicubic, enlarged, self._high, strict=False)
        crops = [np.hstack([_centre(picture, _SHOWN_PX) for picture in row]) for row in rows]
        write_image(path, Image(np.vstack(crops), None, Metadata(), "png"))


def split(photographs: tuple[Pixels, ...]) -> tuple[tuple[Pixels, ...], tuple[Pixels, ...]]:
    """Photographs to train on, and those to hold out: spread evenly over all, 16 or an eighth."""
    every = max(8, len(photographs) // NUM_HELD_OUT)
    held_out = photographs[::every][:NUM_HELD_OUT]
    return tuple(p for i, p in enumerate(photographs) if i % every or i // every >= NUM_HELD_OUT), held_out


def _centre(picture: Pixels, side: int) -> Pixels:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
