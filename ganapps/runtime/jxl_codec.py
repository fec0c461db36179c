"""Reading JPEG XL with pillow-jxl-plugin, where it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ImageError
from . import exif as exif_bytes
from . import guards
from .decoded import Decoded
from .jxl_header import JxlHeader, read_jxl_header
from .metadata import Metadata

_CHANNELS = {"L": 1, "I;16": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def read(data: bytes, name: str, max_pixels: int | None, read_jpeg: Callable[[bytes], Decoded]) -> Decoded:
    """The first frame, of 8 bits as uint8; grey of more bits as uint16.

    Args:
        data: the file.
        name: for messages.
        max_pixels: as for `images.read_image`.
        read_jpeg: for a file that is a JPEG packed without loss.

    Raises:
        ImageError: pillow-jxl-plugin is not installed, or the file cannot be read.
    """
    library = _library(name)
    with guards.damage_reported(name):
        header = read_jxl_header(data)
        guards.check_size(header.width, header.height, name, max_pixels)
        is_jpeg, info, stored, icc, boxes = library.Decoder(num_threads=-1)(data)
        if is_jpeg:
            return read_jpeg(bytes(stored))
        guards.check_size(info.width, info.height, name, max_pixels)
        pixels, alpha, cut = _pixels(info, bytes(stored), header, name)
        metadata = _metadata(bytes(icc), boxes)
    remarks = []
    if header.animated:
        remarks.append("of several frames the first is taken")
    if cut:
        remarks.append(f"{header.bits} bits become 8, which is all that pillow-jxl-plugin gives")
    orientation = exif_bytes.orientation(metadata.exif) if metadata.exif else 1
    # The codestream says how the picture is turned, and the library has done so; EXIF only repeats it.
    return Decoded(pixels, alpha, "jxl", metadata, orientation, turned=True, remarks=tuple(remarks))


def _library(name: str) -> Any:
    try:
        return importlib.import_module("pillow_jxl")
    except ImportError as error:
        raise ImageError(
            f"{name} is JPEG XL, which needs pillow-jxl-plugin: pip install 'ganapps[jxl]'"
        ) from error


def _pixels(
    info: Any, stored: bytes, header: JxlHeader, name: str
) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Colours [H, W, C], alpha [H, W] or None, and whether bits were cut off."""
    channels = _CHANNELS.get(info.mode)
    if channels is None or header.floating:
        raise ImageError(
            f"{name} has floating-point pixels: accepted are grey and colour of 8 or 16 bits a channel"
        )
    shape = (info.height, info.width, channels)
    # The mode "LA" is given to grey with alpha of any depth: only the length tells.
    kind = np.uint16 if len(stored) == 2 * info.height * info.width * channels else np.uint8
    array = np.frombuffer(stored, kind).reshape(shape)
    if channels in (2, 4):
        colours, alpha = array[..., :-1].copy(), array[..., -1].copy()
    else:
        colours, alpha = array.copy(), None
    return colours, alpha, kind == np.uint8 and header.bits > 8


def _metadata(icc: bytes, boxes: Any) -> Metadata:
    found = {bytes(box.box_type): bytes(box.data) for box in reversed(list(boxes))}
    exif = found.get(b"Exif")
    if exif is not None:
        # 4 bytes say how many more to pass over; some versions of the library have taken them off.
        bare = exif[:2] in (b"II", b"MM")
        exif = exif_bytes.without_prefix(exif if bare else exif[4 + int.from_bytes(exif[:4]) :])
    return Metadata(
        exif=exif or None,
        icc=icc or None,
        xmp=found.get(b"xml ") or None,
        dpi=exif_bytes.resolution(exif) if exif else None,
    )
