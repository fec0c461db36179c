"""From a picture to the bytes of a file: what each format can hold, and who writes it."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError
from . import exif as exif_bytes
from . import guards, opencv_codec, splice, tiff_writer
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
# These say a resolution in EXIF alone.
_WITHOUT_RESOLUTION = frozenset({"webp", "avif"})
_IPTC_FORMATS = frozenset({"jpeg", "tiff"})
_HDR_FORMATS = frozenset({"png", "avif"})
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
    metadata = _fitting_metadata(metadata, pixels.shape[:2], format, grey=pixels.shape[2] == 1)
    with guards.silence:  # encoders too have something to say of damaged metadata
        return _encoded(pixels, alpha, metadata, format, quality)


def _encoded(
    pixels: np.ndarray, alpha: np.ndarray | None, metadata: Metadata, format: str, quality: int | None
) -> bytes:
    """Encode what fits the format."""
    if format == "tiff":
        return tiff_writer.encode_tiff(pixels, alpha, metadata)
    if alpha is not None and pixels.shape[2] == 1:
        data = splice.grey_alpha_png(pixels[..., 0], alpha, metadata)
    else:
        data = opencv_codec.encode(pixels, alpha, metadata, format, quality)
    into = {
        "png": splice.into_png,
        "jpeg": splice.into_jpeg,
        "avif": splice.into_avif,
        "bmp": splice.into_bmp,
    }.get(format)
    return data if into is None else into(data, metadata)


def losses(pixels: np.ndarray, alpha: np.ndarray | None, metadata: Metadata, format: str) -> tuple[str, ...]:
    """What `encode` will convert or leave out; see `images.losses`."""
    found = []
    if pixels.dtype == np.uint16 and format not in ("png", "tiff"):
        found.append(f"16 bits become {10 if format == 'avif' else 8}")
    if alpha is not None and format == "jpeg":
        found.append("transparency lies on white")
    grey = pixels.shape[2] == 1
    if grey and not _keeps_grey(pixels, None if format == "jpeg" else alpha, format):
        found.append("grey is stored as colour")
        grey = False
    kept = _fitting_metadata(metadata, pixels.shape[:2], format, grey=grey)
    left_out = [
        "the colour profile" if metadata.icc and not kept.icc else "",
        "EXIF" if metadata.exif and not kept.exif else "",
        "what is damaged of EXIF" if format == "tiff" and _is_damaged(kept.exif) else "",
        "XMP" if metadata.xmp and not kept.xmp else "",
        "IPTC" if metadata.iptc and not kept.iptc else "",
        "the mark of high dynamic range" if metadata.cicp and not kept.cicp else "",
        *(f"the text {keyword!r}" for keyword, text in metadata.texts if (keyword, text) not in kept.texts),
    ]
    return (*found, *(f"{what} is left out" for what in left_out if what))


def _is_damaged(exif: bytes | None) -> bool:
    """Asked for TIFF, which lays EXIF out anew: other formats take the bytes as they are."""
    return exif is not None and not exif_bytes.is_whole(exif)


def _fitting_pixels(
    pixels: np.ndarray, alpha: np.ndarray | None, format: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Depth, alpha and channels as the format can hold them."""
    if pixels.dtype == np.uint16 and format not in _DEEP_FORMATS:
        pixels = opencv_codec.rescale(pixels, 65535, 255, np.uint8)
        alpha = None if alpha is None else opencv_codec.rescale(alpha, 65535, 255, np.uint8)
    if alpha is not None and format == "jpeg":
        pixels, alpha = _over_white(pixels, alpha), None
    if pixels.shape[2] == 1 and not _keeps_grey(pixels, alpha, format):
        pixels = np.repeat(pixels, 3, axis=2)
    return pixels, alpha


def _keeps_grey(pixels: np.ndarray, alpha: np.ndarray | None, format: str) -> bool:
    if alpha is None:
        return format != "webp"
    # A TIFF of 16-bit grey with alpha is legal, but Pillow and all that is built on it cannot open it.
    return format == "png" or (format == "tiff" and pixels.dtype == np.uint8)


def _over_white(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """What a viewer shows on a white page, [H, W, C] uint8."""
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), _BLOCK_ROWS):
        rows = slice(top, top + _BLOCK_ROWS)
        opacity = alpha[rows, :, None].astype(np.uint16)
        mixed = pixels[rows].astype(np.uint16) * opacity + 255 * (255 - opacity)
        result[rows] = (mixed + 127) // 255
    return result


def _fitting_metadata(metadata: Metadata, size: tuple[int, ...], format: str, *, grey: bool) -> Metadata:
    """What of the metadata the format has a place for, told of a picture of this height and width."""
    if format == "bmp":
        return Metadata(dpi=metadata.dpi)
    icc, exif, xmp = metadata.icc, metadata.exif, metadata.xmp
    # Bytes 16 to 19 of a profile name its colour space. Source: ICC.1:2022, 7.2.8.
    if icc and icc[16:20] != (b"GRAY" if grey else b"RGB "):
        icc = None
    if exif:
        exif = exif_bytes.resized(exif, size[1], size[0])
    if metadata.dpi and format in _WITHOUT_RESOLUTION:
        exif = exif_bytes.with_resolution(exif, metadata.dpi)
    if format == "tiff":
        exif = exif if exif and tiff_writer.exif_fits(exif) else None
    if format == "jpeg":
        exif = exif if exif and len(exif) <= opencv_codec.JPEG_EXIF_BYTES else None
        xmp = xmp if xmp and splice.xmp_fits_jpeg(xmp) else None
    iptc = metadata.iptc if format in _IPTC_FORMATS else None
    if iptc and format == "jpeg" and not splice.iptc_fits_jpeg(iptc):
        iptc = None
    texts = metadata.texts if format == "png" else ()
    if format == "jpeg" and splice.jpeg_comment(metadata) is not None:
        texts = tuple(item for item in metadata.texts if item[0] == splice.COMMENT)[:1]
    cicp = metadata.cicp if format in _HDR_FORMATS else None
    return Metadata(exif, icc, xmp, metadata.dpi, texts, iptc, cicp)
