"""Reading HEIC with pillow-heif, where it is installed."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..errors import ImageError
from . import colour, guards, opencv_codec
from . import exif as exif_bytes
from .decoded import Decoded
from .metadata import Metadata
from .transparency import divide_by_alpha


def read(data: bytes, name: str, max_pixels: int | None) -> Decoded:
    """The primary picture, of 8 bits as uint8 and of 10 or 12 bits as uint16.

    Raises:
        ImageError: pillow-heif is not installed, or the file cannot be read.
    """
    library = _library(name)
    with guards.damage_reported(name):
        # From bytes: the library then reads no further than the headers before the size is checked.
        file = library.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        picture = file[file.primary_index]
        width, height = picture.size
        guards.check_size(width, height, name, max_pixels)
        pixels, alpha = _pixels(picture)
        metadata = _metadata(picture.info, grey=pixels.shape[2] == 1)
        orientation = exif_bytes.orientation(metadata.exif) if metadata.exif else 1
    remarks = []
    if len(file) > 1:
        remarks.append(f"of {len(file)} pictures the main one is taken")
    if metadata.cicp is not None:
        remarks.append(colour.hdr_remark(metadata.cicp))
    # The container says how the picture is turned, and the library has done so; EXIF only repeats it.
    return Decoded(pixels, alpha, "heic", metadata, orientation, turned=True, remarks=tuple(remarks))


def _library(name: str) -> Any:
    try:
        return importlib.import_module("pillow_heif")
    except ImportError as error:
        raise ImageError(f"{name} is HEIC, which needs pillow-heif: pip install 'ganapps[heic]'") from error


def _pixels(picture: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours [H, W, C] and alpha [H, W] by the mode, such as "RGBA;10"; "a" is alpha multiplied in."""
    array = np.atleast_3d(np.asarray(picture))
    if array.dtype == np.uint16:
        array = opencv_codec.rescale(array, 2 ** int(picture.info["bit_depth"]) - 1, 65535, np.uint16)
    mode: str = picture.mode
    has_alpha = mode.split(";")[0][-1] in "Aa"
    colours = array[..., : 1 if mode[0] in "LI" else 3]
    if not has_alpha:
        return np.ascontiguousarray(colours), None
    alpha = np.ascontiguousarray(array[..., -1])
    if "a" in mode:
        colours = divide_by_alpha(colours, alpha)
    return np.ascontiguousarray(colours), alpha


def _metadata(info: dict[str, Any], *, grey: bool) -> Metadata:
    exif = exif_bytes.without_prefix(info["exif"]) if info.get("exif") else None
    icc, cicp = info.get("icc_profile") or None, None
    profile = info.get("nclx_profile")
    if icc is None and profile:
        primaries, transfer = profile["color_primaries"], profile["transfer_characteristics"]
        icc, cicp = colour.described(int(primaries), int(transfer), grey=grey)
    return Metadata(
        exif=exif,
        icc=icc,
        xmp=info.get("xmp") or None,
        dpi=exif_bytes.resolution(exif) if exif else None,
        cicp=cicp,
    )
