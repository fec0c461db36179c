"""What a synthetic image says of itself in its own file, for whoever meets it without its manifest.

Two PNG texts, `Software` and one in JSON, and an XMP packet with the digital source type of the IPTC: where a
picture comes from, by a controlled vocabulary that editors, archives and C2PA share (IPTC Photo Metadata
Standard, property Iptc4xmpExt:DigitalSourceType).
"""

from __future__ import annotations

import json
from enum import StrEnum
from xml.sax.saxutils import quoteattr

from ... import __version__
from ...runtime.images import Metadata

_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOFTWARE = f"ganapps {__version__}"


class DigitalSource(StrEnum):
    """Terms of the vocabulary. Source: http://cv.iptc.org/newscodes/digitalsourcetype/ of 2024-09-17."""

    GENERATED = _VOCABULARY + "trainedAlgorithmicMedia"
    """Made by a model that was trained on sampled content."""
    ALTERED = _VOCABULARY + "algorithmicallyEnhanced"
    """A captured picture that an algorithm, not a generative one, has changed."""
    WITH_GENERATED = _VOCABULARY + "compositeWithTrainedAlgorithmicMedia"
    """Put together of captured and of generated pictures."""


def describe_source(source: DigitalSource, facts: dict[str, object] | None = None) -> Metadata:
    """Metadata for the file of an image that is not, or not wholly, captured.

    Args:
        source: where it comes from.
        facts: what it was made from, written as the PNG text `ganapps.synthetic`, or for a changed picture
            `ganapps.classic`; None leaves the text out.
    """
    texts = [("Software", SOFTWARE)]
    if facts is not None:
        keyword = "ganapps.classic" if source is DigitalSource.ALTERED else "ganapps.synthetic"
        texts.append((keyword, json.dumps(facts)))
    return Metadata(xmp=_packet(source), texts=tuple(texts))


def _packet(source: DigitalSource) -> bytes:
    """An XMP packet. Source: ISO 16684-1:2019, sections 7.3 and 7.4."""
    packet = (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about=''"
        " xmlns:xmp='http://ns.adobe.com/xap/1.0/'"
        " xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'"
        f" xmp:CreatorTool={quoteattr(SOFTWARE)}"
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(source.value)}/>"
        "</rdf:RDF></x:xmpmeta><?xpacket end='r'?>"
    )
    return packet.encode("utf-8")
