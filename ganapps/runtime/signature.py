"""What kind of file some bytes are, and the sizes that must be known before a library opens them."""

from __future__ import annotations

import struct

_JXL_BOX = b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_GENERIC_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"MiHB"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})


def kind_of(data: bytes) -> str | None:
    """ "png", "jpeg", "webp", "avif", "heic", "tiff", "bmp", "gif", "jxl", or None for anything else."""
    if data[4:8] == b"ftyp":
        return _kind_of_heif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    starts = {
        b"\x89PNG\r\n\x1a\n": "png",
        b"\xff\xd8\xff": "jpeg",
        b"GIF87a": "gif",
        b"GIF89a": "gif",
        b"BM": "bmp",
        b"\xff\x0a": "jxl",
        _JXL_BOX: "jxl",
        b"II*\x00": "tiff",
        b"MM\x00*": "tiff",
        b"II+\x00": "tiff",
        b"MM\x00+": "tiff",
    }
    return next((kind for start, kind in starts.items() if data.startswith(start)), None)


def _kind_of_heif(data: bytes) -> str | None:
    """By the brands of the first box. Source: ISO/IEC 23008-12, section 10; AVIF, section 6."""
    (size,) = struct.unpack_from(">I", data)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, min(size, len(data), 256), 4))}
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heic" if brands & (_HEIF_BRANDS | _GENERIC_BRANDS) else None


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the canvas of an extended WebP; None for a simple one, whose sides end at 16383.

    Source: RFC 9649, section 2.7.
    """
    if data[12:16] != b"VP8X" or len(data) < 30:
        return None
    return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
