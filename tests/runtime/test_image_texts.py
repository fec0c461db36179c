"""Texts, resolutions, and what a format has no place for."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import IptcImagePlugin

from ganapps import Image, read_image, write_image
from ganapps.runtime import exif
from ganapps.runtime.images import Metadata, encode_image, losses

TEXTS = (("Title", "a wave"), ("Comment", "café ☃"), ("parameters", "a cat\nSteps: 20"))
GREY = np.zeros((4, 5, 1), np.uint8)


def saved(format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", (5, 4)).save(stream, format, **options)
    return stream.getvalue()


def test_texts_of_every_kind_of_chunk_are_read(png_file):
    chunks = {
        b"tEXt": b"Title\0na\xefve",
        b"zTXt": b"Author\0\0" + zlib.compress(b"nobody"),
        b"iTXt": "Comment\0\0\0\0\0café ☃".encode(),
    }
    image = read_image(png_file(GREY, 0, chunks))
    assert image.metadata.texts == (("Title", "naïve"), ("Author", "nobody"), ("Comment", "café ☃"))


def test_texts_behind_the_pixels_are_read(png_file):
    whole = png_file(GREY, 0, {})
    late = png_file(GREY, 0, {b"tEXt": b"Software\0late"})
    at = late.index(b"tEXt") - 4
    chunk = late[at : at + 12 + struct.unpack(">I", late[at : at + 4])[0]]
    assert read_image(whole[:-12] + chunk + whole[-12:]).metadata.texts == (("Software", "late"),)


def test_texts_go_from_png_to_png_and_others_read_them():
    data = encode_image(Image(GREY, None, Metadata(texts=TEXTS)), "png")
    assert PIL.Image.open(io.BytesIO(data)).text == dict(TEXTS)
    assert read_image(data).metadata.texts == TEXTS


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_any_text_survives(text):
    data = encode_image(Image(GREY, None, Metadata(texts=(("Comment", text),))), "png")
    assert read_image(data).metadata.texts == (("Comment", text),)


@pytest.mark.parametrize("stored", [b"a wave", "caf\u00e9".encode(), "caf\u00e9".encode("latin-1")])
@pytest.mark.parametrize("format", ["JPEG", "GIF"])
def test_comments_of_jpeg_and_gif(format, stored):
    image = read_image(saved(format, comment=stored))
    expected = "a wave" if stored == b"a wave" else "café"
    assert image.metadata.texts == (("Comment", expected),)
    for written in ("png", "jpeg"):
        assert read_image(encode_image(image, written)).metadata.texts == (("Comment", expected),)
        assert losses(image, written) == ()
    assert losses(image, "webp")[-1] == "the text 'Comment' is left out"


def test_a_comment_too_long_for_jpeg_is_left_out_with_a_word():
    image = Image(GREY, None, Metadata(texts=(("Comment", "x" * 70_000),)))
    assert read_image(encode_image(image, "jpeg")).metadata.texts == ()
    assert losses(image, "jpeg") == ("the text 'Comment' is left out",)


def test_exif_that_imagemagick_wrote_as_text(png_file):
    block = PIL.Image.Exif()
    block[0x010F], block[0x0112] = "Maker", 6
    plain = block.tobytes()
    rows = [plain.hex()[i : i + 72] for i in range(0, 2 * len(plain), 72)]
    text = f"\nexif\n{len(plain):8d}\n" + "\n".join(rows)
    packed = b"Raw profile type exif\0\0" + zlib.compress(text.encode() + b"\n")
    image = read_image(png_file(GREY, 0, {b"zTXt": packed}))
    assert image.pixels.shape == (5, 4, 1)
    assert (exif.orientation(image.metadata.exif), image.metadata.texts) == (1, ())
    assert b"Maker" in image.metadata.exif


@pytest.mark.parametrize("first", ["PNG", "JPEG", "TIFF", "BMP"])
@pytest.mark.parametrize("second", ["png", "jpeg", "tiff", "bmp", "webp", "avif"])
def test_every_format_keeps_the_resolution(first, second):
    image = read_image(saved(first, dpi=(300, 150)))
    again = read_image(encode_image(image, second)).metadata.dpi
    assert again == pytest.approx((300, 150), abs=0.05)


def test_a_resolution_is_put_beside_the_exif_that_is_there():
    block = PIL.Image.Exif()
    block[0x010F] = "Maker"
    block.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    before = exif.without_prefix(block.tobytes())
    image = read_image(encode_image(Image(GREY, None, Metadata(exif=before, dpi=(300.0, 299.5))), "webp"))
    assert image.metadata.dpi == (300.0, 299.5)
    theirs = PIL.Image.Exif()
    theirs.load(image.metadata.exif)
    assert (theirs[0x010F], theirs.get_ifd(0x8769)[0x9003]) == ("Maker", "2024:05:06 07:08:09")
    # Maker notes hold absolute offsets: all but the pointer to the first directory stays where it was.
    assert image.metadata.exif[8 : len(before)] == before[8:]


def test_centimetres_are_read_as_inches():
    block = PIL.Image.Exif()
    block[0x011A] = block[0x011B] = 100.0
    block[0x0128] = 3
    assert exif.resolution(exif.without_prefix(block.tobytes())) == (254.0, 254.0)


@pytest.mark.parametrize(
    "damaged", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"II+\0\x08"]
)
def test_damaged_exif_has_no_resolution_and_stays_as_it_is(damaged):
    assert (exif.resolution(damaged), exif.orientation(damaged)) == (None, 1)
    assert exif.with_resolution(damaged, (72.0, 72.0)) == damaged


@given(st.binary(max_size=120), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]))
def test_any_bytes_of_exif_are_survived(rest, start):
    exif.orientation(start + rest)
    exif.resolution(start + rest)
    exif.upright(start + rest)
    exif.resized(start + rest, 3, 4)
    exif.with_resolution(start + rest, (72.0, 72.0))


IPTC = b"\x1c\x02\x78\x00\x06a wave"


@pytest.mark.parametrize("first", ["jpeg", "tiff"])
@pytest.mark.parametrize("second", ["jpeg", "tiff", "png"])
def test_captions_of_the_press(first, second):
    image = read_image(encode_image(Image(GREY, None, Metadata(iptc=IPTC)), first))
    assert image.metadata.iptc == IPTC
    kept = second != "png"
    assert read_image(encode_image(image, second)).metadata.iptc == (IPTC if kept else None)
    assert losses(image, second) == (() if kept else ("IPTC is left out",))


def test_others_read_our_captions():
    data = encode_image(Image(GREY, None, Metadata(iptc=IPTC)), "jpeg")
    assert IptcImagePlugin.getiptcinfo(PIL.Image.open(io.BytesIO(data))) == {(2, 120): b"a wave"}


def test_losses_in_full(tmp_path, photo):
    deep = Image(
        photo(4, 4, np.uint16, 1),
        photo(4, 4, np.uint16, 1)[..., 0],
        Metadata(b"II*\0\x08\0\0\0" + bytes(6), None, b"<x/>", (72.0, 72.0), TEXTS[:1], cicp=(9, 16)),
    )
    text, hdr = "the text 'Title' is left out", "the mark of high dynamic range is left out"
    assert losses(deep, "png") == ()
    assert losses(deep, "tiff") == ("grey is stored as colour", hdr, text)
    assert losses(deep, "jpeg") == ("16 bits become 8", "transparency lies on white", hdr, text)
    assert losses(deep, "webp") == ("16 bits become 8", "grey is stored as colour", hdr, text)
    assert losses(deep, ".avif") == ("16 bits become 10", "grey is stored as colour", text)
    everything = ("EXIF is left out", "XMP is left out", hdr, text)
    assert losses(deep, "bmp") == ("16 bits become 8", "grey is stored as colour", *everything)
    assert write_image(tmp_path / "a.webp", deep) == losses(deep, "webp")
