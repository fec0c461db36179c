"""Curves over the images seen, drawn as SVG that stands in a page without any help."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 680, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 18, 40
_MOST_POINTS = 800
"""More of them are thinned out: each stretch keeps its lowest and its highest."""
_LOG_FROM = 300.0
"""Ratio of the largest to the smallest value from which on the axis is logarithmic."""
COLOURS = 6
"""Curves of one chart that have a colour of their own; more are dashed."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One scalar over time."""

    name: str
    points: tuple[Point, ...]
    """Images seen and value. Where a value is not finite, or the images go back, the line is broken."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Curves of one kind on common axes."""

    title: str
    unit: str
    """What the vertical axis counts."""
    curves: tuple[Curve, ...]
    level: float | None = None
    """A value worth a line of its own."""
    level_name: str = ""
    limits: tuple[float, float] | None = None
    """Ends of the vertical axis; None means as the values ask for."""


def draw(chart: Chart, marks: Sequence[tuple[str, float, str]] = ()) -> str:
    """The chart as an SVG element; its classes are coloured by the page.

    Args:
        chart: what to draw; at least one value must be finite.
        marks: label, images and text of what happened on the way.

    Example:
        >>> chart = Chart(title="t", unit="u", curves=(Curve(name="c", points=((0, 1.0), (10, 2.0))),))
        >>> draw(chart).count("<path class='curve")
        1
    """
    axes = _Axes(chart, [images for _, images, _ in marks])
    label = escape(f"{chart.title}: {chart.unit} over images seen", quote=True)
    parts = [f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='{label}'>", axes.grid()]
    middle = _TOP + axes.height / 2
    scale = ", log scale" if axes.log else ""
    parts.append(
        f"<text class='axis' text-anchor='middle' transform='translate(13 {middle}) rotate(-90)'>"
        f"{escape(chart.unit + scale)}</text>"
        f"<text class='axis' text-anchor='middle' x='{_LEFT + axes.width / 2}' y='{_HEIGHT - 6}'>"
        "images seen</text>"
    )
    for name, images, text in marks:
        x = axes.x(images)
        parts.append(
            f"<g class='mark'><title>{escape(text)}</title><line x1='{x:.1f}' x2='{x:.1f}' y1='{_TOP}'"
            f" y2='{_TOP + axes.height}'/><text x='{x:.1f}' y='{_TOP - 5}' text-anchor='middle'>"
            f"{escape(name)}</text></g>"
        )
    parts += [axes.curve(number, curve) for number, curve in enumerate(chart.curves)]
    if chart.level is not None and axes.holds(chart.level):
        parts.append(axes.level(chart.level, chart.level_name, chart.curves))
    return "".join([*parts, "</svg>"])


class _Axes:
    """Where values lie on the drawing."""

    width = _WIDTH - _LEFT - _RIGHT
    height = _HEIGHT - _TOP - _BOTTOM

    def __init__(self, chart: Chart, marked: Sequence[float]) -> None:
        points = [point for curve in chart.curves for point in curve.points]
        values = [value for _, value in points if math.isfinite(value)]
        if chart.limits is None and chart.level is not None:
            values.append(chart.level)
        self.end = max([images for images, _ in points] + list(marked)) or 1.0
        low, high = chart.limits or (min(values), max(values))
        low, high = min(low, *values), max(high, *values)
        self.log = low > 0 and high / low >= _LOG_FROM
        if self.log:
            low, high = math.log10(low), math.log10(high)
        if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):
            # A flat line lies in the middle of an axis that has a height.
            low, high = low - (abs(low) * 0.1 or 1.0), high + (abs(high) * 0.1 or 1.0)
        room = 0.0 if chart.limits else 0.04 * (high - low)
        self.low, self.high = low - room, high + room

    def x(self, images: float) -> float:
        return _LEFT + self.width * images / self.end

    def y(self, value: float) -> float:
        position = math.log10(value) if self.log else value
        return _TOP + self.height * (self.high - position) / (self.high - self.low)

    def holds(self, value: float) -> bool:
        if self.log and value <= 0:
            return False
        return _TOP - 1e-6 <= self.y(value) <= _TOP + self.height + 1e-6

    def level(self, value: float, name: str, curves: Sequence[Curve]) -> str:
        """A line with its name, on the side where fewer values lie."""
        y = self.y(value)
        found = [v for curve in curves for _, v in curve.points if math.isfinite(v)]
        below = sum(v > value for v in found) > len(found) / 2 and y < _TOP + self.height - 20
        return (
            f"<line class='level' x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y:.1f}' y2='{y:.1f}'/>"
            f"<text class='over' text-anchor='end' x='{_WIDTH - _RIGHT}' y='{y + (14 if below else -5):.1f}'>"
            f"{escape(name)}</text>"
        )

    def grid(self) -> str:
        """Lines and numbers of both axes."""
        parts = []
        for value in self._levels():
            y = self.y(value)
            parts.append(
                f"<line class='grid' x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y:.1f}' y2='{y:.1f}'/>"
                f"<text class='tick' text-anchor='end' x='{_LEFT - 6}' y='{y + 4:.1f}'>{value:.4g}</text>"
            )
        for images in ticks(0, self.end, 6):
            x, foot = self.x(images), _TOP + self.height
            text = f"{images:,.0f}" if images >= 1 or not images else f"{images:.4g}"
            parts.append(
                f"<line class='grid' x1='{x:.1f}' x2='{x:.1f}' y1='{foot}' y2='{foot + 4}'/>"
                f"<text class='tick' text-anchor='middle' x='{x:.1f}' y='{foot + 16}'>{text}</text>"
            )
        return "".join(parts)

    def _levels(self) -> list[float]:
        if not self.log:
            return ticks(self.low, self.high, 6)
        step = max(1, round((self.high - self.low) / 6))
        return [10.0**power for power in range(math.ceil(self.low), math.floor(self.high) + 1, step)]

    def curve(self, number: int, curve: Curve) -> str:
        """The line of a curve, and a dot for every point that has no neighbour to be joined to."""
        style = f"c{number % COLOURS}" + (" dashed" if number >= COLOURS else "")
        steps, dots = [], []
        for stretch in stretches(curve.points):
            places = [f"{self.x(images):.1f} {self.y(value):.1f}" for images, value in stretch]
            if len(places) == 1:
                x, y = places[0].split()
                dots.append(f"<circle class='dot {style}' cx='{x}' cy='{y}' r='2.5'/>")
            else:
                steps.append("M" + "L".join(places))
        path = f"<path class='curve {style}' d='{''.join(steps)}'/>" if steps else ""
        return f"<g><title>{escape(curve.name)}</title>{path}{''.join(dots)}</g>"


def stretches(points: Sequence[Point]) -> list[list[Point]]:
    """The points in pieces that may be joined, thinned out.

    Example:
        >>> stretches([(0, 1.0), (5, math.nan), (9, 2.0), (4, 3.0)])
        [[(0, 1.0)], [(9, 2.0)], [(4, 3.0)]]
    """
    pieces: list[list[Point]] = [[]]
    for images, value in points:
        if pieces[-1] and (not math.isfinite(value) or images < pieces[-1][-1][0]):
            pieces.append([])
        if math.isfinite(value):
            pieces[-1].append((images, value))
    return [_thinned(piece, len(points)) for piece in pieces if piece]


def _thinned(piece: list[Point], total: int) -> list[Point]:
    every = 2 * math.ceil(total / _MOST_POINTS)
    if total <= _MOST_POINTS or len(piece) <= 2:
        return piece
    kept = [piece[0]]
    for start in range(1, len(piece) - 1, every):
        part = piece[start : min(start + every, len(piece) - 1)]
        ends = {min(part, key=_value), max(part, key=_value)}
        kept += [point for point in part if point in ends][:2]
    return [*kept, piece[-1]]


def _value(point: Point) -> float:
    return point[1]


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from `low` to `high`, about so many.

    Example:
        >>> ticks(0, 97, 5)
        [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda step: abs(math.log(step / rough)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounded to the step's own digits: 3 * 0.1 is not 0.3.
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(index * step, digits) + 0.0 for index in range(first, last + 1)]
