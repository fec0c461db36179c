"""What every reader hands to `images`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .metadata import Metadata


@dataclass(frozen=True)
class Decoded:
    """The first picture of a file, as it is stored."""

    pixels: np.ndarray
    """[H, W, C], RGB or grey (C is 3 or 1), uint8 or uint16."""
    alpha: np.ndarray | None
    """[H, W], of the type of `pixels`."""
    format: str
    metadata: Metadata = field(default_factory=Metadata)
    """Its orientation not yet reset."""
    orientation: int = 1
    """EXIF orientation, 1 to 8, that the metadata tells of; 1 is upright."""
    turned: bool = False
    """The pixels were turned by the decoder, and only the metadata still says otherwise."""
    remarks: tuple[str, ...] = ()
    """What was not taken from the file, or changed on the way; a phrase each."""
    quality: int | None = None
    """Of a JPEG, see `jpeg_quality`."""
