"""Metadata as Pillow finds it, in the form that ganapps keeps."""

from __future__ import annotations

import struct

import PIL.Image

from . import colour
from . import exif as exif_bytes
from .metadata import Metadata

_XMP_KEYWORD = "XML:com.adobe.xmp"
_RAW_PROFILE = "Raw profile type "
_IPTC_RESOURCE, _IPTC_TAG = 0x0404, 33723
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
# Tags of a TIFF page that tell of the picture and not of how its pixels are stored.
_DESCRIPTIVE = frozenset({0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, *range(0x9C9B, 0x9CA0)})


def metadata(picture: PIL.Image.Image, data: bytes) -> Metadata:
    """Metadata of a loaded picture, its orientation not yet reset.

    Args:
        picture: from Pillow.
        data: the file, for what Pillow passes over.
    """
    info = picture.info
    exif = _tiff_exif(picture) if picture.format == "TIFF" else info.get("exif") or _raw_exif(info)
    exif = exif_bytes.without_prefix(exif) if exif else None
    # OpenCV writes XMP into a PNG as plain text of this name.
    xmp = info.get("xmp") or info.get(_XMP_KEYWORD)
    icc, cicp = _colours(picture, data)
    return Metadata(
        exif=exif,
        icc=icc,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp or None,
        dpi=_dpi(info.get("dpi")) or _dpi(exif_bytes.resolution(exif) if exif else None),
        texts=_texts(picture),
        iptc=_iptc(picture),
        cicp=cicp,
    )


def _dpi(value: object) -> tuple[float, float] | None:
    """Dots per inch where they are a plausible pair; 1 x 1 and 0 x 0 are what writers put for "unknown"."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    across, down = float(value[0]), float(value[1])
    return (across, down) if 1 < across < 65536 and 1 < down < 65536 else None


def _raw_exif(info: dict[str | tuple[int, int], object]) -> bytes | None:
    """EXIF that ImageMagick wrote into a PNG as a text of hexadecimal digits."""
    text = info.get(_RAW_PROFILE + "exif") or info.get(_RAW_PROFILE + "APP1")
    if not isinstance(text, str):
        return None
    try:
        return bytes.fromhex("".join(text.strip().split("\n")[2:]))
    except ValueError:
        return None


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


def _texts(picture: PIL.Image.Image) -> tuple[tuple[str, str], ...]:
    """The texts of a PNG, or the comment of a JPEG or GIF."""
    if picture.format == "PNG":
        texts = getattr(picture, "text", {})
        return tuple(
            (str(keyword), str(text))
            for keyword, text in texts.items()
            # Profiles as hexadecimal text are EXIF and XMP once more, and of the smaller picture.
            if keyword != _XMP_KEYWORD and not keyword.startswith(_RAW_PROFILE)
        )
    comment = picture.info.get("comment") if picture.format in ("JPEG", "MPO", "GIF") else None
    if not isinstance(comment, bytes) or not comment.strip(b"\0 "):
        return ()
    try:
        return (("Comment", comment.decode().rstrip("\0")),)
    except UnicodeDecodeError:
        return (("Comment", comment.decode("latin-1").rstrip("\0")),)


def _iptc(picture: PIL.Image.Image) -> bytes | None:
    """IPTC, which JPEG has in a resource of Photoshop's, and TIFF in an entry."""
    resources = picture.info.get("photoshop")
    found = resources.get(_IPTC_RESOURCE) if isinstance(resources, dict) else None
    if picture.format == "TIFF":
        found = getattr(picture, "tag_v2", {}).get(_IPTC_TAG)
    return found if isinstance(found, bytes) and found else None


def _colours(picture: PIL.Image.Image, data: bytes) -> tuple[bytes | None, tuple[int, int] | None]:
    """Profile, or numbers of high dynamic range; their order is that of PNG, third edition, section 4.3."""
    # The pixels will be sRGB where they are something else now, and the profile is of what they were.
    if picture.mode in ("CMYK", "YCbCr", "LAB"):
        return None, None
    icc = picture.info.get("icc_profile") or None
    grey = picture.mode in ("L", "LA", "1", "I", "I;16", "I;16B")
    if picture.format == "PNG":
        numbers = _png_cicp(data)
        if numbers is not None:
            return colour.described(*numbers, grey=grey)
        if icc is None and "srgb" not in picture.info:
            gamma, points = picture.info.get("gamma"), picture.info.get("chromaticity")
            return colour.from_png_chunks(gamma, points, grey=grey), None
    elif picture.format == "AVIF" and icc is None:
        at = data.find(b"colrnclx")
        if 0 <= at <= len(data) - 12:
            return colour.described(*struct.unpack_from(">HH", data, at + 8), grey=grey)
    return icc, None


def _png_cicp(data: bytes) -> tuple[int, int] | None:
    """Primaries and transfer of the chunk cICP."""
    at = 8
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"cICP" and size == 4:
            return data[at + 8], data[at + 9]
        if kind == b"IDAT":
            break
        at += 12 + size
    return None
