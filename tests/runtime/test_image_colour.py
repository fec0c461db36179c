"""Colour spaces that files name: kept where they can be, else converted by colour management."""

from __future__ import annotations

import io
import struct

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from ganapps import Image, read_image
from ganapps.runtime import colour
from ganapps.runtime.images import Metadata, encode_image, losses

D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))


def matrix(points, white=D65):
    """From light of these primaries to XYZ."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in points]).T
    return columns * np.linalg.solve(columns, [white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]])


def srgb_of(pixels, points, exponent):
    """8-bit sRGB of pixels in another space, by the formulae alone; exponent 0 is sRGB's curve."""
    unit = pixels / 255
    curve = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    light = unit**exponent if exponent else curve
    light = np.clip(light @ np.linalg.solve(matrix(SRGB), matrix(points)).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def managed(pixels, icc, mode="RGB"):
    """8-bit sRGB of pixels by their profile and Little CMS."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    picture = PIL.Image.fromarray(pixels)
    screen = ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    return np.asarray(ImageCms.profileToProfile(picture, profile, screen, intent, outputMode=mode))


@pytest.fixture
def muted():
    """Colours that every space here can show."""
    return np.random.default_rng(0).integers(90, 160, (16, 16, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("numbers", "points", "exponent"),
    [((12, 13), P3, 0), ((9, 13), BT2020, 0), ((9, 4), BT2020, 2.2), ((1, 8), SRGB, 1.0)],
)
def test_numbers_of_png_become_a_profile_of_the_same_colours(muted, png_file, numbers, points, exponent):
    image = read_image(png_file(muted, 2, {b"cICP": bytes([*numbers, 0, 1])}))
    np.testing.assert_array_equal(image.pixels, muted)
    np.testing.assert_allclose(managed(muted, image.metadata.icc), srgb_of(muted, points, exponent), atol=1)


@pytest.mark.parametrize("numbers", [(1, 13), (1, 1), (2, 2), (77, 13), (1, 99)])
def test_srgb_and_numbers_without_meaning_need_no_profile(muted, png_file, numbers):
    assert read_image(png_file(muted, 2, {b"cICP": bytes([*numbers, 0, 1])})).metadata == Metadata()


def chromaticity(points):
    return struct.pack(">8I", *(round(100_000 * value) for point in (D65, *points) for value in point))


def test_gamma_and_primaries_of_png_become_a_profile(muted, png_file):
    chunks = {b"gAMA": struct.pack(">I", 100_000), b"cHRM": chromaticity(P3)}
    image = read_image(png_file(muted, 2, chunks))
    np.testing.assert_array_equal(image.pixels, muted)
    np.testing.assert_allclose(managed(muted, image.metadata.icc), srgb_of(muted, P3, 1.0), atol=1)
    kept = PIL.Image.open(io.BytesIO(encode_image(image, "jpeg")))
    assert kept.info["icc_profile"] == image.metadata.icc


def test_gamma_of_grey_becomes_a_grey_profile(png_file):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    image = read_image(png_file(ramp, 0, {b"gAMA": struct.pack(">I", 100_000)}))
    assert image.metadata.icc[16:20] == b"GRAY"
    expected = srgb_of(np.repeat(ramp, 3, 2), SRGB, 1.0)
    # Little CMS is coarse in the darkest row.
    np.testing.assert_allclose(managed(ramp[..., 0], image.metadata.icc)[1:], expected[1:], atol=1)


@pytest.mark.parametrize(
    "chunks",
    [
        {b"gAMA": struct.pack(">I", 45455), b"cHRM": chromaticity(SRGB)},
        {b"sRGB": b"\0", b"gAMA": struct.pack(">I", 100_000)},
        {b"gAMA": struct.pack(">I", 0)},
        {b"cHRM": bytes(32)},
        {b"cHRM": chromaticity((SRGB[0],) * 3)},
    ],
)
def test_usual_and_senseless_chunks_need_no_profile(muted, png_file, chunks):
    assert read_image(png_file(muted, 2, chunks)).metadata.icc is None


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "avif", "tiff"])
def test_display_p3_is_kept_byte_for_byte_and_its_pixels_are_not_touched(muted, format):
    icc = colour.profile(P3, D65, 0, grey=False)
    stream = io.BytesIO()
    PIL.Image.fromarray(muted).save(stream, "PNG", icc_profile=icc)
    image = read_image(stream.getvalue())
    np.testing.assert_array_equal(image.pixels, muted)
    assert read_image(encode_image(image, format)).metadata.icc == icc
    assert losses(image, format) == ()


@pytest.mark.parametrize(
    ("format", "kept"), [("png", True), ("avif", True), ("jpeg", False), ("tiff", False)]
)
def test_high_dynamic_range_is_marked_where_that_is_possible(png_file, photo, format, kept):
    image = read_image(png_file(photo(20, 20, np.uint16), 2, {b"cICP": bytes([9, 16, 0, 1])}))
    assert (image.metadata.icc, image.metadata.cicp) == (None, (9, 16))
    said = "high dynamic range (PQ) is enlarged as it is, and looks pale where it is not marked"
    assert image.remarks == (said,)
    assert read_image(encode_image(image, format)).metadata.cicp == ((9, 16) if kept else None)
    assert ("the mark of high dynamic range is left out" in losses(image, format)) != kept


def test_a_palette_of_greys_with_a_profile_for_colours_stays_colour():
    icc = colour.profile(SRGB, D65, 1.0, grey=False)
    picture = PIL.Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).convert("P")
    stream = io.BytesIO()
    picture.save(stream, "PNG", icc_profile=icc)
    image = read_image(stream.getvalue())
    assert (image.pixels.shape, image.metadata.icc) == ((16, 16, 3), icc)


def inks_profile() -> bytes:
    """A profile for CMYK by a table: paper is white, cyan alone Lab (50, 0, 0), all other inks black.

    Source: ICC.1:2022, 10.10 (lut8Type).
    """
    table = np.zeros((2, 2, 2, 2, 3), np.uint8)
    table[..., 1:] = 128
    table[0, 0, 0, 0, 0], table[1, 0, 0, 0, 0] = 255, 128
    straight = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + 4 * straight + table.tobytes() + 3 * straight
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78 + 1)
    tags = {b"desc": text, b"wtpt": white, b"A2B0": lut + bytes(-len(lut) % 4)}
    listed, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        listed += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(value))
        body += value
    head = struct.pack(
        ">I4sI4s4s4s12s4s",
        132 + 12 * len(tags) + len(body),
        b"",
        0x02400000,
        b"prtr",
        b"CMYK",
        b"Lab ",
        b"",
        b"acsp",
    )
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + listed + body


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_inks_are_converted_by_their_profile_which_is_not_put_on_rgb(format):
    stream = io.BytesIO()
    picture = PIL.Image.new("CMYK", (32, 16), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 0), (16, 0, 32, 16))
    options = {"quality": 100} if format == "JPEG" else {}
    picture.save(stream, format, icc_profile=inks_profile(), **options)
    image = read_image(stream.getvalue())
    assert image.metadata.icc is None
    assert image.remarks == ("CMYK becomes sRGB",)
    np.testing.assert_allclose(image.pixels[:, :12], 255, atol=2)
    # Lab (50.2, 0, 0) is sRGB 119.6; the plain formula would give (0, 255, 255).
    np.testing.assert_allclose(image.pixels[:, 20:], 119.6, atol=2)


def test_inks_are_turned_over_where_adobe_has_marked_them():
    """Photoshop stores inks inverted, with a segment that says so."""
    stream = io.BytesIO()
    PIL.Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(stream, "JPEG", quality=100)
    data = stream.getvalue()
    np.testing.assert_allclose(read_image(data).pixels, np.broadcast_to([255, 0, 0], (16, 16, 3)), atol=4)
    at = data.index(b"\xff\xee\x00\x0eAdobe")
    plain = data[:at] + data[at + 16 :]
    np.testing.assert_allclose(read_image(plain).pixels, 0, atol=4)


def test_inks_of_ycck():
    """Yellow, red and blue differences instead of inks, by the last byte of Adobe's segment."""
    stream = io.BytesIO()
    PIL.Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(stream, "JPEG", quality=100)
    data = bytearray(stream.getvalue())
    data[data.index(b"\xff\xee\x00\x0eAdobe") + 15] = 2
    # Stored are Y 255, Cb 0, Cr 0 and K 255. Source: JFIF 1.02.
    stored = np.clip([255 - 1.402 * 128, 255 + (0.344136 + 0.714136) * 128, 255 - 1.772 * 128], 0, 255)
    np.testing.assert_allclose(read_image(bytes(data)).pixels[8, 8], 255 - stored, atol=3)


def test_a_damaged_profile_is_left_out_with_a_word(muted):
    stream = io.BytesIO()
    whole = colour.profile(P3, D65, 0, grey=False)
    PIL.Image.fromarray(muted).save(stream, "PNG", icc_profile=whole[:300])
    image = read_image(stream.getvalue())
    assert image.metadata.icc is None
    assert image.remarks == ("the colour profile is damaged and left out",)


@pytest.mark.parametrize("damaged", [b"", b"x" * 131, b"\xff" * 200])
def test_what_is_no_profile(damaged):
    assert not colour.is_whole(damaged)


def test_a_grey_profile_is_missed_where_grey_becomes_colour(photo):
    icc = colour.profile(SRGB, D65, 2.2, grey=True)
    image = Image(photo(8, 8, channels=1), None, Metadata(icc=icc))
    assert losses(image, "png") == ()
    assert losses(image, "webp") == ("grey is stored as colour", "the colour profile is left out")
