"""Layouts of TIFF and PNG that the usual decoders get wrong, against tifffile, and what is refused."""

from __future__ import annotations

import io
import struct

import numpy as np
import PIL.Image
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps import ImageError, read_image
from ganapps.runtime import tiff_layout

KINDS = {"grey": (1, "minisblack"), "rgb": (3, "rgb")}


def tiff(array: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, metadata=None, **options)
    return stream.getvalue()


def noise(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 65536, (height, width, channels), np.uint16)


def oriented(data: bytes, orientation: int) -> bytes:
    """Any TIFF of tifffile with another orientation."""
    before, after = (struct.pack("<HHIHH", 274, 3, 1, value, 0) for value in (1, orientation))
    assert data.count(before) == 1
    return data.replace(before, after)


@settings(max_examples=60)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    kind=st.sampled_from(sorted(KINDS)),
    with_alpha=st.booleans(),
    apart=st.booleans(),
    tiled=st.booleans(),
    packing=st.sampled_from([{}, {"compression": "zlib"}, {"compression": "zlib", "predictor": True}]),
    order=st.sampled_from("<>"),
    big=st.booleans(),
)
def test_every_16_bit_layout_gives_back_its_pixels(
    height, width, kind, with_alpha, apart, tiled, packing, order, big
):
    channels, photometric = KINDS[kind]
    array = noise(height, width, channels + with_alpha)
    # Pillow does not know BigTIFF of big-endian numbers.
    options = dict(packing, photometric=photometric, byteorder=order, bigtiff=big and order == "<")
    if with_alpha:
        options["extrasamples"] = ["unassalpha"]
    options |= {"tile": (16, 32)} if tiled else {"rowsperstrip": 7}
    stored = array
    if channels + with_alpha > 1:
        options["planarconfig"] = "separate" if apart else "contig"
        stored = array.transpose(2, 0, 1).copy() if apart else array
    else:
        stored = array[..., 0]
    image = read_image(tiff(stored, **options))
    assert (image.format, image.pixels.dtype, image.remarks) == ("tiff", np.uint16, ())
    np.testing.assert_array_equal(image.pixels, array[..., :channels])
    np.testing.assert_array_equal(image.alpha, array[..., -1] if with_alpha else None)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_channels_apart_are_turned(orientation):
    array = noise(5, 9, 3)
    data = tiff(
        array.transpose(2, 0, 1).copy(),
        photometric="rgb",
        planarconfig="separate",
        extratags=[(274, 3, 1, 1, True)],
    )
    image = read_image(oriented(data, orientation))
    turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    np.testing.assert_array_equal(image.pixels, np.rot90(array, turns))


@pytest.mark.parametrize("layout", ["contig", "separate"])
def test_a_channel_that_is_not_said_to_be_alpha_is_none(layout):
    array = noise(6, 7, 4)
    stored = array if layout == "contig" else array.transpose(2, 0, 1).copy()
    image = read_image(tiff(stored, photometric="rgb", planarconfig=layout, extrasamples=["unspecified"]))
    np.testing.assert_array_equal(image.pixels, array[..., :3])
    assert image.alpha is None


def test_pages_of_an_odd_layout_are_told():
    stream = io.BytesIO()
    array = noise(6, 7, 2)
    with tifffile.TiffWriter(stream) as writer:
        for _ in range(3):
            writer.write(array, photometric="minisblack", extrasamples=["unassalpha"], metadata=None)
    image = read_image(stream.getvalue())
    assert image.remarks == ("of 3 pages the first is taken",)
    np.testing.assert_array_equal(image.alpha, array[..., 1])


@pytest.mark.parametrize("layout", ["contig", "separate"])
def test_16_bit_inks_become_8_bit_colours_with_a_word(layout):
    inks = np.zeros((4, 5, 4), np.uint16)
    inks[..., 1:3] = 65535  # magenta and yellow: red
    stored = inks if layout == "contig" else inks.transpose(2, 0, 1).copy()
    image = read_image(tiff(stored, photometric="separated", planarconfig=layout))
    np.testing.assert_array_equal(image.pixels, np.broadcast_to(np.array([255, 0, 0], np.uint8), (4, 5, 3)))
    assert image.remarks == ("CMYK becomes sRGB of 8 bits",)


@pytest.mark.parametrize(
    ("dtype", "found"),
    [
        (np.float32, "floating-point pixels of 32 bits"),
        (np.float16, "floating-point pixels of 16 bits"),
        (np.int16, "signed pixels of 16 bits"),
        (np.uint32, "pixels of 32 bits a channel"),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_that_have_no_place_are_refused(dtype, found, channels):
    array = np.zeros((4, 4, 3), dtype) if channels == 3 else np.zeros((4, 4), dtype)
    with pytest.raises(ImageError) as caught:
        read_image(tiff(array, photometric="rgb" if channels == 3 else "minisblack"))
    accepted = "accepted are grey and colour of 8 or 16 bits a channel: convert it to 16 bits first"
    assert str(caught.value) == f"the input has {found}, {accepted}"


def test_tiles_far_larger_than_the_picture_are_refused():
    data = tiff(noise(16, 16, 1)[..., 0], tile=(16, 16))
    for tag in (322, 323):
        before, after = (struct.pack("<HHII", tag, 4, 1, value) for value in (16, 2**20))
        alternative = struct.pack("<HHIHH", tag, 3, 1, 16, 0)
        assert data.count(before) + data.count(alternative) == 1
        data = data.replace(before, after).replace(alternative, after)
    with pytest.raises(ImageError, match="its tiles of 1048576 x 1048576 pixels are larger than itself$"):
        read_image(data)


def test_the_see_through_value_of_16_bit_grey_becomes_alpha(png_file):
    rows = noise(5, 6, 1)
    rows[2, 3] = rows[0, 0]
    image = read_image(png_file(rows, 0, {b"tRNS": rows[0, 0].astype(">u2").tobytes()}))
    np.testing.assert_array_equal(image.alpha, np.where(rows[..., 0] == rows[0, 0], 0, 65535))
    np.testing.assert_array_equal(image.pixels, rows)


def test_lab_becomes_srgb_with_a_word():
    stream = io.BytesIO()
    PIL.Image.new("LAB", (3, 2), (255, 128, 128)).save(stream, "TIFF")
    image = read_image(stream.getvalue())
    assert image.remarks == ("Lab becomes sRGB",)
    np.testing.assert_allclose(image.pixels, 255, atol=1)


def directory_of_depths(depths: range) -> bytes:
    """A TIFF whose directory has one entry, BitsPerSample."""
    entry = struct.pack("<HHII", 258, 3, len(depths), 26)
    head = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    return head + struct.pack(f"<{len(depths)}H", *depths)


def test_a_directory_of_many_depths_is_refused_in_a_short_sentence():
    page = tiff_layout.read_page(directory_of_depths(range(100, 140)))
    assert page is not None
    with pytest.raises(ImageError) as refusal:
        tiff_layout.check_page(b"", page, "the input")
    assert str(refusal.value) == (
        "the input has pixels of 100, 101, 102, 103, ... bits a channel, accepted are grey and colour of 8 or"
        " 16 bits a channel: convert it to 16 bits first"
    )
