"""What a file says of its picture beside the pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metadata:
    """Kept from the file that was read to the file that is written; None means the file has none."""

    exif: bytes | None = None
    """EXIF as a bare TIFF structure, without the prefix `Exif\\0\\0`; its orientation is 1."""
    icc: bytes | None = None
    """Colour profile."""
    xmp: bytes | None = None
    """XMP packet, XML in UTF-8."""
    dpi: tuple[float, float] | None = None
    """Dots per inch, across and down."""
    texts: tuple[tuple[str, str], ...] = ()
    """Keyword and text, as PNG has them; the comment of a JPEG or GIF has the keyword "Comment"."""
    iptc: bytes | None = None
    """Captions of the press, a stream of IPTC-IIM records."""
    cicp: tuple[int, int] | None = None
    """Primaries and transfer of high dynamic range, which no profile can say. Source: ITU-T H.273."""
