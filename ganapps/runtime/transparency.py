"""Enlarging what is partly see-through, without fringes and without holes."""

from __future__ import annotations

import cv2
import numpy as np


def fill_hidden(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give pixels that cannot be seen the colour of the nearest one that can.

    Many programs leave black or white under alpha 0. A network would mix it into the visible edge beside it.

    Args:
        pixels: [H, W, C].
        alpha: [H, W]; 0 is hidden.

    Returns:
        [H, W, C]; `pixels` itself where nothing, or everything, is hidden.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return pixels
    # Each pixel gets the number of its nearest zero, that is, visible pixel.
    _, nearest = cv2.distanceTransformWithLabels(
        hidden.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    visible = ~hidden
    colour_of = np.zeros((int(nearest.max()) + 1, pixels.shape[2]), pixels.dtype)
    colour_of[nearest[visible]] = pixels[visible]
    filled: np.ndarray = colour_of[nearest]
    return filled


def within_neighbours(enlarged: np.ndarray, alpha: np.ndarray, scale: int) -> np.ndarray:
    """Keep each enlarged alpha between the least and the greatest of the 3 x 3 pixels it came from.

    A network overshoots a little: a solid area would get faint holes, and empty space a faint haze.

    Args:
        enlarged: [scale * H, scale * W].
        alpha: [H, W], of the same type.
        scale: how many times larger.
    """
    around = np.ones((3, 3), np.uint8)
    result = np.empty_like(enlarged)
    least, greatest = cv2.erode(alpha, around), cv2.dilate(alpha, around)
    for y in range(len(alpha)):
        rows = slice(scale * y, scale * (y + 1))
        result[rows] = np.clip(enlarged[rows], np.repeat(least[y], scale), np.repeat(greatest[y], scale))
    return result


def divide_by_alpha(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours as they were before they were multiplied by alpha.

    Args:
        colours: [H, W, C], uint8 or uint16.
        alpha: [H, W], of the same type.
    """
    most = int(np.iinfo(colours.dtype).max)
    result = np.empty_like(colours)
    for y in range(len(colours)):
        opacity = np.maximum(alpha[y], 1)[:, None].astype(np.float64) / most
        result[y] = np.minimum(np.rint(colours[y] / opacity), most)
    return result
