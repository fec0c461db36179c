"""One word on a difference: does it help?"""

from __future__ import annotations

from enum import StrEnum

from ...metrics.paired import PairedDifference

TELLING = 0.02
"""Half an interval wider than this share of images leaves open what matters."""
SIGNIFICANT = 0.05
"""Largest p-value that counts."""


class Effect(StrEnum):
    """What a comparison comes to."""

    HELPS = "helps"
    NO_EFFECT = "no effect"
    HURTS = "hurts"
    SMALL_TEST = "the test set is too small to tell"
    FEW_SEEDS = "too few seeds to tell"


def judge(difference: PairedDifference, p_value: float) -> Effect:
    """The verdict on the mean of `second - first`.

    It helps where the whole interval lies above 0 and the sign-flip test over the seeds gives at most .05,
    and hurts where the whole interval lies below. Where neither is so and half the interval is wider than two
    images in a hundred, the comparison cannot tell, for want of test images or of seeds, whichever of them
    alone gives the wider interval; and where the interval leaves 0 out but the seeds disagree, more seeds are
    wanted. Else there is no effect: none, or one too small to matter.
    """
    above, below = difference.low > 0, difference.high < 0
    if (above or below) and p_value <= SIGNIFICANT:
        return Effect.HELPS if above else Effect.HURTS
    if above or below:
        return Effect.FEW_SEEDS
    if difference.half_width <= TELLING:
        return Effect.NO_EFFECT
    images_wider = difference.images_half_width >= difference.seeds_half_width
    return Effect.SMALL_TEST if images_wider else Effect.FEW_SEEDS


def images_to_tell(difference: PairedDifference, num_images: int) -> int:
    """About how many test images would bring the images' own half width down to `TELLING`: widths fall with
    the square root of how many there are.

    Example:
        >>> wide = PairedDifference(
        ...     mean=0.0, low=-0.04, high=0.04, seeds_half_width=0.0, images_half_width=0.04, of_seeds=(0.0,)
        ... )
        >>> images_to_tell(wide, 100)
        400
    """
    return round(num_images * (difference.images_half_width / TELLING) ** 2)
