"""OUT/report.html, section by section."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from ...runs.page_style import STYLE as RUN_STYLE
from ...runtime.files import write_atomically
from ..output import findings
from ..output.expansion import KINDS, Expansion
from .curves import training
from .galleries import classes, closest, rejected
from .markup import facts, paragraph, sentence, table
from .pictures import Pictures
from .proof import proof
from .style import STYLE

NAME = "report.html"
# Nothing is loaded from anywhere and nothing is run, whatever a name in the page might ask for.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_page(expansion: Expansion, *, run: Path | None = None) -> None:
    """Write the page of a set into its folder, from what lies there.

    Args:
        expansion: the set.
        run: the folder of its generator's training, for the curves; None, or a folder without a log, leaves
            them out.

    Raises:
        OutputError: the page cannot be written; an older one still stands.
    """
    # A name may hold half a surrogate pair, which UTF-8 cannot.
    page = "".join(_parts(expansion, run)).encode("utf-8", errors="replace")
    write_atomically(expansion.folder / NAME, page)


def _parts(expansion: Expansion, run: Path | None) -> Iterator[str]:
    report = expansion.report
    title = escape(f"{report['source']['name']}, expanded")
    pictures = Pictures(report["source"]["white"])
    yield (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{title}</title><style>{RUN_STYLE}{STYLE}</style></head><body><main><h1>{title}</h1>"
    )
    yield _verdict(expansion)
    yield _numbers(expansion)
    yield _changes(expansion)
    yield from classes(expansion, pictures)
    yield from closest(expansion, pictures)
    yield from rejected(expansion, pictures)
    yield from proof(expansion)
    yield from training(run)
    yield _provenance(expansion)
    yield "</main></body></html>\n"


def _verdict(expansion: Expansion) -> str:
    word = "" if expansion.proof is None else str(expansion.proof["verdict"])
    tone = f" {word}" if word in ("helps", "hurts") else ""
    said = f"<p class='verdict{tone}'>{escape(sentence(findings.verdict(expansion)))}</p>"
    if expansion.proof is None:
        said += (
            "<p>No test set was given, or its proof was left out or is not finished. With real images that"
            " nothing was trained on, <code>ganapps prove DATA OUT --test TEST</code> measures whether the"
            " added ones make a better classifier.</p>"
        )
    return said


def _numbers(expansion: Expansion) -> str:
    entries = expansion.classes
    counted = [("real images", sum(int(entry["real"]) for entry in entries))]
    counted += [
        (KINDS.get(kind, kind), sum(expansion.counts(entry["name"])[kind] for entry in entries))
        for kind in expansion.kinds or ["synthetic"]
    ]
    lost = sum(sum(findings.dropped(entry).values()) for entry in entries)
    counted += [("dropped", lost), ("classes", len(entries))]
    shown = "".join(f"<div><dt>{escape(name)}</dt><dd>{count:,}</dd></div>" for name, count in counted)
    return f"<dl class='facts'>{shown}</dl>"


def _changes(expansion: Expansion) -> str:
    """What was added and what was dropped, class by class."""
    kinds = expansion.kinds or ["synthetic"]
    reasons = [] if expansion.report.get("kind") == "classic" else list(findings.DROPPED)
    columns = ["class", "real", *(f"+ {KINDS.get(kind, kind)}" for kind in kinds)]
    columns += ["generated", *(f"dropped: {reason}" for reason in reasons)] if reasons else []
    rows = []
    for entry in expansion.classes:
        counts, lost = expansion.counts(entry["name"]), findings.dropped(entry)
        row = [int(entry["real"]), *(counts[kind] for kind in kinds)]
        row += [int(entry["generated"]), *(lost[reason] for reason in reasons)] if reasons else []
        rows.append((str(entry["name"]), row))
    total = [sum(values) for values in zip(*(row for _, row in rows), strict=True)]
    cells = [[name, *(f"{value:,}" for value in row)] for name, row in [*rows, ("all", total)]]
    said = paragraph(sentence(findings.added(expansion)))
    if reasons:
        said += paragraph(" ".join(sentence(f"{name}: {why}") for name, why in findings.DROPPED.items()))
    return f"<h2>Added and dropped</h2>{said}{table(columns, cells, numbers=1, total=True)}"


def _provenance(expansion: Expansion) -> str:
    report = expansion.report
    source = report["source"]
    shape = source["shape"]
    colour = "grey" if shape["channels"] == 1 else "colour"
    entries = [
        ("real images", f"{source['name']}: {source['images']} images, SHA-256 {source['sha256']}"),
        ("worked on as", f"{shape['height']} x {shape['width']} px, {colour}"),
        ("licence of the real images", findings.licence(expansion)),
        ("seed", str(report["seed"])),
        ("ganapps", str(report["version"])),
    ]
    if report["model"]:
        entries.insert(2, ("generator, SHA-256", str(report["model"])))
    if report["command"]:
        entries.append(("command", str(report["command"])))
    made = "".join(f"<li>{escape(item)}</li>" for item in findings.made(expansion))
    ways = f"<ul>{made}</ul>" if made else ""
    limits = "".join(f"<li>{escape(item)}</li>" for item in findings.limits(expansion))
    return (
        f"<h2>Where it comes from</h2>{ways}{facts(entries)}{_policy(expansion)}"
        f"<h2>Limits</h2><ul class='said'>{limits}</ul>"
    )


def _policy(expansion: Expansion) -> str:
    found: dict[str, Any] | None = findings.policy(expansion)
    if found is None:
        return ""
    entries = [(name, str(value)) for name, value in found["numbers"].items()]
    heading = f"<h3>Classic policy: {escape(found['name'])}</h3>"
    return f"{heading}{paragraph(sentence(found['chosen']))}{facts(entries)}"
