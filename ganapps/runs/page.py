"""A run on one page: an HTML file that holds all it shows and needs no network and no script."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..runtime.files import write_atomically
from . import options
from .curves import COLOURS, Chart, Curve, draw
from .history import Entry, read_log
from .page_style import STYLE

NAME = "report.html"
_MOST_SHEETS = 12
"""Sheets of samples that the page holds; of more, as many are taken evenly over the run."""
_PNG = b"\x89PNG\r\n\x1a\n"
_UNITS = {
    "told apart": "share of pairs",
    "diversity": "spread, generated over real",
    "gradient norm": "norm, before clipping",
    "images a second": "images a second",
}


def write_run_page(run: Path) -> Path:
    """Write `run/report.html`, from the log, the options and the sheets of samples that lie there.

    Args:
        run: the folder of a run: `log.jsonl`, and where there are any `options.json`, `samples.png`,
            `samples-*.png`.

    Returns:
        The path of the page.

    Raises:
        DataError: the log is missing, empty or damaged.
        CheckpointError: the options are damaged.
        OutputError: the page cannot be written; an older one still stands.
    """
    entries = read_log(run / "log.jsonl")
    title = escape(f"Training run {run.resolve().name}")
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>",
        _facts(entries),
        _notes(_marks(entries)),
        *_sheets(run),
        *draw_curves(entries),
        _options(run),
        "</main></body></html>\n",
    ]
    page = run / NAME
    # A sentence of the log may hold half a surrogate pair, which UTF-8 cannot.
    write_atomically(page, "".join(parts).encode("utf-8", errors="replace"))
    return page


def _facts(entries: Sequence[Entry]) -> str:
    last = entries[-1]
    facts = [
        ("images seen", f"{last.images:,.0f}"),
        ("of the budget", f"{100 * last.progress:.1f} %"),
        ("trained for", _duration(last.seconds)),
    ]
    shown = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f"<dl class='facts'>{shown}</dl>"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes:.0f} min {seconds:02.0f} s"
    return f"{minutes // 60:,.0f} h {minutes % 60:02.0f} min"


def _marks(entries: Sequence[Entry]) -> list[tuple[str, float, str]]:
    notes = [(entry.images, note) for entry in entries for note in entry.notes]
    return [(str(number), images, note) for number, (images, note) in enumerate(notes, 1)]


def _notes(marks: Sequence[tuple[str, float, str]]) -> str:
    if not marks:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for _, _, text in marks)
    return (
        "<h2>What happened</h2><p>Each is marked in the curves with its number, where it was reported.</p>"
        f"<ol class='notes'>{items}</ol>"
    )


def _sheets(run: Path) -> Iterator[str]:
    """A heading and a figure for each sheet of samples."""
    found = [path for path in (run / "samples.png", *run.glob("samples-*.png")) if path.is_file()]
    found.sort(key=_by_number)
    if not found:
        return
    yield "<h2>Samples</h2>"
    chosen = found
    if len(found) > _MOST_SHEETS:
        chosen = [found[round(i * (len(found) - 1) / (_MOST_SHEETS - 1))] for i in range(_MOST_SHEETS)]
        yield f"<p>{len(chosen)} of {len(found)} sheets, evenly over the run.</p>"
    for path in chosen:
        name = escape(path.name, quote=True)
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        if not data.startswith(_PNG):
            yield f"<p>{name} is no PNG picture and is not shown.</p>"
            continue
        picture = base64.b64encode(data).decode("ascii")
        yield (
            f"<figure><img alt='sheet of samples {name}' src='data:image/png;base64,{picture}'>"
            f"<figcaption>{name}</figcaption></figure>"
        )


def _by_number(path: Path) -> list[tuple[int, int, str]]:
    """A key that puts samples-900 before samples-1000, and samples.png last, as it is the newest."""
    if path.name == "samples.png":
        return [(2, 0, "")]
    pieces = re.findall(r"[0-9]+|[^0-9]+", path.stem)
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]


def draw_curves(entries: Sequence[Entry]) -> Iterator[str]:
    """A heading, a figure for each group of scalars, and a table of those reported once."""
    marks = _marks(entries)
    singles: list[Curve] = []
    yield "<h2>Curves</h2>"
    for kind, curves in _groups(entries).items():
        drawn = [curve for curve in curves if len(curve.points) > 1]
        singles += [curve for curve in curves if len(curve.points) == 1]
        if not drawn:
            continue
        if any(math.isfinite(value) for curve in drawn for _, value in curve.points):
            picture = draw(_chart(kind, drawn), marks)
        else:
            picture = "<p>No value was a finite number.</p>"
        yield f"<figure><figcaption><h3>{escape(kind)}</h3></figcaption>{picture}{_legend(drawn)}</figure>"
    if singles:
        rows = "".join(_row(curve.name, f"{curve.points[0][1]:.6g}") for curve in singles)
        yield f"<h2>Reported once</h2><table><tbody>{rows}</tbody></table>"


def _groups(entries: Sequence[Entry]) -> dict[str, list[Curve]]:
    """Curves by kind, the last part of a scalar's name: both players' "adversarial" go together."""
    points: dict[str, list[tuple[float, float]]] = {}
    for entry in entries:
        for name, value in entry.scalars.items():
            points.setdefault(name, []).append((entry.images, value))
    groups: dict[str, list[Curve]] = {}
    for name, values in points.items():
        groups.setdefault(name.rpartition("/")[2] or name, []).append(Curve(name=name, points=tuple(values)))
    return groups


def _chart(kind: str, curves: Sequence[Curve]) -> Chart:
    players = any(curve.name.startswith(("generator/", "discriminator/")) for curve in curves)
    unit = _UNITS.get(kind) or ("dB" if "PSNR" in kind else "loss" if players else "value")
    chosen = tuple(curves)
    if kind == "told apart":
        name = "1/2: real and generated cannot be told apart"
        return Chart(title=kind, unit=unit, curves=chosen, level=0.5, level_name=name, limits=(0.0, 1.0))
    if kind == "diversity":
        return Chart(title=kind, unit=unit, curves=chosen, level=1.0, level_name="1: spread as real images")
    return Chart(title=kind, unit=unit, curves=chosen)


def _legend(curves: Sequence[Curve]) -> str:
    """Colour, name, and the last, least and greatest value of each curve."""
    rows = []
    for number, curve in enumerate(curves):
        values = [value for _, value in curve.points]
        finite = [value for value in values if math.isfinite(value)]
        ends = [values[-1], min(finite), max(finite)] if finite else [math.nan] * 3
        cells = "".join(f"<td>{value:.4g}</td>" for value in ends)
        lost = len(values) - len(finite)
        more = f" ({lost} of {len(values)} values are not finite)" if lost else ""
        swatch = f"<span class='swatch b{number % COLOURS}'></span>"
        rows.append(f"<tr><th scope='row'>{swatch}{escape(curve.name + more)}</th>{cells}</tr>")
    head = "<tr><th></th><th>last</th><th>least</th><th>greatest</th></tr>"
    return f"<table class='legend'><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _options(run: Path) -> str:
    if not (run / options.NAME).exists():
        return ""
    rows = "".join(_row(name, value) for name, value in _flat(options.read_options(run)))
    return f"<h2>Options</h2><table><tbody>{rows}</tbody></table>"


def _flat(options: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name} / ")
        elif isinstance(value, list):
            yield prefix + name, ", ".join(map(_said, value))
        else:
            yield prefix + name, _said(value)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(name: str, value: str) -> str:
    return f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>"
