"""Orientation, EXIF, ICC, XMP and resolution, through a file and back."""

from __future__ import annotations

import io
import struct

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms, ImageOps

from ganapps import Image, read_image
from ganapps.runtime import exif
from ganapps.runtime.images import Metadata, encode_image, losses

WITH_METADATA = ("jpeg", "png", "webp", "avif", "tiff")
MAKER, MODEL, ORIENTATION, DATE, WIDTH, HEIGHT = 0x010F, 0x0110, 0x0112, 0x9003, 0xA002, 0xA003
LATITUDE = 2


@pytest.fixture(scope="module")
def icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def make_exif(orientation: int = 1) -> bytes:
    block = PIL.Image.Exif()
    block[MAKER], block[MODEL], block[ORIENTATION] = (
        "Maker",
        "Model \N{DEGREE SIGN}".encode("latin1"),
        orientation,
    )
    block.get_ifd(0x8769).update({DATE: "2024:05:06 07:08:09", WIDTH: 9, HEIGHT: 13})
    block.get_ifd(0x8825).update({1: "N", LATITUDE: (48.0, 51.0, 29.5)})
    return block.tobytes()


def xmp(orientation: int = 1) -> bytes:
    start = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:tiff="t" '
    return f'{start}tiff:Orientation="{orientation}"/></rdf:RDF></x:xmpmeta>'.encode()


def pillow_file(pixels: np.ndarray, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(pixels).save(stream, format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("format", WITH_METADATA)
def test_everything_is_kept(photo, icc, format):
    source = pillow_file(photo(13, 9), "JPEG", exif=make_exif(), icc_profile=icc, xmp=xmp(), dpi=(300, 200))
    image = read_image(source)
    assert image.metadata.icc == icc
    assert image.metadata.xmp == xmp()
    assert image.metadata.dpi == (300, 200)
    written = PIL.Image.open(io.BytesIO(encode_image(image, format)))
    written.load()
    assert written.info["icc_profile"] == icc
    assert written.info["xmp"] == xmp()
    if format not in ("webp", "avif"):  # these have a resolution in EXIF alone
        assert written.info["dpi"] == pytest.approx((300, 200), abs=0.1)
    block = written.getexif()
    assert block[MAKER] == "Maker"
    assert block.get_ifd(0x8769)[DATE] == "2024:05:06 07:08:09"
    assert tuple(map(float, block.get_ifd(0x8825)[LATITUDE])) == (48.0, 51.0, 29.5)


@pytest.mark.parametrize("first", WITH_METADATA)
@pytest.mark.parametrize("second", WITH_METADATA)
def test_every_format_to_every_other(photo, icc, first, second):
    metadata = Metadata(exif.without_prefix(make_exif()), icc, xmp(), (300.0, 300.0))
    once = read_image(encode_image(Image(photo(13, 9), None, metadata), first))
    again = read_image(encode_image(once, second)).metadata
    assert (again.icc, again.xmp) == (icc, xmp())
    block = PIL.Image.Exif()
    block.load(again.exif)
    assert (block[MAKER], block.get_ifd(0x8769)[DATE]) == ("Maker", "2024:05:06 07:08:09")
    assert float(block.get_ifd(0x8825)[LATITUDE][2]) == 29.5


def test_jpeg_to_jpeg_keeps_exif_byte_for_byte(photo):
    """Maker notes hold absolute offsets: only bytes that must change may change."""
    before = exif.without_prefix(make_exif())
    assert read_image(pillow_file(photo(13, 9), "JPEG", exif=exif.PREFIX + before)).metadata.exif == before


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("format", WITH_METADATA)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_reset(photo, format, dtype, orientation):
    """Against Pillow's own turning of the 8-bit picture."""
    pixels = photo(13, 9, dtype)
    stored = encode_image(Image(pixels), format, quality=None)
    if format == "tiff":  # its orientation is a tag of the page
        stored = stored.replace(
            struct.pack("<HHIHH", 274, 3, 1, 1, 0), struct.pack("<HHIHH", 274, 3, 1, orientation, 0)
        )
    else:
        metadata = Metadata(exif=exif.without_prefix(make_exif(orientation)))
        stored = encode_image(Image(pixels, None, metadata), format)
    expected = np.asarray(ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(stored))).convert("RGB"))
    image = read_image(stored)
    shown = image.pixels if image.pixels.dtype == np.uint8 else np.rint(image.pixels / 257)
    assert image.pixels.shape[:2] == ((9, 13) if orientation >= 5 else (13, 9))
    # Of a 10-bit AVIF the two decoders interpolate the halved colour differently.
    np.testing.assert_allclose(shown, expected, atol=8 if format == "avif" else 1)
    again = PIL.Image.open(io.BytesIO(encode_image(image, format)))
    assert again.getexif().get(ORIENTATION, 1) == 1


def test_turning_swaps_resolutions_and_resets_xmp(photo):
    stored = pillow_file(photo(13, 9), "JPEG", exif=make_exif(6), xmp=xmp(6), dpi=(300, 200))
    metadata = read_image(stored).metadata
    assert metadata.dpi == (200, 300)
    assert metadata.xmp == xmp(1)


@pytest.mark.parametrize("order", ["<", ">"])
def test_upright_cuts_the_thumbnail_off(order):
    head = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", ORIENTATION, 3, 1, 8, 0)
    block = head + struct.pack(order + "IH", 8, 1) + entry + struct.pack(order + "I", 4711)
    patched = exif.upright(block)
    assert struct.unpack(order + "HHIHHI", patched[10:]) == (ORIENTATION, 3, 1, 1, 0, 0)
    assert struct.unpack(order + "I", exif.upright(block, cut_thumbnail=False)[-4:]) == (4711,)


@pytest.mark.parametrize(
    "damaged", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff\0", b"no TIFF at all"]
)
def test_damaged_exif_stays_as_it_is(damaged):
    assert exif.upright(damaged) == damaged
    assert exif.resized(damaged, 1, 2) == damaged


def test_written_exif_tells_the_new_size(photo):
    metadata = Metadata(exif=exif.without_prefix(make_exif()))
    written = PIL.Image.open(io.BytesIO(encode_image(Image(photo(26, 18), None, metadata), "jpeg")))
    inner = written.getexif().get_ifd(0x8769)
    assert (inner[WIDTH], inner[HEIGHT]) == (18, 26)


def test_a_colour_profile_is_not_put_on_grey(photo, icc):
    grey = Image(photo(13, 9, channels=1), None, Metadata(icc=icc))
    assert read_image(encode_image(grey, "png")).metadata.icc is None


def test_inks_lose_their_profile(photo, icc):
    stream = io.BytesIO()
    PIL.Image.new("CMYK", (8, 8)).save(stream, "JPEG", icc_profile=icc)
    image = read_image(stream.getvalue())  # the profile is for RGB: the plain formula is used
    assert image.metadata.icc is None
    assert image.pixels.min() > 245


def test_bmp_has_no_place_for_metadata(photo, icc):
    metadata = Metadata(exif.without_prefix(make_exif()), icc, xmp(), (300.0, 300.0))
    assert read_image(encode_image(Image(photo(), None, metadata), "bmp")).metadata.icc is None


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (12, "EXIF is left out"),
        (40, "EXIF is left out"),
        (90, "what is damaged of EXIF is left out"),
    ],
)
def test_what_a_tiff_leaves_out_of_damaged_exif_is_said(photo, cut, said):
    """A TIFF lays EXIF out anew, so it must be whole; a PNG takes the bytes as they are."""
    image = Image(photo(9, 13), metadata=Metadata(exif=exif.without_prefix(make_exif())[:cut]))
    again = read_image(encode_image(image, "tiff"))
    assert np.array_equal(again.pixels, image.pixels)
    assert losses(image, "tiff") == (said,)
    assert losses(image, "png") == ()


def test_whole_exif_is_not_said_to_be_left_out(photo):
    assert losses(Image(photo(9, 13), metadata=Metadata(exif=exif.without_prefix(make_exif()))), "tiff") == ()


def test_exif_longer_than_a_jpeg_segment_is_left_out(photo):
    block = PIL.Image.Exif()
    block[0x010E] = "x" * 70_000
    metadata = Metadata(exif=exif.without_prefix(block.tobytes()))
    assert read_image(encode_image(Image(photo(), None, metadata), "jpeg")).metadata.exif is None
    assert read_image(encode_image(Image(photo(), None, metadata), "png")).metadata.exif == metadata.exif
