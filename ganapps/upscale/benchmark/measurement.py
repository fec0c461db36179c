"""One enlarged picture held against its original."""

from __future__ import annotations

import time
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from ...metrics.colour_shift import colour_shift
from ...metrics.grid_pattern import grid_pattern
from ...metrics.luma import luma
from ...metrics.niqe import niqe
from ...metrics.psnr import psnr
from ...metrics.ssim import ssim
from ..naturalness import shipped_naturalness
from .judges import Sight
from .method import Method
from .picture import Pair
from .score import Score

Pixels = NDArray[np.uint8]


def measure(method: Method, pair: Pair, sight: Sight, folder: str, picture: str) -> tuple[Pixels, Score]:
    """Enlarge a picture and compare it with its original.

    Args:
        method: how to enlarge.
        pair: the original and the low picture, at the method's scale.
        sight: what the perceptual judges see in the original.
        folder: its name, for the score.
        picture: its name.

    Returns:
        The enlarged picture `[H, W, 3]` and its score.
    """
    started = time.perf_counter()
    larger = method.enlarge(pair.low)
    seconds = time.perf_counter() - started
    high, border = pair.high, method.scale
    ours, theirs = luma(larger), luma(high)
    distances = sight.distances(larger)
    vgg, alex = distances or (None, None)
    score = Score(
        folder=folder,
        picture=picture,
        model=method.name,
        scale=method.scale,
        psnr_y=psnr(ours, theirs, border=border, peak=255),
        ssim_y=ssim(ours, theirs, border=border, peak=255),
        psnr_rgb=psnr(larger, high, border=border),
        # Channel by channel takes a third of the memory.
        ssim_rgb=fmean(ssim(larger[..., c], high[..., c], border=border) for c in range(3)),
        lpips_vgg=vgg,
        lpips_alex=alex,
        niqe=niqe(larger, shipped_naturalness()),
        colour_shift=colour_shift(larger, pair.low),
        grid=grid_pattern(larger, high, method.scale),
        seconds=seconds,
        megapixels=high.shape[0] * high.shape[1] / 1e6,
    )
    return larger, score
