"""Results that are made from top to bottom equal those that are made as a whole."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps import Image, OutputError, Upscaler, read_image, write_image
from ganapps.runtime import capacity, claims, strips
from ganapps.runtime.bands import Outlook, as_one
from ganapps.runtime.batch import upscale_files
from ganapps.runtime.capacity import check_format, choose_way
from ganapps.runtime.images import Metadata, encode_image
from ganapps.runtime.sizes import Size
from ganapps.runtime.strips import write_strips
from ganapps.runtime.tiff_stream import TiffStream


@pytest.fixture
def little_memory(monkeypatch) -> None:
    """Every PNG and TIFF is too large, and a band is a few rows."""
    monkeypatch.setattr(capacity, "_MOST_WHOLE_BYTES", 0)
    monkeypatch.setattr(capacity, "_BAND_BYTES", (1000, 2000))


def noise(seed: int, height: int, width: int, channels: int, dtype: type, with_alpha: bool) -> Image:
    random = np.random.default_rng(seed)
    most = np.iinfo(dtype).max
    alpha = None
    if with_alpha:
        alpha = random.integers(0, most + 1, (height, width)).astype(dtype)
        alpha[: height // 3, : width // 2] = 0
    return Image(random.integers(0, most + 1, (height, width, channels)).astype(dtype), alpha)


def same(one: Image, other: Image) -> None:
    assert one.pixels.dtype == other.pixels.dtype
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None:
        np.testing.assert_array_equal(one.alpha, other.alpha)


def in_strips(picture: Image, format: str) -> bytes:
    stream = io.BytesIO()
    write_strips(stream, as_one(picture), format)
    return stream.getvalue()


pictures = st.builds(
    noise,
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 3]),
    st.sampled_from([np.uint8, np.uint16]),
    st.booleans(),
)


@settings(max_examples=40)
@given(pictures, st.sampled_from(["png", "tiff"]))
def test_a_file_in_strips_reads_as_the_ordinary_one(picture, format):
    same(read_image(in_strips(picture, format)), read_image(encode_image(picture, format)))


@settings(max_examples=30)
@given(pictures, st.integers(1, 4000), st.sampled_from([None, 0.4, 1.5, 2, 3.1]))
def test_bands_join_to_the_whole(double, picture, band_bytes, scale):
    size = None if scale is None else Size(scale=scale)
    whole = double.upscale(picture, size=size)
    bands = double.upscale_in_bands(picture, size=size, band_bytes=band_bytes)
    rows = list(bands.rows)
    alpha = np.concatenate([band.alpha for band in rows]) if bands.has_alpha else None
    same(Image(np.concatenate([band.pixels for band in rows]), alpha), whole)
    assert (bands.height, bands.width) == whole.pixels.shape[:2]


def test_the_shipped_model_in_bands(photo):
    upscaler = Upscaler("photo-x4", threads=1)
    picture = Image(photo(70, 33))
    rows = [band.pixels for band in upscaler.upscale_in_bands(picture, band_bytes=1).rows]
    assert len(rows) > 2
    np.testing.assert_array_equal(np.concatenate(rows), upscaler.upscale(picture).pixels)


def test_progress_of_bands_rises_to_one(double):
    told: list[float] = []
    picture = noise(0, 60, 20, 3, np.uint8, True)
    for _ in double.upscale_in_bands(picture, size=Size(scale=4), band_bytes=1, on_progress=told.append).rows:
        pass
    assert told == sorted(told) and told[-1] == pytest.approx(1) and min(told) < 0.2


def annotated(picture: Image) -> Image:
    """With everything that a photograph may carry; the EXIF has an inner directory, and one of positions."""
    exif = PIL.Image.Exif()
    exif[0x010F], exif[0x010E] = "a maker of cameras", "a heron"
    exif.get_ifd(0x8769).update({0xA002: 40, 0xA003: 30, 0x9003: "2020:01:02 03:04:05", 0x829A: (1, 125)})
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0)})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    metadata = Metadata(exif=exif.tobytes()[6:], icc=icc, xmp=xmp, dpi=(300.0, 150.0))
    return replace(picture, metadata=metadata)


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_metadata_are_those_of_the_ordinary_file(format):
    picture = annotated(noise(0, 30, 40, 3, np.uint8, False))
    striped, ordinary = in_strips(picture, format), encode_image(picture, format)
    assert read_image(striped).metadata == read_image(ordinary).metadata
    assert read_image(striped).metadata.icc == picture.metadata.icc
    for data in (striped, ordinary):
        with PIL.Image.open(io.BytesIO(data)) as opened:
            exif = opened.getexif()
            assert exif[0x010F] == "a maker of cameras"
            assert exif.get_ifd(0x8769)[0xA002] == 40 and exif.get_ifd(0x8769)[0xA003] == 30
            assert exif.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_of_64_bit_offsets(dtype):
    """Read by Pillow, which is not ours."""
    picture = annotated(noise(1, 50, 60, 1, dtype, False))
    stream = io.BytesIO()
    writer = TiffStream(stream, as_one(picture), encode_image(picture, "tiff"), big=True)
    for row in picture.pixels:
        writer.write(row[None])
    writer.close()
    assert stream.getvalue()[:4] == b"II+\0"
    with PIL.Image.open(io.BytesIO(stream.getvalue())) as opened:
        np.testing.assert_array_equal(np.asarray(opened), picture.pixels[..., 0])
        assert opened.getexif()[0x010E] == "a heron"
        assert opened.getexif().get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
        assert opened.info["dpi"] == (300, 150)


def test_strips_are_cut_at_any_band(monkeypatch):
    """Many strips, and bands that do not fit them."""
    monkeypatch.setattr("ganapps.runtime.tiff_strip._BYTES", 1000)
    picture = noise(2, 97, 31, 3, np.uint8, False)
    for step in (1, 3, 10, 40, 97):
        stream = io.BytesIO()
        writer = TiffStream(stream, as_one(picture), encode_image(picture, "tiff"))
        for top in range(0, 97, step):
            writer.write(picture.pixels[top : top + step])
        writer.close()
        np.testing.assert_array_equal(read_image(stream.getvalue()).pixels, picture.pixels)


def test_a_folder_in_strips(tmp_path, double, little_memory):
    for name, channels, with_alpha in (("a.png", 3, True), ("b.tif", 1, False), ("c.jpg", 3, False)):
        picture = annotated(noise(3, 30, 40, channels, np.uint8, with_alpha))
        write_image(tmp_path / "in" / name, picture)
    report = upscale_files([tmp_path / "in"], tmp_path / "out", double)
    assert [(result.status, result.in_strips) for result in report.results] == [
        ("done", True),
        ("done", True),
        ("done", False),
    ]
    for name in ("a.png", "b.tif"):
        source, result = read_image(tmp_path / "in" / name), read_image(tmp_path / "out" / name)
        same(result, double.upscale(source))
        assert result.metadata == read_image(encode_image(double.upscale(source), Path(name).suffix)).metadata
    assert sorted(os.listdir(tmp_path / "out")) == ["a.png", "b.tif", "c.jpg"]


def test_a_full_disk_in_strips(tmp_path, double, little_memory, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    really = claims.claim

    def claim(path: Path) -> claims.Claim | None:
        claimed = really(path)
        claimed.stream.close()
        claimed.stream = Full()
        return claimed

    monkeypatch.setattr("ganapps.runtime.pipeline.claim", claim)
    write_image(tmp_path / "in" / "a.png", noise(4, 30, 40, 3, np.uint8, False))
    with pytest.raises(OutputError, match=r"/a\.png could not be written: no space left on the device"):
        upscale_files([tmp_path / "in"], tmp_path / "out", double)
    assert os.listdir(tmp_path / "out") == []


def test_ctrl_c_in_strips_leaves_nothing(tmp_path, double, little_memory):
    write_image(tmp_path / "in" / "a.png", noise(5, 60, 40, 3, np.uint8, False))

    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscale_files([tmp_path / "in"], tmp_path / "out", double, on_progress=stop)
    assert os.listdir(tmp_path / "out") == []


def refusal(width: int, height: int, format: str) -> str:
    with pytest.raises(OutputError) as caught:
        check_format(Outlook(width, height, 4, 1), format, "x")
    return str(caught.value)


def test_what_a_format_cannot_hold_is_refused_before_any_work(tmp_path, double, monkeypatch):
    assert refusal(70_000, 5, "jpeg") == (
        "x would have 70000 x 5 pixels, and jpeg holds 65500 on a side: write a png or a tiff"
    )
    assert refusal(5, 16_384, "webp").startswith("x would have 5 x 16384 pixels, and webp holds 16383 on a ")
    assert refusal(40_000, 40_000, "bmp").startswith("x would have 40000 x 40000 pixels, and bmp holds 2 GB")
    check_format(Outlook(80_000, 80_000, 4, 1), "png", "x")
    check_format(Outlook(65_500, 5, 4, 1), "jpeg", "x")
    monkeypatch.setattr(Upscaler, "upscale", None)
    write_image(tmp_path / "long.png", Image(np.zeros((1, 8192, 3), np.uint8)))
    report = upscale_files([tmp_path / "long.png"], tmp_path / "out.webp", double)
    assert report.results[0].message.startswith(f"{tmp_path}/out.webp would have 16384 x 2 pixels, and webp ")


def test_the_way_follows_from_the_memory():
    image = Image(np.broadcast_to(np.uint8(0), (1000, 1000, 3)))
    outlook = Outlook(4000, 4000, 4, 1)
    assert not choose_way(image, outlook, "png", 1 << 30, "x").in_strips
    way = choose_way(image, outlook, "png", 1 << 27, "x")
    assert way.in_strips and way.band_bytes * strips.BANDS_HELD < 1 << 27
    with pytest.raises(OutputError) as caught:
        choose_way(image, outlook, "jpeg", 1 << 27, "x.jpg")
    assert str(caught.value) == (
        "x.jpg would take 232 MB of memory as jpeg, and 128 MB is the limit: write a png or a tiff, which are"
        " made in strips, or raise it with --memory"
    )
    with pytest.raises(OutputError) as caught:
        choose_way(image, outlook, "png", 1 << 24, "x.png")
    assert str(caught.value) == (
        "x.png takes 35 MB of memory even in strips, and 16 MB is the limit: raise it with --memory, or cut"
        " the image into parts"
    )


def test_what_is_too_large_to_be_read_is_not(tmp_path, double):
    write_image(tmp_path / "a.png", Image(np.zeros((1000, 1500, 3), np.uint8)))
    report = upscale_files([tmp_path / "a.png"], tmp_path / "b.png", double, memory=8 << 20)
    assert report.results[0].message == (
        f"{tmp_path}/a.png has 1500 x 1000 = 1.5 megapixels, the limit is 0.8: make it smaller or cut it into"
        " parts; the limit follows from the 8 MB of memory to be used"
    )


def test_the_file_itself_counts_while_it_is_read(tmp_path):
    """A large file is in memory beside its pixels."""
    (tmp_path / "a.png").write_bytes(bytes(3_000_000))
    assert capacity.readable_pixels(tmp_path / "a.png", 5_000_000) == 200_000
    assert capacity.readable_pixels(tmp_path / "a.png", 2_000_000) == 0
    assert capacity.readable_pixels(tmp_path / "missing.png", 5_000_000) == 500_000
