"""A contact sheet of one class: what is real, what was made, and what each made image resembles most."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from ..sets.dataset import Pixels

_COLUMNS = 12
_ROWS = 3
_CELL_PX = 64
_GAP_PX = 4
_HEADING_PX = 24
_PAPER, _INK = 255, 40


def contact_sheet(
    real: Pixels,
    made: Pixels,
    nearest: Pixels,
    *,
    num_made: int | None = None,
    kind: str = "synthetic",
    below: str = "the nearest real image",
) -> Pixels:
    """One picture, RGB uint8 `[H, W, 3]`.

    Args:
        real: real images of the class, `[N, H, W, C]`; the first 36 are shown.
        made: images that were added, `[M, H, W, C]`; the first 36 are shown.
        nearest: the real image nearest to each of them, `[M, H, W, C]`, shown below it.
        num_made: how many there are, where only those shown are given.
        kind: what the made images are called.
        below: what the images below them are called.
    """
    shown = _COLUMNS * _ROWS
    pairs = [
        band
        for start in range(0, min(len(made), shown), _COLUMNS)
        for band in (
            _row(made[start : start + _COLUMNS]),
            _row(nearest[start : start + _COLUMNS], faint=True),
        )
    ]
    bands = [_heading(f"real: {len(real)}", real.shape), *_rows(real[:shown])]
    bands += [
        _heading(
            f"{kind}: {len(made) if num_made is None else num_made}   below each, fainter: {below}",
            real.shape,
        ),
        *pairs,
    ]
    return np.vstack(bands)


def _rows(images: Pixels) -> list[Pixels]:
    return [_row(images[start : start + _COLUMNS]) for start in range(0, len(images), _COLUMNS)]


def _row(images: Pixels, *, faint: bool = False) -> Pixels:
    height, width = _cell(images.shape)
    row = np.full((height + _GAP_PX, _COLUMNS * (width + _GAP_PX), 3), _PAPER, dtype=np.uint8)
    for column, image in enumerate(images):
        # Small images are enlarged without smoothing, so that the sheet shows their true pixels.
        method = cv2.INTER_NEAREST if image.shape[0] <= height else cv2.INTER_AREA
        cell = cv2.resize(image, (width, height), interpolation=method).reshape(height, width, -1)
        left = column * (width + _GAP_PX)
        row[:height, left : left + width] = cell // 4 * 3 + _PAPER // 4 if faint else cell
    return row


def _cell(shape: tuple[int, ...]) -> tuple[int, int]:
    """Cell size, whole multiples of small images."""
    height, width = shape[1:3]
    factor = _CELL_PX / max(height, width)
    factor = max(1, round(factor)) if factor >= 1 else factor
    return max(1, round(height * factor)), max(1, round(width * factor))


def _heading(text: str, shape: tuple[int, ...]) -> Pixels:
    width = _COLUMNS * (_cell(shape)[1] + _GAP_PX)
    paper = PilImage.new("RGB", (width, _HEADING_PX), (_PAPER,) * 3)
    font = ImageFont.load_default(size=15)
    ImageDraw.Draw(paper).text((2, 3), text, fill=(_INK,) * 3, font=font)
    return np.asarray(paper)
