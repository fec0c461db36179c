"""The proof on the page: what each classifier scored, and the differences with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ..output.expansion import Expansion
from .markup import paragraph, sentence, table

_MEASURE = "balanced accuracy"
_WIDTH, _LEFT, _RIGHT, _LINE, _FOOT = 760, 380, 20, 26, 34
"""Of the drawing of intervals, in px."""


def proof(expansion: Expansion) -> Iterator[str]:
    """Tables and a drawing for each classifier; nothing where there was no proof."""
    found = expansion.proof
    if found is None:
        return
    names = found.get("arm_names") or {}
    yield "<h2>The proof</h2>"
    for said in found.get("also") or []:
        yield paragraph(sentence(str(said)))
    yield paragraph(
        f"The same two classifiers were trained on each set, the network {found['updates']} updates, under"
        f" {found['seeds']} paired seeds, and asked for {sum(found['test'])} test images that chose nothing."
        f" The verdict is that of the better one on held-out training images: {found['decisive_network']}."
    )
    for network in found["networks"]:
        yield from _network(network, found["classes"], names)
    for arm, reason in found["missing"].items():
        yield paragraph(sentence(f"{names.get(arm, arm)}: not measured, {reason}"))
    if found["near_copies"]:
        yield paragraph(
            f"{found['near_copies']} test images were left out: nearly the same as a real image trained on."
        )


def _network(network: Mapping[str, Any], classes: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    yield f"<h3>{escape(network['network'])}</h3>" + paragraph(
        f"Classic policy: {network['policy']}, {network['validation']:.1%} on held-out training images."
    )
    rows = []
    for arm in network["arms"]:
        weakest = min(range(len(classes)), key=lambda label, recall=arm["recall"]: recall[label])  # type: ignore[misc]
        rows.append(
            [
                names.get(arm["arm"], arm["arm"]),
                str(arm["images"]),
                _percent(_mean(arm["accuracy"])),
                _percent(_mean(arm["balanced_accuracy"])),
                f"{classes[weakest]}: {_percent(arm['recall'][weakest])}",
            ]
        )
    yield table(["trained on", "images", "accuracy, %", "balanced, %", "weakest class, %"], rows, numbers=1)
    compared = [entry for entry in network["comparisons"] if entry["measure"] == _MEASURE]
    if not compared:
        return
    rows = [
        [
            _versus(entry, names),
            _points(entry["difference"]["mean"]),
            f"{_points(entry['difference']['low'])} to {_points(entry['difference']['high'])}",
            f"{entry['p_value']:.3f}",
            entry["effect"],
        ]
        for entry in compared
    ]
    yield table(["difference, points", "mean", "95 % interval", "p", "verdict"], rows, numbers=1)
    yield f"<figure>{draw_intervals(compared, names)}</figure>"


def draw_intervals(compared: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """Means and intervals over a common axis, in points, as an SVG element.

    Args:
        compared: comparisons of one measure, at least one.
        names: what to call arms that are not to be called what they are in the file.
    """
    ends = [100 * float(entry["difference"][end]) for entry in compared for end in ("low", "high")]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.05 * (high - low) or 1.0
    low, high = low - room, high + room

    def across(value: float) -> float:
        """Where a value lies on the drawing."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)

    height = _LINE * len(compared) + _FOOT
    bottom = height - _FOOT + 6
    parts = [
        f"<svg viewBox='0 0 {_WIDTH} {height}' role='img' aria-label='differences and their intervals'>",
        f"<line class='zero' x1='{across(0):.1f}' x2='{across(0):.1f}' y1='2' y2='{bottom}'/>",
        f"<text class='tick' text-anchor='middle' x='{across(0):.1f}' y='{bottom + 16}'>0 points</text>",
    ]
    for number, entry in enumerate(compared):
        y = _LINE * number + _LINE / 2
        change = entry["difference"]
        left, mean, right = (across(100 * change[key]) for key in ("low", "mean", "high"))
        parts.append(
            f"<g><text class='said' text-anchor='end' x='{_LEFT - 12}' y='{y + 4}'>"
            f"{escape(_versus(entry, names))}</text>"
            f"<line class='bar' x1='{left:.1f}' x2='{right:.1f}' y1='{y}' y2='{y}'/>"
            f"<circle class='mean' cx='{mean:.1f}' cy='{y}' r='4'/></g>"
        )
    return "".join([*parts, "</svg>"])


def _versus(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    first, second = (names.get(entry[key], entry[key]) for key in ("first", "second"))
    return f"{second} against {first}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
