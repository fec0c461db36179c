"""Small valid files of every format, layout and depth, for the tests of damage and for the fuzz run.

Each is made by another program than ganapps where there is one: Pillow, tifffile, libheif, libjxl.
"""

from __future__ import annotations

import importlib.util
import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import PIL.Image
import tifffile
from PIL import ImageCms

HEIGHT, WIDTH = 21, 17


def wave(channels: int, dtype: type = np.uint8, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A smooth picture [H, W, C] over the whole range."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (7 + c) + c) * np.cos(y / (9 - c / 2)) for c in range(channels)]
    return np.rint((np.stack(waves, axis=-1) / 2 + 0.5) * np.iinfo(dtype).max).astype(dtype)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows: np.ndarray, colour_type: int, extra: bytes = b"", *, bits: int = 0) -> bytes:
    """A PNG written by hand from the specification, without filters.

    Args:
        rows: [H, W, C], uint8 or uint16; with `bits` below 8, bytes that hold several pixels each.
        colour_type: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA.
        extra: chunks before the pixels.
        bits: per channel; 0 is those of `rows`.
    """
    height, width = rows.shape[:2]
    depth = bits or 8 * rows.dtype.itemsize
    big = rows.astype(rows.dtype.newbyteorder(">"))
    raw = b"".join(b"\0" + row.tobytes() for row in big)
    header = struct.pack(
        ">IIBBBBB", width * 8 // depth if bits else width, height, depth, colour_type, 0, 0, 0
    )
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pillow(picture: PIL.Image.Image, format: str, **options: object) -> bytes:
    """A file by Pillow or one of its plugins."""
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    """A file by tifffile."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, metadata=None, **options)
    return stream.getvalue()


def exif(orientation: int = 1) -> bytes:
    """A block with a maker, a date and a place."""
    block = PIL.Image.Exif()
    block[0x010F], block[0x0112] = "Maker", orientation
    block.get_ifd(0x8769).update({0x9003: "2024:05:06 07:08:09"})
    block.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.5)})
    return block.tobytes()


def srgb_profile() -> bytes:
    """An ICC profile for RGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"/></x:xmpmeta>'


def everything() -> dict[str, object]:
    """Options of Pillow's `save` for all metadata."""
    return {"exif": exif(), "icc_profile": srgb_profile(), "xmp": XMP, "dpi": (300, 300)}


def _modes() -> dict[str, PIL.Image.Image]:
    """Pictures in Pillow's modes."""
    rgb, alpha = wave(3), wave(4)[..., 3:]
    return {
        "grey": PIL.Image.fromarray(wave(1)[..., 0]),
        "greya": PIL.Image.fromarray(np.dstack([wave(1), alpha])),
        "rgb": PIL.Image.fromarray(rgb),
        "rgba": PIL.Image.fromarray(np.dstack([rgb, alpha])),
        "bit": PIL.Image.fromarray(wave(1)[..., 0] > 127),
        "palette": PIL.Image.fromarray(rgb).quantize(16),
        "cmyk": PIL.Image.fromarray(rgb).convert("CMYK"),
        "ycc": PIL.Image.fromarray(rgb).convert("YCbCr"),
        "lab": ImageCms.applyTransform(
            PIL.Image.fromarray(rgb),
            ImageCms.buildTransform(
                ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
            ),
        ),
    }


_MODES_OF = {
    "JPEG": ("grey", "rgb", "cmyk"),
    "WEBP": ("rgb", "rgba"),
    "AVIF": ("grey", "rgb", "rgba"),
    "TIFF": ("grey", "greya", "rgb", "rgba", "bit", "palette", "cmyk", "ycc", "lab"),
    "BMP": ("grey", "rgb", "rgba", "bit", "palette"),
    "GIF": ("grey", "palette"),
}


def samples(*, optional: bool = True) -> dict[str, bytes]:
    """Name to file; the name begins with the format.

    Args:
        optional: HEIC and JPEG XL too, where their libraries are installed; HEIC takes seconds.
    """
    files = dict([*_pillow_files(), *_pngs(), *_tiffs(), *_sequences()])
    return {**files, **dict(_heics()), **dict(_jxls())} if optional else files


def _pillow_files() -> Iterator[tuple[str, bytes]]:
    modes = _modes()
    for format, names in _MODES_OF.items():
        for name in names:
            yield f"{format.lower()}-{name}", pillow(modes[name], format)
    for format in ("JPEG", "WEBP", "AVIF"):
        yield f"{format.lower()}-rgb-metadata", pillow(modes["rgb"], format, **everything())
    yield "tiff-rgb-metadata", pillow(modes["rgb"], "TIFF", tiffinfo={700: XMP}, **everything())
    yield "jpeg-rgb-progressive", pillow(modes["rgb"], "JPEG", progressive=True, comment=b"a wave")
    yield "webp-rgba-lossless", pillow(modes["rgba"], "WEBP", lossless=True)
    yield "gif-palette-trns", pillow(modes["palette"], "GIF", transparency=1)
    for compression in ("tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"):
        yield f"tiff-rgb-{compression}", pillow(modes["rgb"], "TIFF", compression=compression)
    yield "tiff-bit-group4", pillow(modes["bit"], "TIFF", compression="group4")


def _pngs() -> Iterator[tuple[str, bytes]]:
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        for name, colour_type, channels in (("grey", 0, 1), ("rgb", 2, 3), ("greya", 4, 2), ("rgba", 6, 4)):
            yield f"png-{name}{bits}", png(wave(channels, dtype), colour_type)
        key = wave(1, dtype)[0, 0].astype(">u2").tobytes()
        yield f"png-grey{bits}-trns", png(wave(1, dtype), 0, chunk(b"tRNS", key))
        key = wave(3, dtype)[0, 0].astype(">u2").tobytes()
        yield f"png-rgb{bits}-trns", png(wave(3, dtype), 2, chunk(b"tRNS", key))
    palette = chunk(b"PLTE", bytes(range(48)))
    for bits in (1, 2, 4):
        yield f"png-grey{bits}", png(wave(1)[:, :4], 0, bits=bits)
        yield f"png-palette{bits}", png(wave(1)[:, :4], 3, palette, bits=bits)
    yield "png-palette4-trns", png(wave(1)[:, :4], 3, palette + chunk(b"tRNS", bytes([0, 128])), bits=4)
    texts = chunk(b"tEXt", b"Title\0a wave") + chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"nobody"))
    texts += chunk(b"iTXt", "Comment\0\0\0\0\0café ☃".encode())
    colour = chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(
        b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    )
    resolution = chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))
    yield "png-rgb8-metadata", png(wave(3), 2, texts + colour + resolution)
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(srgb_profile())) + chunk(b"eXIf", exif()[6:])
    yield "png-rgb16-metadata", png(wave(3, np.uint16), 2, profile + texts + resolution)
    yield "png-rgb8-cicp", png(wave(3), 2, chunk(b"cICP", bytes([12, 13, 0, 1])))


def _tiffs() -> Iterator[tuple[str, bytes]]:
    grey, rgb, rgba = wave(1, np.uint16)[..., 0], wave(3, np.uint16), wave(4, np.uint16)
    yield "tiff-grey16", tiff(grey)
    yield "tiff-grey16-big", tiff(grey, byteorder=">")
    yield "tiff-grey16-white", tiff(grey, photometric="miniswhite")
    yield "tiff-greya16", tiff(rgba[..., :2], photometric="minisblack", extrasamples=["unassalpha"])
    yield "tiff-rgb16", tiff(rgb, photometric="rgb")
    yield "tiff-rgb16-big", tiff(rgb, photometric="rgb", byteorder=">")
    yield "tiff-rgb16-zlib", tiff(rgb, photometric="rgb", compression="zlib", predictor=True, rowsperstrip=4)
    yield "tiff-rgb16-tiled", tiff(rgb, photometric="rgb", tile=(16, 16))
    yield "tiff-rgb16-planar", tiff(rgb.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate")
    yield (
        "tiff-rgb8-planar",
        tiff(wave(3).transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate"),
    )
    yield "tiff-rgba16", tiff(rgba, photometric="rgb", extrasamples=["unassalpha"])
    yield "tiff-rgba16-premultiplied", tiff(rgba, photometric="rgb", extrasamples=["assocalpha"])
    yield "tiff-rgbx16", tiff(rgba, photometric="rgb", extrasamples=["unspecified"])
    yield "tiff-cmyk16", tiff(rgba, photometric="separated")
    yield "tiff-rgb8-bigtiff", tiff(wave(3), photometric="rgb", bigtiff=True)
    yield "tiff-rgb16-bigtiff", tiff(rgb, photometric="rgb", bigtiff=True)
    yield "tiff-grey-float", tiff(grey.astype(np.float32) / 65535)
    yield "tiff-rgb-float", tiff(rgb.astype(np.float32) / 65535, photometric="rgb")
    yield "tiff-rgb-half", tiff((rgb / 65535).astype(np.float16), photometric="rgb")
    yield "tiff-grey32", tiff(grey.astype(np.uint32) * 65537)
    yield "tiff-rgb32", tiff(rgb.astype(np.uint32) * 65537, photometric="rgb")
    yield "tiff-grey16-signed", tiff((grey.astype(int) - 32768).astype(np.int16))


def _sequences() -> Iterator[tuple[str, bytes]]:
    first, *others = (PIL.Image.fromarray(np.roll(wave(3), shift, 0)) for shift in range(3))
    for format in ("PNG", "WEBP", "AVIF", "GIF", "TIFF", "MPO"):
        yield f"{format.lower()}-several", pillow(first, format, save_all=True, append_images=others)


def _heics() -> Iterator[tuple[str, bytes]]:
    if importlib.util.find_spec("pillow_heif") is None:
        return
    import pillow_heif

    pillow_heif.register_heif_opener()
    modes = _modes()
    for name in ("grey", "rgb", "rgba"):
        yield f"heic-{name}", pillow(modes[name], "HEIF", quality=90)
    yield "heic-rgb-metadata", pillow(modes["rgb"], "HEIF", **everything())
    for name, mode, channels in (("rgb10", "RGB;16", 3), ("rgba10", "RGBA;16", 4), ("grey10", "L;16", 1)):
        array = wave(channels, np.uint16)
        file = pillow_heif.from_bytes(mode, (WIDTH, HEIGHT), array.tobytes())
        stream = io.BytesIO()
        file.save(stream, quality=90)
        yield f"heic-{name}", stream.getvalue()
    yield (
        "heic-several",
        pillow(
            modes["rgb"],
            "HEIF",
            save_all=True,
            append_images=[modes["rgb"].transpose(PIL.Image.Transpose.ROTATE_180)],
        ),
    )


def _jxls() -> Iterator[tuple[str, bytes]]:
    if importlib.util.find_spec("pillow_jxl") is None:
        return
    import pillow_jxl  # noqa: F401, registers itself with Pillow

    modes = _modes()
    for name in ("grey", "greya", "rgb", "rgba"):
        yield f"jxl-{name}", pillow(modes[name], "JXL", lossless=True)
    yield "jxl-rgb-lossy", pillow(modes["rgb"], "JXL")
    yield "jxl-grey16", pillow(PIL.Image.fromarray(wave(1, np.uint16)[..., 0]), "JXL", lossless=True)
    yield "jxl-rgb-metadata", pillow(modes["rgb"], "JXL", exif=exif(), icc_profile=srgb_profile(), xmp=XMP)
