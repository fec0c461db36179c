"""Results that cannot be right: what is not a number, and black where there was a picture."""

from __future__ import annotations

import cv2
import numpy as np

_DARK = 64
"""Of 255: where a pixel and its neighbours are brighter than this in some channel, black is no result."""


def is_suspect(result: np.ndarray, image: np.ndarray) -> bool:
    """Whether a result may be damaged; a second engine has to tell.

    Values that are not finite; all values equal though the input's are not; or black, which is what becomes
    of values that are no numbers when they are clamped or rounded, where the input is bright.

    Args:
        result: [N, s * h, s * w, C], uint8, or float32 in [0, 1].
        image: [N, h, w, C] uint8, that it is made of.
    """
    if result.dtype != np.uint8 and not np.isfinite(result).all():
        return True
    low, high = result.min(), result.max()
    if low == high:
        return bool(image.min() != image.max())
    if low > 0:
        return False
    height, width = image.shape[1:3]
    rows, columns = result.shape[1] // height, result.shape[2] // width
    for enlarged, original in zip(result, image, strict=True):
        black = (enlarged[::rows, ::columns][:height, :width] == 0).all(axis=2)
        brightest = np.ascontiguousarray(original.max(axis=2))
        if bool((black & (cv2.erode(brightest, np.ones((3, 3), np.uint8)) > _DARK)).any()):
            return True
    return False


def differs(result: np.ndarray, right: np.ndarray, most: float) -> bool:
    """Whether a result is further from the right one than `most`, of values in [0, 1], or is no number."""
    full, step = (255.0, 1 / 255) if result.dtype == np.uint8 else (1.0, 0.0)
    distance = np.abs(result.astype(np.float32) - right.astype(np.float32)).max() / full
    return not distance <= most + step
