"""What a model from elsewhere takes and gives, as far as probing shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ValueRange:
    """The values that black and white have."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:g} to {self.white:g}"


UNIT, BYTES, SIGNED = ValueRange(0, 1), ValueRange(0, 255), ValueRange(-1, 1)
RANGES = (UNIT, BYTES, SIGNED)
"""Those that are tried, the most common first."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a model takes and gives. Lengths are in pixels of the input."""

    input: str
    """Name in the graph."""
    output: str
    """Name in the graph."""
    dtype: np.dtype
    """Of the input: float32, float16 or uint8."""
    channels: int
    """3, or 1: each colour is then enlarged as a grey picture of its own."""
    channels_first: bool
    """Whether the input is [N, C, H, W], else [N, H, W, C]."""
    output_channels_first: bool
    scale: int
    """Times the input's size."""
    fixed: tuple[int | None, int | None]
    """The only height and width that it takes; None is any."""
    multiple: int
    """Height and width must be multiples of it, where they are not fixed."""
    least: int
    """The smallest height and width that it was seen to take."""
    input_range: ValueRange = UNIT
    output_range: ValueRange = UNIT
    takes_bgr: bool = False
    gives_bgr: bool = False
    error: float = 0.0
    """Mean distance of a smooth picture's result from the same enlarged by cubic interpolation, in [0, 1]."""
    radius: int = 0
    """Overlap of tiles."""
    reach: int | None = None
    """How far a changed pixel was seen to change the result; None is further than was looked."""

    def described(self) -> dict[str, str]:
        """For people: a word or two under each name."""
        height, width = ("any" if side is None else str(side) for side in self.fixed)
        size = f"{height} x {width}" if height != width else height
        if self.multiple > 1:
            size += f", in multiples of {self.multiple}"
        if self.least > 1 and None in self.fixed:
            size += f", from {self.least}"
        colours = f"{_order(self.takes_bgr)} to {_order(self.gives_bgr)}" if self.channels == 3 else "grey"
        return {
            "layout": f"{_layout(self.channels_first)} to {_layout(self.output_channels_first)}",
            "colours": colours,
            "values": f"{self.dtype}, {self.input_range}, to {self.output_range}",
            "size": f"{size} px",
            "reach": "not bounded, as far as seen" if self.reach is None else f"{self.reach} px",
            "overlap": f"{self.radius} px",
            "distance from cubic": f"{255 * self.error:.2g} of 255 grey levels on a smooth picture",
        }


def _layout(channels_first: bool) -> str:
    return "NCHW" if channels_first else "NHWC"


def _order(bgr: bool) -> str:
    return "BGR" if bgr else "RGB"
