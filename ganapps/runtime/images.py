"""Reading and writing pictures: the door to every image file.

Inside the program a picture is RGB, [H, W, C], uint8 or uint16, upright, with alpha apart. Byte order of
channels, bit depths, palettes, inks, orientation tags and profiles end here. Pillow reads headers, metadata
and 8-bit pixels; OpenCV decodes deeper pixels and encodes; HEIC and JPEG XL have libraries of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..errors import ImageError, OutputError, UsageError
from . import colour, encoding, heif_codec, jxl_codec, pillow_codec
from . import exif as exif_bytes
from .decoded import Decoded
from .encoding import LOSSY_FORMATS, OUTPUT_FORMATS, format_of
from .files import display_name, write_atomically
from .guards import LIMIT_VARIABLE, MAX_PIXELS
from .metadata import Metadata
from .signature import kind_of

__all__ = [
    "IMAGE_SUFFIXES",
    "LIMIT_VARIABLE",
    "LOSSY_FORMATS",
    "MAX_PIXELS",
    "OUTPUT_FORMATS",
    "Image",
    "Metadata",
    "encode_image",
    "format_of",
    "losses",
    "read_image",
    "write_image",
]

IMAGE_SUFFIXES = frozenset({*OUTPUT_FORMATS, ".gif", ".heic", ".heif", ".hif", ".jxl"})
"""Suffixes of file names accepted on input, in lower case."""


@dataclass(frozen=True)
class Image:
    """A picture in memory."""

    pixels: np.ndarray
    """[H, W, C], RGB or grey (C is 3 or 1), uint8 or uint16, upright."""
    alpha: np.ndarray | None = None
    """[H, W], of the type of `pixels`; 0 is see-through. None: opaque."""
    metadata: Metadata = field(default_factory=Metadata)
    format: str = "png"
    """Of the file it came from: "png", "jpeg", "webp", "avif", "tiff", "bmp", "gif", "heic" or "jxl"."""
    remarks: tuple[str, ...] = ()
    """What was not taken from that file, or changed in reading; a phrase each, for the user to see."""
    quality: int | None = None
    """How little that file was compressed, 1 to 100 as libjpeg counts; None where it is no JPEG."""

    def __post_init__(self) -> None:
        shape, kind = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] not in (1, 3) or 0 in shape:
            raise ImageError(f"pixels must be [H, W, 1] or [H, W, 3] and not empty, got {list(shape)}")
        if kind not in (np.uint8, np.uint16):
            raise ImageError(f"pixels must be uint8 or uint16, got {kind}")
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != kind):
            found = f"{list(self.alpha.shape)} {self.alpha.dtype}"
            raise ImageError(f"alpha must be {list(shape[:2])} {kind} like the pixels, got {found}")


def read_image(source: str | Path | bytes, *, max_pixels: int | None = None) -> Image:
    """Read a picture, turned upright, with its bit depth, alpha and metadata.

    PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF and, where their libraries are installed, HEIC and JPEG XL, whatever
    the file name says. 16-bit PNG and TIFF and 10- or 12-bit AVIF and HEIC become uint16; grey stays grey;
    palettes and 1-bit pictures become grey or RGB; CMYK and Lab become sRGB. Of several frames or pages the
    first is taken, and a remark says so.

    Args:
        source: a path, or the bytes of a file.
        max_pixels: larger pictures are refused before they are decoded. None is `MAX_PIXELS`, or the
            megapixels in the environment variable GANAPPS_MAX_MEGAPIXELS.

    Raises:
        ImageError: missing, empty, not an image, truncated, too large, or of pixels that have no place here.
        UsageError: the environment variable is no number.
    """
    name = "the input" if isinstance(source, bytes) else display_name(source)
    data = source if isinstance(source, bytes) else _file_bytes(source, name)
    decoded = _decoded(data, name, max_pixels)
    turn = 1 if decoded.turned else decoded.orientation
    metadata, remarks = decoded.metadata, decoded.remarks
    if metadata.icc and not colour.is_whole(metadata.icc):
        metadata = replace(metadata, icc=None)
        remarks = (*remarks, "the colour profile is damaged and left out")
    return Image(
        _turned(decoded.pixels, turn),
        None if decoded.alpha is None else _turned(decoded.alpha, turn),
        metadata if decoded.orientation == 1 else _upright(metadata, decoded.orientation),
        decoded.format,
        remarks,
        decoded.quality,
    )


def _decoded(data: bytes, name: str, max_pixels: int | None) -> Decoded:
    """By the reader for this kind of file."""
    if not data:
        raise ImageError(f"{name} is empty (0 bytes)")
    kind = kind_of(data)
    if kind is None:
        raise ImageError(
            f"{name} is not an image that can be read: accepted are PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF,"
            " HEIC and JPEG XL"
        )
    if kind == "heic":
        return heif_codec.read(data, name, max_pixels)
    if kind == "jxl":

        def read_jpeg(packed: bytes) -> Decoded:
            return replace(pillow_codec.read(packed, name, max_pixels), format="jxl")

        return jxl_codec.read(data, name, max_pixels, read_jpeg)
    return pillow_codec.read(data, name, max_pixels)


def _file_bytes(path: str | Path, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"{name} does not exist") from error
    except IsADirectoryError as error:
        raise ImageError(f"{name} is a folder: give an image file") from error
    except (OSError, ValueError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
        raise ImageError(f"{name} cannot be read: {reason}") from error


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Upright pixels by EXIF orientation. Source: Exif 2.32, section 4.6.4, tag 274."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _upright(metadata: Metadata, orientation: int) -> Metadata:
    """Metadata of the turned picture: viewers must not turn it again."""
    dpi = metadata.dpi
    return replace(
        metadata,
        exif=exif_bytes.upright(metadata.exif) if metadata.exif else None,
        xmp=exif_bytes.upright_xmp(metadata.xmp) if metadata.xmp else None,
        dpi=(dpi[1], dpi[0]) if dpi and orientation >= 5 else dpi,
    )


def encode_image(image: Image, format: str, *, quality: int | None = None) -> bytes:
    """The bytes of an image file.

    What a format cannot hold is converted: 16 bits to 8 for JPEG, WebP and BMP and to 10 for AVIF, alpha
    onto white for JPEG, grey to colour for WebP. An ICC profile that does not fit the channels is left out.
    `losses` tells what of it applies to a picture.

    Args:
        image: the picture.
        format: "png", "jpeg", "webp", "avif", "tiff" or "bmp"; suffixes such as ".jpg" are taken too.
        quality: 1 to 100 for JPEG, WebP (both 95 by default) and AVIF (90).

    Raises:
        UsageError: an unknown format, or a quality out of range or for a format without loss.
        OutputError: larger than the format can hold.
    """
    format = format_of(format)
    if quality is not None and format not in LOSSY_FORMATS:
        raise UsageError(f"quality is for {', '.join(sorted(LOSSY_FORMATS))}; {format} loses nothing")
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"quality must be 1 to 100, got {quality}")
    return encoding.encode(image.pixels, image.alpha, image.metadata, format, quality)


def losses(image: Image, format: str) -> tuple[str, ...]:
    """What a file of this format cannot hold of the picture, a phrase each; the loss of compression apart.

    Example:
        >>> losses(Image(np.zeros((1, 1, 3), np.uint16)), "jpeg")
        ('16 bits become 8',)
    """
    return encoding.losses(image.pixels, image.alpha, image.metadata, format_of(format))


def write_image(path: str | Path, image: Image, *, quality: int | None = None) -> tuple[str, ...]:
    """Write a picture in the format of the file's suffix, whole or not at all.

    Returns:
        What that format cannot hold of the picture, as `losses` tells.

    Args:
        path: ends in .png, .jpg, .jpeg, .webp, .avif, .tif, .tiff or .bmp; missing folders are made.
        image: the picture.
        quality: as for `encode_image`.

    Raises:
        UsageError: an unknown suffix or a quality that cannot be honoured.
        OutputError: the format cannot hold the picture, or the file cannot be written.
    """
    try:
        data = encode_image(image, Path(path).suffix, quality=quality)
    except OutputError as error:
        raise OutputError(f"{display_name(path)}: {error}") from error
    write_atomically(path, data)
    return losses(image, Path(path).suffix)
