"""Reading image files with Pillow: the header, the guards, and all pixels of 8 bits.

Pillow and not OpenCV looks at a file first: it knows the size before it decodes, names the format, and says
so when a file is cut short (OpenCV fills the rest of a JPEG with grey). It runs no decoder but those named
here: with its full list it would start Ghostscript on an EPS file.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import PIL.Image
from PIL import (  # importing a plugin registers its format
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ..errors import ImageError
from . import colour, guards, jpeg_views, opencv_codec, signature, splice, tiff_layout
from .decoded import Decoded
from .jpeg_quality import jpeg_quality
from .pillow_metadata import metadata
from .pillow_modes import decode_8bit, rgb_from_inks
from .transparency import divide_by_alpha

_PLUGINS = (
    PngImagePlugin.PngImageFile,
    JpegImagePlugin.JpegImageFile,
    WebPImagePlugin.WebPImageFile,
    AvifImagePlugin.AvifImageFile,
    TiffImagePlugin.TiffImageFile,
    BmpImagePlugin.BmpImageFile,
    GifImagePlugin.GifImageFile,
)
_FORMATS = tuple(plugin.format for plugin in _PLUGINS)
_ORIENTATION = 0x0112
_PILLOW_LOCK = threading.Lock()


@dataclass(frozen=True)
class Header:
    """What is known of a file before its pixels are wanted."""

    format: str
    """"png", "jpeg", "webp", "avif", "tiff", "bmp" or "gif"."""
    bits: int
    """Per channel: 8, 10, 12 or 16."""
    grey: bool
    """The file holds one colour channel, with or without alpha."""
    key: int | None
    """The one value of 16-bit grey that is see-through (PNG can say that)."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 is upright."""


def read(data: bytes, name: str, max_pixels: int | None) -> Decoded:
    """The first picture of a PNG, JPEG, WebP, AVIF, TIFF, BMP or GIF.

    Raises:
        ImageError: not an image, too many pixels, truncated, damaged, or of a kind that has no place here.
    """
    page = None
    with guards.damage_reported(name):
        kind = signature.kind_of(data)
        canvas = signature.webp_size(data) if kind == "webp" else None
        if canvas is not None:
            guards.check_size(*canvas, name, max_pixels)
        if kind == "tiff":
            page = tiff_layout.read_page(data)
        if page is not None:
            guards.check_size(page.width, page.height, name, max_pixels)
            tiff_layout.check_page(data, page, name)
            if page.needs_new_layout:
                return _read_rearranged(data, page, name)
        with _opened(data, name, max_pixels) as picture:
            return _read(picture, data, page, name)


def _read(picture: PIL.Image.Image, data: bytes, page: tiff_layout.Page | None, name: str) -> Decoded:
    remarks = [remark for remark in (_frames_remark(picture, data, page),) if remark]
    header = _header(picture, data)
    # Loaded in every case: Pillow notices a cut file, and metadata may follow the pixels.
    picture.load()
    kept = metadata(picture, data)
    if kept.cicp is not None:
        remarks.append(colour.hdr_remark(kept.cicp))
    if header.bits == 8:
        colours, alpha, remark = decode_8bit(picture, name, coloured=kept.icc is not None)
        remarks += [remark] if remark else []
        # Pillow turns a TIFF while it loads it; everything else comes as it was stored.
        turned = header.format == "tiff"
        quality = jpeg_quality(getattr(picture, "quantization", {}))
        return Decoded(
            colours, alpha, header.format, kept, header.orientation, turned, tuple(remarks), quality
        )
    if page is not None:
        # Else OpenCV turns it by itself, or gives up, as the version may be.
        data = tiff_layout.upright(data, page)
    elif header.format == "png":
        data = splice.pixels_of_png(data)
    colours, alpha = opencv_codec.decode_deep(data, name, bits=header.bits, grey=header.grey)
    if header.key is not None and alpha is None:
        alpha = np.where(colours[..., 0] == header.key, 0, 65535).astype(np.uint16)
    if page is not None:
        colours, alpha = _by_page(page, np.dstack([colours, alpha]) if alpha is not None else colours)
    return Decoded(colours, alpha, header.format, kept, header.orientation, remarks=tuple(remarks))


def _read_rearranged(data: bytes, page: tiff_layout.Page, name: str) -> Decoded:
    """A TIFF of 16 bits that only its channels, one by one, make readable."""

    def decode(grey: bytes) -> np.ndarray:
        with _opened(grey, name, 2**62) as picture:
            picture.load()
        plain = tiff_layout.read_page(grey)
        assert plain is not None  # written a moment ago
        pixels, _ = opencv_codec.decode_deep(tiff_layout.upright(grey, plain), name, bits=16, grey=True)
        return pixels[..., 0]

    stored = tiff_layout.channels(data, page, decode)
    with _opened(next(tiff_layout.grey_files(data, page)), name, 2**62) as picture:
        remarks = [remark for remark in (_frames_remark(picture, data, page),) if remark]
        kept, orientation = metadata(picture, data), _orientation_of(picture)
    if page.photometric == 5:
        eight = opencv_codec.rescale(stored[..., :4], 65535, 255, np.uint8)
        inks = PIL.Image.fromarray(eight, "CMYK")
        inks.info["icc_profile"] = kept.icc
        colours: np.ndarray = np.asarray(rgb_from_inks(inks))
        alpha = None
        kept = replace(kept, icc=None)
        remarks.append("CMYK becomes sRGB of 8 bits")
    else:
        colours, alpha = _by_page(page, stored)
    return Decoded(colours, alpha, "tiff", kept, orientation, remarks=tuple(remarks))


def _by_page(page: tiff_layout.Page, stored: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours and alpha of the channels of a TIFF, by what its directory says of them."""
    colours = stored[..., :3] if page.photometric == 2 else stored[..., :1]
    if page.photometric == 0:
        colours = 65535 - colours
    at = page.alpha_at
    if at is None or at >= stored.shape[2]:
        return np.ascontiguousarray(colours), None
    alpha = np.ascontiguousarray(stored[..., at])
    if page.premultiplied:
        colours = divide_by_alpha(colours, alpha)
    return np.ascontiguousarray(colours), alpha


@contextmanager
def _opened(data: bytes, name: str, max_pixels: int | None) -> Iterator[PIL.Image.Image]:
    """A Pillow image whose size is checked."""
    try:
        picture = _open(data)
    except UnidentifiedImageError as error:
        kind = signature.kind_of(data)
        if kind is None:
            raise
        what = {"jpeg": "JPEG", "webp": "WebP"}.get(kind, kind.upper())
        raise ImageError(
            f"{name} is a {what} that is truncated or damaged, or of a kind that cannot be read:"
            " get a whole copy of the file, or save it as a PNG"
        ) from error
    with picture:
        guards.check_size(*picture.size, name, max_pixels)
        yield picture


def _open(data: bytes) -> PIL.Image.Image:
    """Open without Pillow's own limit, which is a global that warns first; `check_size` follows at once."""
    with _PILLOW_LOCK:
        limit = PIL.Image.MAX_IMAGE_PIXELS
        PIL.Image.MAX_IMAGE_PIXELS = None
        try:
            return PIL.Image.open(io.BytesIO(data), formats=_FORMATS)
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = limit


def _frames_remark(picture: PIL.Image.Image, data: bytes, page: tiff_layout.Page | None) -> str | None:
    """An animation or a document is not a picture: what is left out is said."""
    if page is not None:
        frames = tiff_layout.count_pages(data, page)
    else:
        if picture.format in ("JPEG", "MPO"):
            return jpeg_views.remark(picture, data)
        frames = getattr(picture, "n_frames", 1)
    if frames == 1:
        return None
    return f"of {frames} {'frames' if page is None else 'pages'} the first is taken"


def _header(picture: PIL.Image.Image, data: bytes) -> Header:
    """What the decoders must know of an opened picture."""
    raw_mode = _raw_mode(picture)
    tiff_or_png = picture.format in ("TIFF", "PNG")
    bits = 16 if tiff_or_png and ";16" in raw_mode and picture.mode != "CMYK" else 8
    if picture.format == "AVIF":
        bits = _avif_bits(data)
    grey = raw_mode.startswith(("I;16", "LA", "L;", "I;"))
    grey = grey or picture.mode in ("L", "LA", "1", "I;16", "I;16B")
    key = picture.info.get("transparency") if picture.format == "PNG" and bits == 16 and grey else None
    return Header(
        format="jpeg" if picture.format == "MPO" else str(picture.format).lower(),
        bits=bits,
        grey=grey,
        key=key if isinstance(key, int) else None,
        orientation=_orientation_of(picture),
    )


def _raw_mode(picture: PIL.Image.Image) -> str:
    """How the pixels are stored, for instance "RGB;16B"; Pillow's own mode hides the 16 bits of colour."""
    tile = getattr(picture, "tile", None)
    if not tile:
        return picture.mode
    arguments = tile[0][3]
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _avif_bits(data: bytes) -> int:
    """Bits per channel by the AV1 configuration box. Source: AV1-ISOBMFF, section 2.3.3."""
    at = data.find(b"av1C")
    if at < 0 or at + 6 >= len(data):
        return 8
    flags = data[at + 6]
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _orientation_of(picture: PIL.Image.Image) -> int:
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
