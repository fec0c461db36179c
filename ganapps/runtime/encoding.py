"""From a picture to the bytes of a file: what each format can hold, and who writes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import UsageError
from . import exif as exif_bytes
from . import opencv_codec, splice, tiff_writer
from .metadata import Metadata

OUTPUT_FORMATS = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jfif": "jpeg",
    ".webp": "webp",
    ".avif": "avif",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
}
"""Suffix of a file name, in lower case, to the format it is written in."""

LOSSY_FORMATS = frozenset({"jpeg", "webp", "avif"})
"""Formats that have a quality."""

_DEEP_FORMATS = frozenset({"png", "tiff", "avif"})
_BLOCK_ROWS = 256


def format_of(name: str) -> str:
    """The output format for a suffix or a format's name.

    Raises:
        UsageError: nothing that can be written.

    Example:
        >>> format_of(".JPG"), format_of("tif")
        ('jpeg', 'tiff')
    """
    suffix = "." + name.lower().lstrip(".")
    if suffix not in OUTPUT_FORMATS:
        accepted = ", ".join(suffix for suffix in OUTPUT_FORMATS if suffix != ".jfif")
        found = f"got {name!r}" if name else "got a name without a suffix"
        raise UsageError(f"images are written as {accepted}; {found}")
    return OUTPUT_FORMATS[suffix]


def encode(
    pixels: np.ndarray, alpha: np.ndarray | None, metadata: Metadata, format: str, quality: int | None
) -> bytes:
    """Encode as `format`, converting what it cannot hold; see `images.encode_image`."""
    pixels, alpha = _fitting_pixels(pixels, alpha, format)
    metadata = _fitting_metadata(metadata, pixels, format)
    if format == "tiff":
        return tiff_writer.encode_tiff(pixels, alpha, metadata)
    if alpha is not None and pixels.shape[2] == 1:
        data = splice.grey_alpha_png(pixels[..., 0], alpha, metadata)
    else:
        data = opencv_codec.encode(pixels, alpha, metadata, format, quality)
    if format == "jpeg":
        return splice.into_jpeg(data, metadata)
    return splice.into_png(data, metadata) if format == "png" else data


def _fitting_pixels(
    pixels: np.ndarray, alpha: np.ndarray | None, format: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Depth, alpha and channels as the format can hold them."""
    if pixels.dtype == np.uint16 and format not in _DEEP_FORMATS:
        pixels = opencv_codec.rescale(pixels, 65535, 255, np.uint8)
        alpha = None if alpha is None else opencv_codec.rescale(alpha, 65535, 255, np.uint8)
    if alpha is not None and format == "jpeg":
        pixels, alpha = _over_white(pixels, alpha), None
    if alpha is None:
        keeps_grey = format != "webp"
    else:
        # A TIFF of 16-bit grey with alpha is legal, but Pillow and all that is built on it cannot open it.
        keeps_grey = format == "png" or (format == "tiff" and pixels.dtype == np.uint8)
    if pixels.shape[2] == 1 and not keeps_grey:
        pixels = np.repeat(pixels, 3, axis=2)
    return pixels, alpha


def _over_white(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """What a viewer shows on a white page, [H, W, C] uint8."""
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), _BLOCK_ROWS):
        rows = slice(top, top + _BLOCK_ROWS)
        opacity = alpha[rows, :, None].astype(np.uint16)
        mixed = pixels[rows].astype(np.uint16) * opacity + 255 * (255 - opacity)
        result[rows] = (mixed + 127) // 255
    return result


def _fitting_metadata(metadata: Metadata, pixels: np.ndarray, format: str) -> Metadata:
    if format == "bmp":
        return Metadata()
    height, width, channels = pixels.shape
    icc = metadata.icc
    # Bytes 16 to 19 of a profile name its colour space. Source: ICC.1:2022, 7.2.8.
    if icc and icc[16:20] != (b"GRAY" if channels == 1 else b"RGB "):
        icc = None
    exif = exif_bytes.resized(metadata.exif, width, height) if metadata.exif else None
    return replace(metadata, icc=icc, exif=exif)
