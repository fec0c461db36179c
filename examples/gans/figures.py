"""Plots of numbers as pictures: panels with lines, bars, points and arrows, drawn with OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from ganapps import Image, write_image

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

BLACK, GREY, BLUE, GREEN, PALE_GREEN = (
    (0, 0, 0),
    (175, 175, 175),
    (30, 80, 200),
    (20, 140, 60),
    (190, 228, 200),
)
_SUBPIXELS = 4
"""OpenCV takes coordinates as whole numbers of 1/2^4 px."""


class Panel:
    """One plot.

    Args:
        title: written above it, ASCII.
        x: left and right end of the plot in the units of what is drawn.
        y: bottom and top.
        width_px, height_px: size without the line of the title.
    """

    TITLE_PX = 24

    def __init__(
        self, title: str, x: tuple[float, float], y: tuple[float, float], width_px: int, height_px: int
    ) -> None:
        self.x, self.y, self.width_px, self.height_px = x, y, width_px, height_px
        self.pixels = np.full((height_px + self.TITLE_PX, width_px, 3), 255, np.uint8)
        self.text(title, (6, 17), BLACK)

    def text(self, text: str, corner_px: tuple[int, int], colour: Colour) -> None:
        """Write ASCII text with its lower left corner there."""
        cv2.putText(self.pixels, text, corner_px, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)

    def _place(self, points: np.ndarray) -> np.ndarray:
        """Points `[N, 2]` as OpenCV's fixed-point pixels."""
        right = (points[:, 0] - self.x[0]) / (self.x[1] - self.x[0]) * (self.width_px - 1)
        down = (self.y[1] - points[:, 1]) / (self.y[1] - self.y[0]) * (self.height_px - 1) + self.TITLE_PX
        return np.rint(np.stack([right, down], 1) * 2**_SUBPIXELS).astype(np.int32)

    def line(self, x: np.ndarray, y: np.ndarray, colour: Colour, dash: int = 0) -> None:
        """A line through points, both `[N]`; with `dash` > 0 every other so many points are left out."""
        places = self._place(np.stack([x, y], 1))
        starts = range(0, len(places), 2 * dash) if dash else [0]
        parts = [places[start : start + dash + 1 if dash else None] for start in starts]
        cv2.polylines(self.pixels, parts, False, colour, 2, cv2.LINE_AA, _SUBPIXELS)

    def bars(self, edges: np.ndarray, heights: np.ndarray, colour: Colour) -> None:
        """A histogram: edges `[N + 1]`, heights `[N]`, from 0 up."""
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
            corners = self._place(np.array([[left, 0], [right, 0], [right, height], [left, height]]))
            cv2.fillConvexPoly(self.pixels, corners, colour, cv2.LINE_AA, _SUBPIXELS)

    def dots(self, points: np.ndarray, colour: Colour) -> None:
        """Points `[N, 2]`."""
        for place in self._place(points):
            cv2.circle(self.pixels, place, 1 << _SUBPIXELS, colour, -1, cv2.LINE_AA, _SUBPIXELS)

    def arrows(self, tails: np.ndarray, heads: np.ndarray, colour: Colour) -> None:
        """Arrows between points `[N, 2]`."""
        for tail, head in zip(self._place(tails), self._place(heads), strict=True):
            tip = 7 * 2**_SUBPIXELS / max(np.hypot(*(head - tail)), 1)
            cv2.arrowedLine(self.pixels, tail, head, colour, 1, cv2.LINE_AA, _SUBPIXELS, tip)


def figure_1(title: str, x: Tensor, data: Tensor, d: Tensor, z: Tensor, made: Tensor) -> Panel:
    """Figure 1 of arXiv 1406.2661: data, D and model over the lines from z to x = G(z).

    Args:
        title: written above it.
        x: evenly spaced places `[N]`; they span the plot.
        data: the data's density there.
        d: the discriminator's output there, 0 to 1.
        z: evenly spaced noise `[M]` in [-1, 1].
        made: G(z), `[M]`.
    """
    ends = (x[0].item(), x[-1].item())
    panel = Panel(title, ends, (-0.5, 1.1), 470, 330)
    heights, edges = np.histogram(made.numpy(), 80, ends)
    panel.bars(edges, heights / len(made) / (edges[1] - edges[0]), PALE_GREEN)
    for level in (0.0, 0.5, -0.4):
        panel.line(np.array(ends), np.array([level, level]), GREY)
    few = slice(None, None, (len(z) - 1) // 40)
    tails = np.stack([z[few].numpy() * ends[1], np.full(len(z[few]), -0.4)], 1)
    panel.arrows(tails, np.stack([made[few].numpy(), np.full(len(z[few]), -0.03)], 1), GREEN)
    panel.line(x.numpy(), data.numpy(), BLACK, dash=3)
    panel.line(x.numpy(), d.numpy(), BLUE)
    for right_px, text, colour in (
        (200, "data", BLACK),
        (245, "model, z -> G(z)", GREEN),
        (390, "D(x)", BLUE),
    ):
        panel.text(text, (right_px, 17), colour)
    return panel


def cloud(title: str, real: Tensor, made: Tensor) -> Panel:
    """Real points in grey under generated ones in green, both `[N, 2]`."""
    panel = Panel(title, (-2.6, 2.6), (-2.6, 2.6), 300, 300)
    panel.dots(real.numpy(), GREY)
    panel.dots(made.numpy(), GREEN)
    return panel


def save_panels(path: Path, panels: Sequence[Panel], columns: int, gap_px: int = 12) -> None:
    """Write panels of one size as a PNG, `columns` in a row."""
    framed = [np.pad(p.pixels, ((gap_px, 0), (gap_px, 0), (0, 0)), constant_values=255) for p in panels]
    rows = [np.concatenate(framed[i : i + columns], 1) for i in range(0, len(framed), columns)]
    sheet = np.ascontiguousarray(np.concatenate(rows, 0))
    write_image(path, Image(sheet))
