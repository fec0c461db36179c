"""What lies behind the photograph in a JPEG: other views, a gain map, previews."""

from __future__ import annotations

import PIL.Image

_ENTRIES = 0xB002
_GAIN_MAPS = (
    b"http://ns.adobe.com/hdr-gain-map/",
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
    b"urn:iso:std:iso:ts:21496",
)
"""Names by which a picture behind a JPEG is known as a gain map: Ultra HDR, Apple's, and ISO 21496-1."""


def remark(picture: PIL.Image.Image, data: bytes) -> str | None:
    """What is not taken from a JPEG, as phrase for the user; previews are not worth a word.

    Source: CIPA DC-007, multi-picture format, section 5.2.3.

    Args:
        picture: the file, opened by Pillow.
        data: its bytes.
    """
    if any(mark in data for mark in _GAIN_MAPS):
        return "the gain map of high dynamic range is left out"
    pictures = getattr(picture, "mpinfo", {}).get(_ENTRIES, ())
    views = sum("Thumbnail" not in entry["Attribute"]["MPType"] for entry in pictures)
    return f"of {views} views the first is taken" if views > 1 else None
