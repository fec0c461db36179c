"""Metadata that OpenCV does not write, put into encoded PNG and JPEG files."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from .metadata import Metadata

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_SEGMENT_BYTES = 65533
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR_END = 33


def into_jpeg(data: bytes, metadata: Metadata) -> bytes:
    """A JPEG with XMP and a resolution.

    XMP longer than one segment (64 KiB) is left out: extended XMP is for depth maps of another size than the
    result. Source: XMP specification part 3, section 1.1.3; JFIF 1.02.
    """
    if data[:4] != b"\xff\xd8\xff\xe0":
        return data
    jfif_end = 4 + struct.unpack_from(">H", data, 4)[0]
    jfif = bytearray(data[:jfif_end])
    if metadata.dpi is not None:
        # After the length, "JFIF\0" and the version: unit 1 is dots per inch.
        struct.pack_into(">BHH", jfif, 13, 1, round(metadata.dpi[0]), round(metadata.dpi[1]))
    segment = b""
    if metadata.xmp and 2 + len(_JPEG_XMP) + len(metadata.xmp) <= _SEGMENT_BYTES:
        segment = (
            b"\xff\xe1" + struct.pack(">H", 2 + len(_JPEG_XMP) + len(metadata.xmp)) + _JPEG_XMP + metadata.xmp
        )
    # EXIF, where there is one, must come before XMP.
    at = jfif_end
    if data[at : at + 2] == b"\xff\xe1":
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return bytes(jfif) + data[jfif_end:at] + segment + data[at:]


def into_png(data: bytes, metadata: Metadata) -> bytes:
    """A PNG with XMP and a resolution. Source: PNG specification, 11.3.3 iTXt and 11.3.4 pHYs."""
    chunks = b""
    if metadata.dpi is not None:
        chunks += png_chunk(
            b"pHYs", struct.pack(">IIB", round(metadata.dpi[0] / 0.0254), round(metadata.dpi[1] / 0.0254), 1)
        )
    if metadata.xmp:
        chunks += png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + metadata.xmp)
    return data[:_IHDR_END] + chunks + data[_IHDR_END:]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def grey_alpha_png(grey: np.ndarray, alpha: np.ndarray, metadata: Metadata) -> bytes:
    """A PNG of grey and alpha, which OpenCV cannot write.

    Args:
        grey: [H, W], uint8 or uint16.
        alpha: [H, W], of the same type.
        metadata: EXIF and a grey ICC profile go in here, the rest by `into_png`.
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
    if metadata.icc:
        parts.append(png_chunk(b"iCCP", b"icc\x00\x00" + zlib.compress(metadata.icc)))
    if metadata.exif:
        parts.append(png_chunk(b"eXIf", metadata.exif))
    parts.append(png_chunk(b"IDAT", zlib.compress(filtered.tobytes(), 3)))
    parts.append(png_chunk(b"IEND", b""))
    return b"".join(parts)
