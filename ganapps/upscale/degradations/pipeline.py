"""From a high-resolution picture to its low-resolution counterpart."""

from __future__ import annotations

import numpy as np

from ...errors import UsageError
from ...metrics.bicubic import imresize
from .picture import Pixels, to_picture, to_pixels
from .profile import Profile


def degrade(high: Pixels, scale: int, profile: Profile, random: np.random.Generator) -> Pixels:
    """The low-resolution counterpart of a picture or a crop, a function of the random state alone.

    Args:
        high: RGB `[H, W, 3]`; both sides are multiples of `scale`.
        scale: how many times smaller the result is, 2 or more.
        profile: what it suffers on the way.
        random: where every draw comes from.

    Returns:
        RGB `[H / scale, W / scale, 3]`.

    Raises:
        UsageError: a side is not a multiple of the scale.
    """
    height, width = high.shape[:2]
    if height % scale or width % scale:
        raise UsageError(
            f"each side must be a multiple of {scale} to be shrunk {scale} times, got {width} x {height}"
        )
    if random.random() < profile.clean_share:
        return imresize(high, 1 / scale)
    low = height // scale, width // scale
    picture = to_picture(high)
    for stage in profile.stages:
        picture = stage.apply(picture, low, scale, random)
    return to_pixels(profile.finish.apply(picture, low, random))
