"""Bad input: one sentence that names the file."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest

from ganapps import Image, ImageError, UsageError, read_image
from ganapps.runtime.images import encode_image

ACCEPTED = "accepted are PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF, HEIC and JPEG XL"


def message(source: object, **options: int) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def frames(format: str, count: int, **options: object) -> bytes:
    pictures = [PIL.Image.fromarray(np.full((8, 8, 3), 30 * n, np.uint8)) for n in range(count)]
    stream = io.BytesIO()
    pictures[0].save(stream, format, save_all=True, append_images=pictures[1:], **options)
    return stream.getvalue()


def test_missing(tmp_path):
    path = tmp_path / "none.png"
    assert message(path) == f"{path} does not exist"


def test_folder(tmp_path):
    assert message(tmp_path) == f"{tmp_path} is a folder: give an image file"


def test_name_with_a_null():
    assert "cannot be read" in message("a\0.png")


def test_empty(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    assert message(path) == f"{path} is empty (0 bytes)"


def test_text_renamed(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    assert message(path) == f"{path} is not an image that can be read: {ACCEPTED}"


def test_bytes_have_a_name_too():
    assert message(b"x") == f"the input is not an image that can be read: {ACCEPTED}"


def test_no_other_decoder_is_started(tmp_path):
    """With all of its formats Pillow would hand this to Ghostscript."""
    path = tmp_path / "picture.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    assert message(path).endswith(ACCEPTED)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "tiff", "bmp"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_truncated(tmp_path, photo, format, dtype, part):
    data = encode_image(Image(photo(64, 64, dtype)), format)
    path = tmp_path / f"cut.{format}"
    path.write_bytes(data[: int(part * len(data))])
    assert message(path).startswith(f"{path} is ")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "tiff", "bmp"])
def test_damage_gives_an_image_or_an_image_error(photo, format):
    data = bytearray(encode_image(Image(photo(32, 32)), format))
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 8):
            damaged[at] = random.integers(256)
        try:
            read_image(bytes(damaged), max_pixels=10**6)
        except ImageError as error:
            assert "the input" in str(error)


def bomb(side: int) -> bytes:
    """A valid header of a huge PNG, a few bytes long."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_too_many_pixels_are_refused_before_decoding(tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(bomb(20_000))
    found = f"{path} has 20000 x 20000 = 400.0 megapixels, the limit is "
    otherwise = "make it smaller or cut it into parts"
    assert message(path) == f"{found}67.1: set GANAPPS_MAX_MEGAPIXELS=400 to read it, or {otherwise}"
    assert message(path, max_pixels=10**6) == f"{found}1.0: {otherwise}"


def test_the_environment_raises_the_limit(photo, monkeypatch):
    data = encode_image(Image(photo(10, 10)), "png")
    monkeypatch.setenv("GANAPPS_MAX_MEGAPIXELS", "0.00005")
    assert "the limit is 0.0: set GANAPPS_MAX_MEGAPIXELS=1 to read it" in message(data)
    monkeypatch.setenv("GANAPPS_MAX_MEGAPIXELS", "0.0001")
    assert read_image(data).pixels.shape == (10, 10, 3)


@pytest.mark.parametrize("value", ["many", "0", "-1", "inf", "nan"])
def test_a_limit_that_is_no_number(photo, monkeypatch, value):
    monkeypatch.setenv("GANAPPS_MAX_MEGAPIXELS", value)
    with pytest.raises(UsageError) as caught:
        read_image(encode_image(Image(photo(4, 4)), "png"))
    expected = f"GANAPPS_MAX_MEGAPIXELS must be a number of megapixels above 0, got {value!r}"
    assert str(caught.value) == expected


def test_the_limit_is_the_callers(photo):
    data = encode_image(Image(photo(10, 10)), "png")
    assert read_image(data, max_pixels=100).pixels.shape == (10, 10, 3)
    assert "limit is 0.0" in message(data, max_pixels=99)
    # Above Pillow's own limit there is neither its warning nor its error.
    assert "truncated" in message(bomb(20_000), max_pixels=10**9)
    assert PIL.Image.MAX_IMAGE_PIXELS is not None


def test_animated_gif(tmp_path):
    path = tmp_path / "cat.gif"
    path.write_bytes(frames("GIF", 3))
    image = read_image(path)
    assert image.remarks == ("of 3 frames the first is taken",)
    assert (image.pixels == 0).all()


@pytest.mark.parametrize(("format", "noise"), [("PNG", 0), ("WEBP", 0), ("AVIF", 3)])
def test_other_animations(format, noise):
    image = read_image(frames(format, 3))
    assert image.remarks == ("of 3 frames the first is taken",)
    assert image.pixels.max() <= noise


def test_pages():
    image = read_image(frames("TIFF", 2))
    assert image.remarks == ("of 2 pages the first is taken",)
    assert (image.pixels == 0).all()


def test_single_frame_gif():
    image = read_image(frames("GIF", 1))
    assert (image.pixels.shape[:2], image.remarks) == ((8, 8), ())


def test_a_smaller_copy_is_not_a_page():
    """Cameras and scanners add reduced copies to a TIFF."""
    first, copy = PIL.Image.new("RGB", (16, 16), "red"), PIL.Image.new("RGB", (4, 4), "red")
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    stream = io.BytesIO()
    first.save(stream, "TIFF", save_all=True, append_images=[copy])
    image = read_image(stream.getvalue())
    assert (image.pixels.shape, image.remarks) == ((16, 16, 3), ())


def test_views_behind_a_jpeg_are_passed_over(photo):
    """Phones write several pictures into one JPEG; the first is the photograph."""
    stream = io.BytesIO()
    PIL.Image.fromarray(photo(16, 16)).save(
        stream, "MPO", save_all=True, append_images=[PIL.Image.fromarray(photo(8, 8))]
    )
    image = read_image(stream.getvalue())
    assert (image.format, image.pixels.shape) == ("jpeg", (16, 16, 3))
    assert image.remarks == ("of 2 views the first is taken",)


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
def test_a_gain_map_behind_a_jpeg_is_said_to_be_left_out(photo, kind):
    """Pillow calls such a file a JPEG where its XMP names the map, and an MPO where only the index does."""
    mark = b'<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"' + (
        b' hdrgm:Version="1.0"/>' if kind == "JPEG" else b"/>"
    )
    stream = io.BytesIO()
    PIL.Image.fromarray(photo(16, 16)).save(
        stream, "MPO", save_all=True, append_images=[PIL.Image.fromarray(photo(8, 8))], xmp=mark
    )
    image = read_image(stream.getvalue())
    assert image.remarks == ("the gain map of high dynamic range is left out",)


def test_float_pixels():
    stream = io.BytesIO()
    PIL.Image.fromarray(np.zeros((4, 4), np.float32)).save(stream, "TIFF")
    assert message(stream.getvalue()) == (
        "the input has floating-point pixels of 32 bits, accepted are grey and colour of 8 or 16 bits a"
        " channel: convert it to 16 bits first"
    )


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3)),
    ],
)
def test_an_image_holds_what_its_contract_says(pixels):
    with pytest.raises(ImageError, match="^pixels must be"):
        Image(pixels)


def test_alpha_must_fit():
    with pytest.raises(
        ImageError, match=r"^alpha must be \[4, 4\] uint8 like the pixels, got \[4, 5\] uint8$"
    ):
        Image(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8))
