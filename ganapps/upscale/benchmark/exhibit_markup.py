"""An exhibit as HTML: a slider between two versions, and crops side by side."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from .exhibit import LOW, ORIGINAL, Box, Exhibit, View

_ROOM_PX = (1000, 800)
"""Width and height that a picture has on the page; small ones are shown a whole number of times larger."""
_LARGEST_ZOOM = 3


def mark_up(exhibit: Exhibit) -> str:
    """A section of the page; the page's script gives it life."""
    name = escape(f"{exhibit.folder}/{exhibit.picture}", quote=True)
    width, height = exhibit.size
    part = ""
    if exhibit.window[2:] != exhibit.size:
        part = f", of which {exhibit.window.width} x {exhibit.window.height} are shown"
    options = [(str(index), title_of(view)) for index, view in enumerate(exhibit.views)]
    left, right = first_sides(exhibit)
    return (
        f"<section class='exhibit'><h3>{name} <span>x{exhibit.scale}, {width} x {height}{part}</span></h3>"
        f"{_stage(exhibit, name, left, right)}"
        f"<div class='choice'>{choice(options, str(left), str(right), name)}</div>"
        f"{''.join(_crops(exhibit, index) for index in range(len(exhibit.crops)))}</section>"
    )


def first_sides(exhibit: Exhibit) -> tuple[int, int]:
    """The versions left and right of the divider at first: bicubic and the last model."""
    right = len(exhibit.views) - 2
    return min(1, right - 1), right


def choice(options: Sequence[tuple[str, str]], left: str, right: str, where: str) -> str:
    """Two lists to choose the versions left and right of the divider from.

    Args:
        options: value and text of each.
        left: the value chosen at first.
        right: likewise.
        where: what the choice is for, as it may stand in an attribute.
    """
    lists = []
    for side, chosen in (("left", left), ("right", right)):
        entries = "".join(
            f"<option value='{escape(value, quote=True)}'{' selected' if value == chosen else ''}>"
            f"{escape(text)}</option>"
            for value, text in options
        )
        label = f"{side} of the divider, {where}"
        lists.append(f"<label>{side} <select class='{side}' aria-label='{label}'>{entries}</select></label>")
    return "".join(lists)


def _stage(exhibit: Exhibit, name: str, left: int, right: int) -> str:
    """The versions one upon the other, two of them shown, and the slider."""
    pictures = []
    for index, view in enumerate(exhibit.views):
        sides = {left: " left", right: " right"}.get(index, "")
        low = " low" if view.name == LOW else ""
        pictures.append(
            f"<img class='view{low}{sides}' data-view='{index}' loading='lazy' decoding='async'"
            f" alt='{name}: {escape(title_of(view), quote=True)}' src='{_inline(view.picture)}'>"
        )
    width, height = exhibit.window[2:]
    zoom = max(1, min(_LARGEST_ZOOM, _ROOM_PX[0] // width, _ROOM_PX[1] // height))
    shown = [escape(title_of(exhibit.views[index])) for index in (left, right)]
    return (
        f"<div class='compare' style='aspect-ratio:{width}/{height};max-width:{zoom * width}px'>"
        f"{''.join(pictures)}<span class='tag on-left' aria-hidden='true'>{shown[0]}</span>"
        f"<span class='tag on-right' aria-hidden='true'>{shown[1]}</span>"
        f"<input type='range' min='0' max='100' step='0.5' value='50' aria-label='Divider in {name}'></div>"
    )


def _crops(exhibit: Exhibit, index: int) -> str:
    box = exhibit.crops[index]
    figures = "".join(_crop(view, box, index) for view in exhibit.views)
    return f"<div class='crops'>{figures}</div>"


def _crop(view: View, box: Box, index: int) -> str:
    title = escape(title_of(view), quote=True)
    figures = _figures(view) if index == 0 else ""
    return (
        f"<figure><img width='{box.width}' height='{box.height}' decoding='async'"
        f" alt='{title}, {box.width} x {box.height} pixels at {box.left}, {box.top}'"
        f" src='{_inline(view.crops[index])}'>"
        f"<figcaption><b>{title}</b>{figures}</figcaption></figure>"
    )


def _figures(view: View) -> str:
    score = view.score
    if score is None:
        return ""
    lines = [f"Y-PSNR {score.psnr_y:.2f}", f"Y-SSIM {score.ssim_y:.4f}"]
    if score.lpips_vgg is not None and score.lpips_alex is not None:
        lines.append(f"LPIPS {score.lpips_vgg:.3f}, {score.lpips_alex:.3f}")
    return "<br>".join(lines)


def title_of(view: View) -> str:
    """What the page calls a version."""
    return {LOW: "low, nearest", ORIGINAL: "original"}.get(view.name, view.name)


def _inline(picture: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(picture).decode('ascii')}"
