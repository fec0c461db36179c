"""Pixels in, pixels out: every layout and format."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import PIL.Image
import pytest

from ganapps import Image, OutputError, UsageError, read_image, write_image
from ganapps.runtime.images import encode_image

LOSSLESS = ("png", "tiff", "bmp")
FORMATS = (*LOSSLESS, "jpeg", "webp", "avif")


def pillow_file(picture: PIL.Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def png(rows: np.ndarray, colour_type: int, extra: bytes = b"") -> bytes:
    """A PNG written by hand from the specification: [H, W, C], 8 or 16 bits, no filter."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = rows.shape[:2]
    depth = 8 * rows.dtype.itemsize
    big = rows.astype(rows.dtype.newbyteorder(">"))
    raw = b"".join(b"\0" + row.tobytes() for row in big)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def noise():
    def make(channels: int, dtype: type = np.uint8) -> np.ndarray:
        shape = (13, 9, channels)
        return np.random.default_rng(channels).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)

    return make


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("channels", "colour_type"), [(1, 0), (3, 2), (2, 4), (4, 6)])
def test_png_of_every_layout_is_read_exactly(noise, dtype, channels, colour_type):
    rows = noise(channels, dtype)
    image = read_image(png(rows, colour_type))
    colours = 3 if channels > 2 else 1
    assert image.pixels.dtype == dtype
    np.testing.assert_array_equal(image.pixels, rows[..., :colours])
    if channels in (2, 4):
        np.testing.assert_array_equal(image.alpha, rows[..., -1])
    else:
        assert image.alpha is None


@pytest.mark.parametrize("format", LOSSLESS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_lossless_formats_give_back_what_they_got(noise, format, dtype, channels, with_alpha):
    pixels = noise(channels, dtype)
    alpha = noise(2, dtype)[..., 1].copy() if with_alpha else None
    again = read_image(encode_image(Image(pixels, alpha), format))
    assert again.format == format
    if format == "bmp" and dtype == np.uint16:
        pixels = np.rint(pixels / 257).astype(np.uint8)
        alpha = None if alpha is None else np.rint(alpha / 257).astype(np.uint8)
    if with_alpha and channels == 1 and (format == "bmp" or (format == "tiff" and dtype == np.uint16)):
        pixels = np.repeat(pixels, 3, axis=2)  # as documented
    assert again.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(again.pixels, pixels)
    np.testing.assert_array_equal(again.alpha, alpha)


@pytest.mark.parametrize("format", LOSSLESS)
def test_others_read_our_files(noise, format):
    """An independent decoder finds the same colours in the same order."""
    pixels, alpha = noise(3), noise(1)[..., 0]
    data = encode_image(Image(pixels, alpha), format)
    theirs = np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGBA"))
    np.testing.assert_array_equal(theirs, np.dstack([pixels, alpha]))


def test_others_read_our_16_bit_tiff(noise):
    pixels = noise(3, np.uint16)
    data = encode_image(Image(pixels), "tiff")
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(theirs[..., ::-1], pixels)


def test_tall_tiff_of_many_strips(photo):
    pixels = photo(1500, 700)
    np.testing.assert_array_equal(read_image(encode_image(Image(pixels), "tiff")).pixels, pixels)


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_lossy_formats_stay_near(photo, format, channels):
    pixels = photo(40, 50, channels=channels)
    again = read_image(encode_image(Image(pixels), format))
    assert again.format == format
    assert again.pixels.shape[2] == (3 if format == "webp" else channels)
    assert np.abs(again.pixels.astype(int) - pixels).mean() < 2


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_lossy_formats_keep_alpha(photo, format):
    alpha = photo(40, 50, channels=1)[..., 0]
    again = read_image(encode_image(Image(photo(40, 50), alpha), format))
    assert np.abs(again.alpha.astype(int) - alpha).mean() < 2


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_quality_changes_the_size(photo, format):
    image = Image(photo(60, 60))
    sizes = [len(encode_image(image, format, quality=quality)) for quality in (20, 60, 100)]
    assert sizes == sorted(set(sizes))


def test_16_bit_avif_keeps_10_bits(photo):
    pixels = photo(40, 50, np.uint16)
    again = read_image(encode_image(Image(pixels), "avif", quality=100))
    assert again.pixels.dtype == np.uint16
    # A step of 8 bits is 257, of 10 bits 64.
    assert np.abs(again.pixels.astype(int) - pixels).mean() < 64
    assert len(np.unique(again.pixels)) > 256


def test_16_bit_to_jpeg_becomes_8_bit(photo):
    again = read_image(encode_image(Image(photo(40, 50, np.uint16)), "jpg"))
    assert again.pixels.dtype == np.uint8
    assert np.abs(again.pixels.astype(int) - photo(40, 50)).mean() < 2


def test_alpha_to_jpeg_lies_on_white():
    pixels = np.full((16, 16, 3), 40, np.uint8)
    alpha = np.repeat(np.array([0, 255], np.uint8), 8)[None].repeat(16, 0)
    again = read_image(encode_image(Image(pixels, alpha), "jpeg", quality=100))
    assert again.alpha is None
    np.testing.assert_allclose(again.pixels[:, [0, 15], 0], np.array([[255, 40]] * 16), atol=2)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("channels", [1, 3])
def test_one_pixel(format, channels):
    pixels = np.full((1, 1, channels), 200, np.uint8)
    again = read_image(encode_image(Image(pixels), format))
    assert again.pixels.shape[:2] == (1, 1)
    np.testing.assert_allclose(again.pixels, 200, atol=3)


def test_one_bit_becomes_grey():
    bits = np.array([[True, False, True], [False, False, True]])
    image = read_image(pillow_file(PIL.Image.fromarray(bits), "PNG"))
    np.testing.assert_array_equal(image.pixels[..., 0], bits * 255)


def test_palette_becomes_colour(noise):
    source = PIL.Image.fromarray(noise(3)).quantize(16)
    image = read_image(pillow_file(source, "PNG"))
    np.testing.assert_array_equal(image.pixels, np.asarray(source.convert("RGB")))
    assert image.alpha is None


def test_grey_palette_becomes_grey(noise):
    source = PIL.Image.fromarray(noise(1)[..., 0]).convert("P")
    image = read_image(pillow_file(source, "GIF"))
    assert image.format == "gif"
    np.testing.assert_array_equal(image.pixels, noise(1))


def test_see_through_palette_entry_becomes_alpha():
    source = PIL.Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8)).convert("P")
    source.putpalette([255, 0, 0, 0, 0, 255])
    image = read_image(pillow_file(source, "PNG", transparency=1))
    np.testing.assert_array_equal(image.alpha, [[255, 0], [0, 255]])
    np.testing.assert_array_equal(image.pixels[0, 0], [255, 0, 0])


def test_cmyk_becomes_rgb():
    ink = PIL.Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # red
    image = read_image(pillow_file(ink, "JPEG", quality=100))
    np.testing.assert_allclose(image.pixels, np.broadcast_to([255, 0, 0], (16, 16, 3)), atol=8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_where_zero_is_white(noise, dtype):
    data = encode_image(Image(noise(1, dtype)), "tiff")
    black, white = (struct.pack("<HHIHH", 262, 3, 1, value, 0) for value in (1, 0))
    assert data.count(black) == 1
    image = read_image(data.replace(black, white))
    np.testing.assert_array_equal(image.pixels, np.iinfo(dtype).max - noise(1, dtype))


def test_16_bit_tiff_with_colours_multiplied_by_alpha():
    colour, alpha = np.array([60_000, 30_000, 0]), np.array([[65535, 32768, 1, 0]], np.uint16)
    stored = np.rint(colour * (alpha[..., None] / 65535)).astype(np.uint16)
    data = encode_image(Image(stored, alpha), "tiff")
    straight, multiplied = (struct.pack("<HHIHH", 338, 3, 1, value, 0) for value in (2, 1))
    assert data.count(straight) == 1
    image = read_image(data.replace(straight, multiplied))
    np.testing.assert_array_equal(image.alpha, alpha)
    np.testing.assert_allclose(image.pixels[0, :2], [colour, colour], atol=1)


def test_suffix_does_not_matter_on_input(tmp_path, noise):
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(png(noise(3), 2))
    assert read_image(path).format == "png"


def test_names_of_odd_bytes(tmp_path, noise):
    path = tmp_path / "caf\udce9 \N{SNOWMAN}.png"
    write_image(path, Image(noise(3)))
    np.testing.assert_array_equal(read_image(str(path)).pixels, noise(3))


@pytest.mark.parametrize(
    ("format", "quality", "message"),
    [
        ("png", 90, "quality is for avif, jpeg, webp; png loses nothing"),
        ("jpeg", 101, "quality must be 1 to 100, got 101"),
        ("gif", None, "images are written as .png, .jpg, .jpeg, .webp, .avif, .tif, .tiff, .bmp; got 'gif'"),
    ],
)
def test_what_cannot_be_honoured_is_refused(noise, format, quality, message):
    with pytest.raises(UsageError) as caught:
        encode_image(Image(noise(3)), format, quality=quality)
    assert str(caught.value) == message


def test_too_long_for_the_format(tmp_path):
    image = Image(np.zeros((1, 16384, 3), np.uint8))
    with pytest.raises(OutputError) as caught:
        write_image(tmp_path / "long.webp", image)
    expected = "webp holds at most 16383 pixels on a side, the picture has 16384 x 1: write a png"
    assert str(caught.value) == f"{tmp_path}/long.webp: {expected}"
    assert not list(tmp_path.iterdir())
