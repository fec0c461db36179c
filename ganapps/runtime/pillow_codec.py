"""Reading image files with Pillow: the header, the guards, the metadata and all pixels of 8 bits.

Pillow and not OpenCV looks at a file first: it knows the size before it decodes, names the format, and says
so when a file is cut short (OpenCV fills the rest of a JPEG with grey). It runs no decoder but those named
here: with its full list it would start Ghostscript on an EPS file.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import PIL.Image
from PIL import (  # importing a plugin registers its format
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ..errors import ImageError
from . import exif as exif_bytes
from .metadata import Metadata

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
_SUBFILE = 0x00FE
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
# Tags of a TIFF page that tell of the picture and not of how its pixels are stored.
_DESCRIPTIVE = frozenset({0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, *range(0x9C9B, 0x9CA0)})
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
    premultiplied: bool
    """The colours are stored already multiplied by alpha (TIFF can do that)."""
    inverted: bool
    """Zero is white (TIFF can do that)."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 is upright."""


@contextmanager
def opened(data: bytes, name: str, max_pixels: int) -> Iterator[PIL.Image.Image]:
    """A Pillow image that passed every guard; errors met inside the block become ImageError.

    Raises:
        ImageError: nothing in it, not an image, too many pixels, several pictures in one file, truncated,
        damaged.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes)")
    try:
        with _open(data) as picture:
            _check_size(picture, name, max_pixels)
            _check_single(picture, name)
            yield picture
    except (ImageError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image that can be read: accepted are PNG, JPEG, WebP, AVIF, TIFF, BMP and GIF"
        ) from error
    except Exception as error:
        # On damaged files Pillow's decoders raise OSError, SyntaxError, RuntimeError, struct.error and more.
        raise ImageError(f"{name} is truncated or damaged ({error}): get a whole copy of the file") from error


def _open(data: bytes) -> PIL.Image.Image:
    """Open without Pillow's own limit, which is a global that warns first; `_check_size` follows at once."""
    with _PILLOW_LOCK:
        limit = PIL.Image.MAX_IMAGE_PIXELS
        PIL.Image.MAX_IMAGE_PIXELS = None
        try:
            return PIL.Image.open(io.BytesIO(data), formats=_FORMATS)
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = limit


def _check_size(picture: PIL.Image.Image, name: str, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        raise ImageError(
            f"{name} has {width} x {height} = {width * height / 1e6:.1f} megapixels, the limit is"
            f" {max_pixels / 1e6:.1f}: make it smaller or cut it into parts"
        )


def _check_single(picture: PIL.Image.Image, name: str) -> None:
    """An animation or a document is not a picture: say so instead of quietly keeping the first page."""
    # MPO: a JPEG with further views or a gain map behind it, as phones write; the first is the photograph.
    frames = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format == "TIFF":
        frames = _count_pages(picture, frames)
    if frames > 1:
        what = "pages" if picture.format == "TIFF" else "frames"
        raise ImageError(
            f"{name} has {frames} {what}, one is accepted: save the one you want as a file of its own"
        )


def _count_pages(picture: PIL.Image.Image, frames: int) -> int:
    """Pages of a TIFF without the smaller copies of the first that cameras and scanners add."""
    pages = 1
    for index in range(1, frames):
        picture.seek(index)
        pages += not (picture.getexif().get(_SUBFILE, 0) & 1)
    picture.seek(0)
    return pages


def header(picture: PIL.Image.Image, data: bytes) -> Header:
    """What the decoders must know of an opened picture."""
    raw_mode = _raw_mode(picture)
    tiff_or_png = picture.format in ("TIFF", "PNG")
    bits = 16 if tiff_or_png and ";16" in raw_mode and picture.mode != "CMYK" else 8
    if picture.format == "AVIF":
        bits = _avif_bits(data)
    photometric = getattr(picture, "tag_v2", {}).get(262)
    return Header(
        format="jpeg" if picture.format == "MPO" else str(picture.format).lower(),
        bits=bits,
        grey=raw_mode.startswith(("I;16", "LA", "L;", "I;"))
        or picture.mode in ("L", "LA", "1", "I;16", "I;16B"),
        premultiplied=raw_mode.startswith("RGBa"),
        inverted=picture.format == "TIFF" and photometric == 0,
        orientation=_orientation(picture),
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


def _orientation(picture: PIL.Image.Image) -> int:
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def decode_8bit(picture: PIL.Image.Image, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours [H, W, C] uint8, C 1 or 3, and alpha [H, W] uint8 or None of a loaded picture.

    Raises:
        ImageError: a layout that has no place in 8 or 16 bits.
    """
    plain = _plain(picture, name)
    array = np.array(plain)
    if plain.mode in ("L", "RGB"):
        return np.atleast_3d(array), None
    return array[..., :-1].copy(), array[..., -1].copy()


def _plain(picture: PIL.Image.Image, name: str) -> PIL.Image.Image:
    """The picture as L, LA, RGB or RGBA."""
    mode = picture.mode
    see_through = "transparency" in picture.info
    if mode in ("P", "PA"):
        return _without_palette(picture, see_through or mode == "PA")
    if mode in ("L", "1"):
        return picture.convert("LA" if see_through else "L")
    if mode == "RGB":
        return picture.convert("RGBA") if see_through else picture
    if mode in ("LA", "RGBA"):
        return picture
    if mode in ("La", "RGBa"):
        return picture.convert(mode.upper())
    if mode == "CMYK":
        return _rgb_from_cmyk(picture)
    if mode in ("YCbCr", "RGBX"):
        return picture.convert("RGB")
    raise ImageError(
        f"{name} has pixels of the kind {mode}: accepted are grey and colour of 8 or 16 bits a channel"
    )


def _without_palette(picture: PIL.Image.Image, see_through: bool) -> PIL.Image.Image:
    """Colours instead of numbers of colours; grey where all colours in use are."""
    colours = picture.convert("RGBA" if see_through else "RGB")
    array = np.asarray(colours)
    if (array[..., 0] == array[..., 1]).all() and (array[..., 0] == array[..., 2]).all():
        return colours.convert("LA" if see_through else "L")
    return colours


def _rgb_from_cmyk(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Printing inks to sRGB: by the file's own profile where there is one, else by the plain formula."""
    profile = picture.info.get("icc_profile")
    if profile:
        try:
            inks = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            screen = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, inks, screen, outputMode="RGB")
            if converted is not None:
                return converted
        except ImageCms.PyCMSError:
            pass  # a profile for other pixels than these: the formula is what viewers use then
    return picture.convert("RGB")


def metadata(picture: PIL.Image.Image) -> Metadata:
    """Metadata of a loaded picture, its orientation not yet reset."""
    info = picture.info
    exif = _tiff_exif(picture) if picture.format == "TIFF" else info.get("exif")
    # OpenCV writes XMP into a PNG as plain text of this name.
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    return Metadata(
        exif=exif_bytes.without_prefix(exif) if exif else None,
        # The pixels will be sRGB where they are inks now, and the profile is of the inks.
        icc=None if picture.mode in ("CMYK", "YCbCr") else info.get("icc_profile") or None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp or None,
        dpi=_dpi(info.get("dpi")),
    )


def _dpi(value: object) -> tuple[float, float] | None:
    """Dots per inch where they are a plausible pair; 1 x 1 and 0 x 0 are what writers put for "unknown"."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    across, down = float(value[0]), float(value[1])
    return (across, down) if 1 < across < 65536 and 1 < down < 65536 else None


def _tiff_exif(picture: PIL.Image.Image) -> bytes | None:
    """The descriptive part of a TIFF page as EXIF of its own."""
    page, kept = picture.getexif(), PIL.Image.Exif()
    for tag in _DESCRIPTIVE.intersection(page):
        kept[tag] = page[tag]
    for directory in (_EXIF_IFD, _GPS_IFD):
        if directory in page:
            kept.get_ifd(directory).update(page.get_ifd(directory))
            kept[directory] = kept.get_ifd(directory)
    return kept.tobytes() if len(kept) else None
