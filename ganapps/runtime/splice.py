"""Metadata that OpenCV does not write, put into encoded files."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from .metadata import Metadata

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
SEGMENT_BYTES = 65533
"""What one segment of a JPEG can hold, apart from its length."""
COMMENT = "Comment"
"""The one text that JPEG has a place for, by its keyword in PNG."""
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR_END = 33


def xmp_fits_jpeg(xmp: bytes) -> bool:
    """Whether XMP goes into one segment; extended XMP is for depth maps of another size than the result."""
    return len(_JPEG_XMP) + len(xmp) <= SEGMENT_BYTES


def jpeg_comment(metadata: Metadata) -> bytes | None:
    """What goes into the comment of a JPEG."""
    text = next((text for keyword, text in metadata.texts if keyword == COMMENT), "").encode()
    return text if 0 < len(text) <= SEGMENT_BYTES else None


def into_jpeg(data: bytes, metadata: Metadata) -> bytes:
    """A JPEG with XMP, IPTC, a comment and a resolution.

    Source: XMP specification part 3, section 1.1.3; JFIF 1.02; ITU-T T.81, B.2.4.5.
    """
    if data[:4] != b"\xff\xd8\xff\xe0":
        return data
    jfif_end = 4 + struct.unpack_from(">H", data, 4)[0]
    jfif = bytearray(data[:jfif_end])
    if metadata.dpi is not None:
        # After the length, "JFIF\0" and the version: unit 1 is dots per inch.
        struct.pack_into(">BHH", jfif, 13, 1, round(metadata.dpi[0]), round(metadata.dpi[1]))
    segments = b""
    if metadata.xmp and xmp_fits_jpeg(metadata.xmp):
        segments += _segment(b"\xff\xe1", _JPEG_XMP + metadata.xmp)
    comment = jpeg_comment(metadata)
    if comment is not None:
        segments += _segment(b"\xff\xfe", comment)
    # EXIF, where there is one, must come before XMP.
    at = jfif_end
    if data[at : at + 2] == b"\xff\xe1":
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    if metadata.iptc and iptc_fits_jpeg(metadata.iptc):
        segments += _segment(b"\xff\xed", _photoshop(metadata.iptc))
    return bytes(jfif) + data[jfif_end:at] + segments + data[at:]


def iptc_fits_jpeg(iptc: bytes) -> bool:
    """Whether IPTC goes into one segment."""
    return len(_photoshop(iptc)) <= SEGMENT_BYTES


def _photoshop(iptc: bytes) -> bytes:
    """IPTC as a resource of Photoshop's. Source: Adobe Photoshop file formats, image resource blocks."""
    head = b"Photoshop 3.0\x008BIM" + struct.pack(">HHI", 0x0404, 0, len(iptc))
    return head + iptc + bytes(len(iptc) % 2)


def _segment(marker: bytes, data: bytes) -> bytes:
    return marker + struct.pack(">H", 2 + len(data)) + data


def pixels_of_png(data: bytes) -> bytes:
    """A PNG without all that is not needed for its pixels, of which libpng would complain aloud."""
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            parts.append(data[at : at + 12 + size])
        at += 12 + size
    return b"".join(parts)


def into_png(data: bytes, metadata: Metadata) -> bytes:
    """A PNG with a profile, XMP, texts, a resolution and the numbers of high dynamic range.

    Source: PNG specification, third edition, 11.3.2.6 cICP, 11.3.3 texts and 11.3.4.3 pHYs.
    """
    chunks = b""
    if metadata.cicp is not None:
        chunks += png_chunk(b"cICP", bytes([*metadata.cicp, 0, 1]))
    if metadata.icc:
        chunks += png_chunk(b"iCCP", b"icc\x00\x00" + zlib.compress(metadata.icc))
    if metadata.dpi is not None:
        chunks += png_chunk(
            b"pHYs", struct.pack(">IIB", round(metadata.dpi[0] / 0.0254), round(metadata.dpi[1] / 0.0254), 1)
        )
    if metadata.xmp:
        chunks += png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + metadata.xmp)
    chunks += b"".join(_png_text(keyword, text) for keyword, text in metadata.texts)
    return data[:_IHDR_END] + chunks + data[_IHDR_END:]


def _png_text(keyword: str, text: str) -> bytes:
    name = keyword.encode("latin-1", "replace")[:79]
    if "\0" in text:
        text = text.replace("\0", " ")
    try:
        return png_chunk(b"tEXt", name + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return png_chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))


def into_bmp(data: bytes, metadata: Metadata) -> bytes:
    """A BMP with a resolution in pixels per metre. Source: BITMAPINFOHEADER."""
    if metadata.dpi is None or len(data) < 46:
        return data
    return data[:38] + struct.pack("<ii", *(round(value / 0.0254) for value in metadata.dpi)) + data[46:]


def into_avif(data: bytes, metadata: Metadata) -> bytes:
    """An AVIF with the numbers of high dynamic range, where its encoder put those of sRGB.

    Source: ISO/IEC 14496-12, 12.1.5.
    """
    at = data.find(b"colrnclx")
    if metadata.cicp is None or at < 0:
        return data
    return data[: at + 8] + struct.pack(">HH", *metadata.cicp) + data[at + 12 :]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def grey_alpha_png(grey: np.ndarray, alpha: np.ndarray, metadata: Metadata) -> bytes:
    """A PNG of grey and alpha, which OpenCV cannot write.

    Args:
        grey: [H, W], uint8 or uint16.
        alpha: [H, W], of the same type.
        metadata: EXIF goes in here, the rest by `into_png`.
    """
    height, width = grey.shape
    big_endian = np.dstack([grey, alpha]).astype(grey.dtype.newbyteorder(">"))
    rows = big_endian.view(np.uint8).reshape(height, -1)
    # Filter 1 of the specification: each byte less the same byte of the pixel on the left.
    step = 2 * grey.dtype.itemsize
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = 1
    filtered[:, 1 : 1 + step] = rows[:, :step]
    np.subtract(rows[:, step:], rows[:, :-step], out=filtered[:, 1 + step :])
    parts = [_PNG_SIGNATURE]
    parts.append(
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * grey.dtype.itemsize, 4, 0, 0, 0))
    )
    if metadata.exif:
        parts.append(png_chunk(b"eXIf", metadata.exif))
    parts.append(png_chunk(b"IDAT", zlib.compress(filtered.tobytes(), 3)))
    parts.append(png_chunk(b"IEND", b""))
    return b"".join(parts)
