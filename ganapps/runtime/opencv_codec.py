"""Decoding more than 8 bits, and encoding, with OpenCV: the only file that knows BGR.

Pillow turns 16-bit colour into 8 bit silently and writes PNG several times slower. What OpenCV does not
write (XMP in JPEG, resolutions, TIFF metadata) is added by `splice` and `tiff_writer`.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import ImageError, OutputError
from . import guards
from .metadata import Metadata

# Longest side, in pixels, that each format can hold.
_LONGEST_PX = {"jpeg": 65500, "webp": 16383, "avif": 65536}
_DEFAULT_QUALITY = {"jpeg": 95, "webp": 95, "avif": 90}
JPEG_EXIF_BYTES = 65527
"""A longer EXIF block does not fit into the one JPEG segment that it may fill."""
_BLOCK_ROWS = 256


def decode_deep(data: bytes, name: str, *, bits: int, grey: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """Decode an image of more than 8 bits a channel; an orientation is not applied.

    Args:
        data: the file.
        name: for the message.
        bits: per channel, 10 to 16.
        grey: it has one colour channel.

    Returns:
        Colours [H, W, C] uint16 over the whole range, C 1 or 3, and alpha [H, W] uint16 or None.

    Raises:
        ImageError: OpenCV cannot decode it.
    """
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ImageError(f"{name} cannot be decoded: {guards.reason(error)}") from error
    if decoded is None or decoded.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"{name} cannot be decoded at {bits} bits: save it as a plain 16-bit PNG or TIFF")
    pixels = np.atleast_3d(decoded)
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * 257
    elif bits < 16:
        pixels = rescale(pixels, 2**bits - 1, 65535, np.uint16)
    alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
    colours = pixels[..., :1] if grey or pixels.shape[2] < 3 else pixels[..., 2::-1]
    return np.ascontiguousarray(colours), alpha


def encode(
    pixels: np.ndarray, alpha: np.ndarray | None, metadata: Metadata, format: str, quality: int | None
) -> bytes:
    """Encode as PNG, JPEG, WebP, AVIF or BMP, with the metadata that OpenCV can write.

    Args:
        pixels: [H, W, C], C 1 or 3, of a depth the format holds.
        alpha: [H, W] of the same depth or None; only with C 3 and not for JPEG.
        metadata: XMP is left out in PNG and JPEG, a profile in PNG, dots per inch everywhere.
        format: "png", "jpeg", "webp", "avif" or "bmp".
        quality: 1 to 100 of the lossy formats; None is the default.

    Raises:
        OutputError: the format cannot hold a picture of that size, or OpenCV fails.
    """
    _check_side(pixels, format)
    bgr = pixels[..., ::-1] if pixels.shape[2] == 3 else pixels
    if alpha is not None:
        bgr = np.dstack([bgr, alpha])
    if format == "avif" and bgr.dtype == np.uint16:
        # 10 bits: what every AVIF decoder shows; 12 needs a profile that many leave out.
        bgr = rescale(bgr, 65535, 1023, np.uint16)
    blobs = _blobs(metadata, format)
    height, width = pixels.shape[:2]
    suffix = ".jpg" if format == "jpeg" else f".{format}"
    parameters = _parameters(format, quality, bgr)
    bgr = np.ascontiguousarray(bgr)
    try:
        done, encoded = cv2.imencodeWithMetadata(suffix, bgr, list(blobs), list(blobs.values()), parameters)
    except cv2.error as error:
        raise OutputError(
            f"{width} x {height} pixels cannot be encoded as {format}: {guards.reason(error)}"
        ) from error
    if not done:
        raise OutputError(f"{width} x {height} pixels cannot be encoded as {format}")
    return encoded.tobytes()


def _blobs(metadata: Metadata, format: str) -> dict[int, np.ndarray]:
    """Kind and bytes of the metadata that OpenCV writes in this format."""
    exif, xmp = metadata.exif, metadata.xmp
    if format not in ("webp", "avif"):
        xmp = None  # OpenCV puts it where no PNG reader looks, and nowhere in JPEG; `splice` does these
    wanted = {
        cv2.IMAGE_METADATA_EXIF: exif,
        cv2.IMAGE_METADATA_XMP: xmp,
        # libpng refuses a picture for a profile that is a little wrong.
        cv2.IMAGE_METADATA_ICCP: None if format == "png" else metadata.icc,
    }
    return {kind: np.frombuffer(blob, np.uint8) for kind, blob in wanted.items() if blob}


def _check_side(pixels: np.ndarray, format: str) -> None:
    height, width = pixels.shape[:2]
    longest = _LONGEST_PX.get(format)
    if longest is not None and max(height, width) > longest:
        raise OutputError(
            f"{format} holds at most {longest} pixels on a side, the picture has {width} x {height}:"
            " write a png"
        )


def _parameters(format: str, quality: int | None, bgr: np.ndarray) -> list[int]:
    value = _DEFAULT_QUALITY.get(format, 0) if quality is None else quality
    if format == "jpeg":
        # 4:4:4: halved colour would throw away part of what the network has just made.
        sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        return [cv2.IMWRITE_JPEG_QUALITY, value, *sampling]
    if format == "webp":
        return [cv2.IMWRITE_WEBP_QUALITY, value]
    if format == "avif":
        depth = [cv2.IMWRITE_AVIF_DEPTH, 10 if bgr.dtype == np.uint16 else 8]
        return [cv2.IMWRITE_AVIF_QUALITY, value, cv2.IMWRITE_AVIF_SPEED, 8, *depth]
    return []


def rescale(pixels: np.ndarray, from_max: int, to_max: int, dtype: type[np.generic]) -> np.ndarray:
    """Pixels of [0, from_max] as [0, to_max], rounded to the nearest."""
    result = np.empty(pixels.shape, dtype)
    # In blocks: the 32-bit products of a whole large picture would not fit in memory.
    for top in range(0, len(pixels), _BLOCK_ROWS):
        rows = slice(top, top + _BLOCK_ROWS)
        block = pixels[rows].astype(np.uint32) * np.uint32(to_max)
        result[rows] = (block + np.uint32(from_max // 2)) // np.uint32(from_max)
    return result
