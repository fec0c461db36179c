"""Writing a picture that is still to come: the network goes on while the last band is compressed."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from .bands import Band, Bands
from .images import Image, encode_image
from .png_stream import PngStream
from .tiff_directory import read_directory
from .tiff_stream import TiffStream

STRIP_FORMATS = frozenset({"png", "tiff"})
"""Formats that can be written from top to bottom, without holding the picture."""

BANDS_HELD = 4
"""Bands in memory at once: being computed, joined with alpha, waiting, and being compressed."""

_PNG_SAMPLES = {0: 1, 2: 3, 4: 2, 6: 4}
"""By colour type."""
_PNG_COLOUR_TYPE_AT = 25
_TIFF_SAMPLES = 277


def write_strips(stream: BinaryIO, picture: Bands, format: str) -> None:
    """Write a PNG or a TIFF; TIFF over 4 GiB becomes BigTIFF.

    Metadata are those of the ordinary writer: it writes one pixel with them, from which they are taken.

    Args:
        stream: to write to; must be able to seek.
        picture: computed here, band by band.
        format: one of `STRIP_FORMATS`.

    Raises:
        OSError: as the stream raises it.
    """
    template = _template(picture, format)
    if _samples(template, format) > picture.samples:
        # The ordinary writer makes colour of grey where other programs could not open it.
        picture = replace(picture, channels=3)
    writer = (PngStream if format == "png" else TiffStream)(stream, picture, template)
    pending: Future[None] | None = None
    with ThreadPoolExecutor(1, "ganapps-strips") as compressor:
        for band in picture.rows:
            if pending is not None:
                pending.result()
            pending = compressor.submit(writer.write, _stacked(band, picture.channels))
        if pending is not None:
            pending.result()
    writer.close()


def _template(picture: Bands, format: str) -> bytes:
    pixel = np.zeros((1, 1, picture.channels), picture.dtype)
    alpha = pixel[..., 0] if picture.has_alpha else None
    return encode_image(Image(pixel, alpha, picture.metadata), format)


def _samples(template: bytes, format: str) -> int:
    """Numbers to a pixel."""
    if format == "png":
        return _PNG_SAMPLES[template[_PNG_COLOUR_TYPE_AT]]
    return int.from_bytes(read_directory(template)[_TIFF_SAMPLES].data, "little")


def _stacked(band: Band, channels: int) -> np.ndarray:
    """[h, W, samples]"""
    pixels = band.pixels
    if pixels.shape[2] < channels:
        pixels = np.repeat(pixels, channels, axis=2)
    return pixels if band.alpha is None else np.dstack([pixels, band.alpha])
