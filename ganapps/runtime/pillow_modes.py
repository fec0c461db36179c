"""Pillow's many modes as grey or colour of 8 bits, with or without alpha."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image

from ..errors import ImageError


def decode_8bit(
    picture: PIL.Image.Image, name: str, *, coloured: bool
) -> tuple[np.ndarray, np.ndarray | None, str | None]:
    """Pixels of a loaded picture.

    Args:
        picture: from Pillow.
        name: for the message.
        coloured: its profile is for colours, so a palette of greys stays RGB.

    Returns:
        Colours [H, W, C] uint8, C 1 or 3; alpha [H, W] uint8 or None; and a remark or None.

    Raises:
        ImageError: a layout that has no place in 8 or 16 bits.
    """
    plain = _plain(picture, name, coloured=coloured)
    array = np.array(plain)
    remark = None
    if picture.mode in ("CMYK", "LAB"):
        remark = "CMYK becomes sRGB" if picture.mode == "CMYK" else "Lab becomes sRGB"
    if plain.mode in ("L", "RGB"):
        return np.atleast_3d(array), None, remark
    return array[..., :-1].copy(), array[..., -1].copy(), remark


def _plain(picture: PIL.Image.Image, name: str, *, coloured: bool) -> PIL.Image.Image:
    """The picture as L, LA, RGB or RGBA."""
    mode = picture.mode
    see_through = "transparency" in picture.info
    if mode in ("P", "PA"):
        return _without_palette(picture, see_through or mode == "PA", coloured=coloured)
    if mode in ("L", "1"):
        return picture.convert("LA" if see_through else "L")
    if mode == "RGB":
        return picture.convert("RGBA") if see_through else picture
    if mode in ("LA", "RGBA"):
        return picture
    if mode in ("La", "RGBa"):
        return picture.convert(mode.upper())
    if mode in ("CMYK", "LAB"):
        return rgb_from_inks(picture)
    if mode in ("YCbCr", "RGBX"):
        return picture.convert("RGB")
    raise ImageError(
        f"{name} has pixels of the kind {mode}: accepted are grey and colour of 8 or 16 bits a channel"
    )


def _without_palette(picture: PIL.Image.Image, see_through: bool, *, coloured: bool) -> PIL.Image.Image:
    """Colours instead of numbers of colours; grey where all colours in use are."""
    colours = picture.convert("RGBA" if see_through else "RGB")
    array = np.asarray(colours)
    if coloured or not _is_grey(array):
        return colours
    return colours.convert("LA" if see_through else "L")


def _is_grey(array: np.ndarray) -> bool:
    return bool((array[..., 0] == array[..., 1]).all() and (array[..., 0] == array[..., 2]).all())


def rgb_from_inks(picture: PIL.Image.Image) -> PIL.Image.Image:
    """CMYK or Lab as sRGB: by the file's own profile where there is one, else by the plain formula."""
    from PIL import ImageCms  # few files are of this kind

    screen = ImageCms.createProfile("sRGB")
    if picture.format == "JPEG" and "adobe" not in picture.info:
        # Pillow turns the inks of every JPEG over, which is right for Adobe's, which have a mark.
        picture = picture.point(lambda ink: 255 - ink)
    if picture.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _converted(picture, lab, screen)
    profile = picture.info.get("icc_profile")
    if profile:
        try:
            return _converted(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), screen)
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile for other pixels than these: the formula is what viewers use then
    return picture.convert("RGB")


def _converted(picture: PIL.Image.Image, source: object, target: object) -> PIL.Image.Image:
    from PIL import ImageCms

    converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")  # type: ignore[arg-type]
    assert converted is not None  # it is None only where the picture is changed in place
    return converted
