"""HEIC and JPEG XL: with their libraries, and what is said without them."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganapps import ImageError, read_image
from ganapps.runtime import exif as exif_bytes
from ganapps.runtime.jxl_header import JxlHeader, read_jxl_header

HEIC_START = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic")
JXL_CONTAINER = b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"


def exif(orientation: int) -> bytes:
    block = PIL.Image.Exif()
    block[0x010F], block[0x0112] = "Maker", orientation
    return block.tobytes()


@pytest.mark.parametrize(
    ("module", "start", "said"),
    [
        ("pillow_heif", HEIC_START, "is HEIC, which needs pillow-heif: pip install 'ganapps[heic]'"),
        ("pillow_jxl", b"\xff\x0a", "is JPEG XL, which needs pillow-jxl-plugin: pip install 'ganapps[jxl]'"),
        (
            "pillow_jxl",
            JXL_CONTAINER,
            "is JPEG XL, which needs pillow-jxl-plugin: pip install 'ganapps[jxl]'",
        ),
    ],
)
def test_without_the_library(tmp_path, monkeypatch, module, start, said):
    monkeypatch.setitem(sys.modules, module, None)  # importing it raises ImportError
    path = tmp_path / "photo.dat"
    path.write_bytes(start + bytes(100))
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value) == f"{path} {said}"


def test_the_libraries_are_loaded_only_when_they_are_needed():
    program = "import ganapps.runtime.images, sys; print({'pillow_heif', 'pillow_jxl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


class Writer:
    """Bits of a JPEG XL header, lowest first."""

    def __init__(self) -> None:
        self.value, self.count = 0, 0

    def put(self, value: int, bits: int) -> None:
        self.value |= value << self.count
        self.count += bits

    def bytes(self) -> bytes:
        return b"\xff\x0a" + self.value.to_bytes((self.count + 7) // 8 + 1, "little")


def put_side(writer: Writer, side: int) -> None:
    for form, bits in enumerate((9, 13, 18, 30)):
        if side <= 2**bits:
            writer.put(form, 2)
            writer.put(side - 1, bits)
            return


def jxl_header(width: int, height: int, bits: int, animated: bool, orientation: int) -> bytes:
    writer = Writer()
    writer.put(0, 1)
    put_side(writer, height)
    writer.put(0, 3)
    put_side(writer, width)
    writer.put(0, 1)  # not everything as usual
    extra = animated or orientation > 1
    writer.put(extra, 1)
    if extra:
        writer.put(orientation - 1, 3)
        writer.put(0, 2)  # neither an intrinsic size nor a preview
        writer.put(animated, 1)
        if animated:
            writer.put(0, 6)  # 100 ticks a second, divided by 1, without end
            writer.put(0, 1)
    writer.put(0, 1)  # whole numbers
    form = {8: 0, 10: 1, 12: 2}.get(bits, 3)
    writer.put(form, 2)
    if form == 3:
        writer.put(bits - 1, 6)
    return writer.bytes()


def boxed(stream: bytes, cut: int) -> bytes:
    """A container of which the codestream lies in two boxes."""
    start = JXL_CONTAINER + struct.pack(">I4s4sI4s", 20, b"ftyp", b"jxl ", 0, b"jxl ")
    parts = (struct.pack(">I", 0) + stream[:cut], struct.pack(">I", 2**31 + 1) + stream[cut:])
    return start + b"".join(struct.pack(">I4s", 8 + len(part), b"jxlp") + part for part in parts)


@given(
    st.integers(1, 2**30),
    st.integers(1, 2**30),
    st.sampled_from([8, 10, 12, 14, 16]),
    st.booleans(),
    st.integers(1, 8),
    st.integers(0, 12),
)
def test_the_header_of_jpeg_xl_is_understood(width, height, bits, animated, orientation, cut):
    expected = JxlHeader(width, height, bits, False, animated)
    stream = jxl_header(width, height, bits, animated, orientation)
    assert read_jxl_header(stream) == expected
    assert read_jxl_header(boxed(stream, cut)) == expected


@given(st.sampled_from([b"\xff\x0a", JXL_CONTAINER, b""]), st.binary(max_size=80))
def test_any_bytes_are_a_header_or_a_value_error(start, rest):
    try:
        header = read_jxl_header(start + rest)
    except ValueError:
        return
    assert header.height >= 1


@pytest.fixture(scope="module")
def jxl():
    pytest.importorskip("pillow_jxl")

    def make(picture: PIL.Image.Image, **options: object) -> bytes:
        stream = io.BytesIO()
        picture.save(stream, "JXL", **options)
        return stream.getvalue()

    return make


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_jpeg_xl_of_8_bits(jxl, photo, channels):
    array = photo(13, 9, channels=channels)
    picture = PIL.Image.fromarray(array[..., 0] if channels == 1 else array)
    image = read_image(jxl(picture, lossless=True))
    colours = 3 if channels > 2 else 1
    np.testing.assert_array_equal(image.pixels, array[..., :colours])
    np.testing.assert_array_equal(image.alpha, array[..., -1] if channels in (2, 4) else None)
    assert (image.format, image.remarks) == ("jxl", ())


def test_jpeg_xl_of_16_bit_grey(jxl, photo):
    array = photo(13, 9, np.uint16, 1)
    image = read_image(jxl(PIL.Image.fromarray(array[..., 0]), lossless=True))
    np.testing.assert_array_equal(image.pixels, array)


def test_metadata_of_jpeg_xl(jxl, photo):
    icc = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    # The pixels lie as the codestream says, whatever EXIF repeats.
    data = jxl(PIL.Image.fromarray(photo(13, 9)), lossless=True, exif=exif(6), xmp=b"<x/>", icc_profile=icc)
    image = read_image(data)
    np.testing.assert_array_equal(image.pixels, photo(13, 9))
    assert image.metadata.xmp == b"<x/>"
    assert image.metadata.icc[36:40] == b"acsp"
    assert exif_bytes.orientation(image.metadata.exif) == 1
    assert b"Maker" in image.metadata.exif


def test_a_jpeg_packed_into_jpeg_xl_is_that_jpeg(jxl, photo, tmp_path):
    path = tmp_path / "a.jpg"
    PIL.Image.fromarray(photo(16, 24)).save(path, exif=exif(6), dpi=(300, 300))
    with pytest.warns(UserWarning, match="JPEG reconstruction"), PIL.Image.open(path) as picture:
        packed = jxl(picture)
    image, plain = read_image(packed), read_image(path)
    np.testing.assert_array_equal(image.pixels, plain.pixels)
    assert (image.format, image.metadata) == ("jxl", plain.metadata)


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (2**30, 2**30)])
def test_a_bomb_of_jpeg_xl_is_refused_before_its_library_sees_it(jxl, width, height):
    with pytest.raises(ImageError, match="^the input has .* megapixels, the limit is 67.1: set GANAPPS_MAX"):
        read_image(jxl_header(width, height, 8, False, 1))


class Answer:
    """What pillow-jxl-plugin 1.3 answers, for files that it cannot write itself."""

    def __init__(self, monkeypatch, mode: str, stored: np.ndarray) -> None:
        self.mode, self.width, self.height = mode, stored.shape[1], stored.shape[0]
        answer = (False, self, stored.tobytes(), b"", [])
        library = SimpleNamespace(Decoder=lambda num_threads: lambda data: answer)
        monkeypatch.setitem(sys.modules, "pillow_jxl", library)


def test_colour_of_16_bits_comes_as_8_with_a_word(monkeypatch, photo):
    Answer(monkeypatch, "RGB", photo(4, 5))
    image = read_image(jxl_header(5, 4, 16, False, 1))
    np.testing.assert_array_equal(image.pixels, photo(4, 5))
    assert image.remarks == ("16 bits become 8, which is all that pillow-jxl-plugin gives",)


def test_grey_with_alpha_of_16_bits_is_told_by_its_length(monkeypatch, photo):
    array = photo(4, 5, np.uint16, 2)
    Answer(monkeypatch, "LA", array)
    image = read_image(jxl_header(5, 4, 16, True, 1))
    np.testing.assert_array_equal(image.pixels, array[..., :1])
    np.testing.assert_array_equal(image.alpha, array[..., 1])
    assert image.remarks == ("of several frames the first is taken",)


def test_floating_point_jpeg_xl_is_refused(monkeypatch, photo):
    Answer(monkeypatch, "F", photo(4, 5, channels=1))
    with pytest.raises(ImageError, match="^the input has floating-point pixels: accepted are grey"):
        read_image(jxl_header(5, 4, 8, False, 1))


@pytest.fixture(scope="module")
def heic():
    library = pytest.importorskip("pillow_heif")

    def make(array: np.ndarray, **options: object) -> bytes:
        mode = {1: "L", 3: "RGB", 4: "RGBA"}[array.shape[2]] + (";16" if array.dtype == np.uint16 else "")
        file = library.from_bytes(mode, (array.shape[1], array.shape[0]), array.tobytes())
        stream = io.BytesIO()
        file.save(stream, quality=95, chroma=444, **options)
        return stream.getvalue()

    return make


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_heic_keeps_depth_grey_and_alpha(heic, photo, dtype, channels):
    array = photo(24, 32, dtype, channels)
    image = read_image(heic(array))
    assert (image.format, image.pixels.dtype, image.remarks) == ("heic", dtype, ())
    step = np.iinfo(dtype).max / 255
    colours = 3 if channels > 1 else 1
    assert np.abs(image.pixels.astype(float) - array[..., :colours]).mean() < 2 * step
    if channels == 4:
        assert np.abs(image.alpha.astype(float) - array[..., 3]).mean() < 2 * step
    else:
        assert image.alpha is None


def test_the_main_one_of_several_pictures_is_taken(heic):
    library = pytest.importorskip("pillow_heif")
    file, stream = library.HeifFile(), io.BytesIO()
    for value in (40, 200):
        file.add_frombytes("L", (16, 16), bytes([value]) * 256)
    file.save(stream, quality=90, primary_index=1)
    image = read_image(stream.getvalue())
    assert image.remarks == ("of 2 pictures the main one is taken",)
    np.testing.assert_allclose(image.pixels, 200, atol=3)


def test_white_of_10_bits_is_white_of_16(heic):
    image = read_image(heic(np.full((16, 16, 1), 65535, np.uint16)))
    assert image.pixels.max() == 65535


def test_metadata_of_heic(heic, photo):
    icc = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    image = read_image(heic(photo(16, 24), exif=exif(1), xmp=b"<x/>", icc_profile=icc))
    assert (image.metadata.icc, image.metadata.xmp) == (icc, b"<x/>")
    assert b"Maker" in image.metadata.exif


def test_a_heic_is_turned_once(heic, photo):
    """The container tells the orientation, EXIF repeats it, and the library has turned the pixels."""
    array = photo(16, 24)
    image = read_image(heic(array, exif=exif(6)))
    shown = np.rot90(array, 3) if image.pixels.shape[0] == 24 else array
    assert np.abs(image.pixels.astype(float) - shown).mean() < 3
    assert exif_bytes.orientation(image.metadata.exif) == 1


def test_a_bomb_of_heic_is_refused(heic, photo):
    data = heic(photo(16, 24))
    at = data.index(b"ispe") + 8
    with pytest.raises(ImageError, match="^the input "):
        read_image(data[:at] + struct.pack(">II", 30_000, 20_000) + data[at + 8 :])
    with pytest.raises(ImageError, match="^the input has 24 x 16 = 0.0 megapixels, the limit is 0.0: "):
        read_image(data, max_pixels=100)
