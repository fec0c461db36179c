"""Writing TIFF with depth, alpha and metadata; OpenCV would drop the metadata, Pillow the 16 bits."""

from __future__ import annotations

import numpy as np
import PIL.Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from ..errors import OutputError
from . import exif as exif_bytes
from . import guards
from .metadata import Metadata
from .tiff_strip import pack_strip, rows_of_strip

_HEAD = b"II*\x00\x08\x00\x00\x00"
_LIMIT_BYTES = 2**32 - 1
_SHORT, _LONG, _BYTE, _UNDEFINED = 3, 4, 1, 7


def encode_tiff(pixels: np.ndarray, alpha: np.ndarray | None, metadata: Metadata) -> bytes:
    """A little-endian TIFF, deflated without loss with the horizontal predictor.

    Args:
        pixels: [H, W, C], uint8 or uint16, C 1 or 3.
        alpha: [H, W], of the same type, or None.
        metadata: the entries of EXIF, which must pass `exif_fits`, become entries of the page.

    Raises:
        OutputError: more than the 4 GiB that TIFF can hold.
    """
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    strips, rows_per_strip = _strips(samples)

    directory = ImageFileDirectory_v2(_HEAD)
    _describe(directory, metadata.exif)
    _lay_out(directory, samples, colours=pixels.shape[2], rows_per_strip=rows_per_strip, strips=strips)
    _annotate(directory, metadata)
    # ImageFileDirectory_v2 moves StripOffsets, counted from the first strip, behind itself.
    head = _HEAD + directory.tobytes(len(_HEAD))
    if len(head) + sum(map(len, strips)) > _LIMIT_BYTES:
        raise OutputError(
            f"a picture of shape {pixels.shape} is over the 4 GiB that TIFF can hold: write a png"
        )
    return b"".join([head, *strips])


def exif_fits(exif: bytes) -> bool:
    """Whether EXIF, or something of it, is whole enough to be laid out anew."""
    directory = ImageFileDirectory_v2(_HEAD)
    try:
        with guards.silence:
            _describe(directory, exif)
            directory.tobytes(len(_HEAD))
    except Exception:
        # On damaged EXIF Pillow raises struct.error, TypeError, KeyError and more.
        return False
    return len(directory) > 0 or exif_bytes.is_whole(exif)


def _strips(samples: np.ndarray) -> tuple[list[bytes], int]:
    """The pixels, and how many rows each strip has."""
    height, width, count = samples.shape
    rows = rows_of_strip(width * count * samples.itemsize)
    return [pack_strip(samples[top : top + rows]) for top in range(0, height, rows)], rows


def _describe(directory: ImageFileDirectory_v2, exif: bytes | None) -> None:
    """Copy what EXIF says of the picture: the writer lays it out anew, with its inner directories."""
    if not exif:
        return
    source = PIL.Image.Exif()
    source.load(exif)
    for tag in source:
        inner = source.get_ifd(tag) if tag in (0x8769, 0x8825) else None
        if inner:
            # The pointer to an inner directory of the EXIF one would point nowhere.
            directory[tag] = {k: v for k, v in inner.items() if k != 0xA005}
            directory.tagtype[tag] = _LONG
        elif inner is None:
            directory[tag] = source[tag]


def _lay_out(
    directory: ImageFileDirectory_v2,
    samples: np.ndarray,
    *,
    colours: int,
    rows_per_strip: int,
    strips: list[bytes],
) -> None:
    height, width, count = samples.shape
    offsets = np.cumsum([0, *map(len, strips)])[:-1]
    entries: list[tuple[int, int, object]] = [
        (256, _LONG, width),
        (257, _LONG, height),
        (258, _SHORT, (8 * samples.itemsize,) * count),
        (259, _SHORT, 8),  # compression: deflate
        (262, _SHORT, 2 if colours == 3 else 1),  # photometric: RGB, or grey with black at zero
        (273, _LONG, tuple(int(offset) for offset in offsets)),
        (274, _SHORT, 1),
        (277, _SHORT, count),
        (278, _LONG, rows_per_strip),
        (279, _LONG, tuple(map(len, strips))),
        (284, _SHORT, 1),  # planar configuration: channels side by side
        (317, _SHORT, 2),  # predictor: horizontal differences
    ]
    if count > colours:
        entries.append((338, _SHORT, 2))  # extra sample: alpha, colours not multiplied by it
    for tag, kind, value in entries:
        directory.tagtype[tag] = kind
        directory[tag] = value


def _annotate(directory: ImageFileDirectory_v2, metadata: Metadata) -> None:
    if metadata.dpi is not None:
        directory[282], directory[283] = (IFDRational(value) for value in metadata.dpi)
        directory[296] = 2  # unit: inch
    for tag, kind, blob in (
        (34675, _UNDEFINED, metadata.icc),
        (700, _BYTE, metadata.xmp),
        (33723, _UNDEFINED, metadata.iptc),
    ):
        if blob:
            directory.tagtype[tag] = kind
            directory[tag] = blob
