"""The pictures of the page: each class, the closest pairs, and what was dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, TypeVar

from ...runtime.images import IMAGE_SUFFIXES
from ..output import findings
from ..output.expansion import KINDS, Expansion, kind_of
from .markup import paragraph, sentence
from .pictures import Pictures

_OF_CLASSES = 400
"""Pictures that the classes may have together."""
_A_ROW, _LEAST_A_ROW = 8, 2
"""Pictures in a row, at most and at least."""
_PAIRS = 8
_REJECTED = 8
"""Of each reason."""
_REASONS = {
    "near-copy of a real image": "Near-copies of a real image",
    "near-copy of an image already added": "Repeats of an image already added",
    "not what its label says": "Not what the label says",
}
Item = TypeVar("Item")


def classes(expansion: Expansion, pictures: Pictures) -> Iterator[str]:
    """Real images of each class and, beside them, what was added, over what it is nearest to or made from."""
    entries = expansion.classes
    a_class = 1 + 2 * max(1, len(expansion.kinds))
    width = max(_LEAST_A_ROW, min(_A_ROW, _OF_CLASSES // (a_class * len(entries))))
    shown = entries[: max(1, _OF_CLASSES // (a_class * width))]
    yield "<h2>Class by class</h2>"
    few = f" {len(shown)} of {len(entries)} classes are shown." if len(shown) < len(entries) else ""
    yield (
        "<p>Under each synthetic image, fainter, the real one nearest to it, with their distance: 0 for the"
        " same image, 2 for an image and its negative. Under each changed copy the image it was made from."
        f" All of them are reduced to fit the page; sheets/ has more.{few}</p>"
    )
    for entry in shown:
        yield _class(expansion, pictures, entry, width)


def _class(expansion: Expansion, pictures: Pictures, entry: Mapping[str, Any], width: int) -> str:
    name = str(entry["name"])
    lines = expansion.of_class(name)
    real = _real(expansion, name, {str(line["file"]) for line in lines})
    figures = "".join(
        f"<figure>{pictures.element(path, f'real image of {name}')}</figure>" for path in spread(real, width)
    )
    parts = [_row(f"real: {entry['real']}", figures)]
    for kind in expansion.kinds:
        own = [line for line in lines if kind_of(line) == kind]
        if own:
            pairs = "".join(_pair(expansion, pictures, line) for line in spread(own, width))
            parts.append(_row(f"{KINDS.get(kind, kind)}: {len(own)}", pairs))
    if not lines:
        parts.append("<p class='label'>nothing was added</p>")
    return f"<section class='class'><h3>{escape(name)}</h3>{''.join(parts)}</section>"


def _real(expansion: Expansion, name: str, made: set[str]) -> list[Path]:
    """The real images of a class, by name."""
    folder = expansion.folder / "images" / name
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    return [path for path in found if path.relative_to(expansion.folder).as_posix() not in made]


def closest(expansion: Expansion, pictures: Pictures) -> Iterator[str]:
    """Whether what was learned from is repeated: a sentence, and the pairs that are nearest to each other."""
    said = findings.memorisation(expansion)
    if said is None:
        return
    found = expansion.report["memorisation"]
    yield f"<h2>Are they copies?</h2><p class='verdict'>{escape(sentence(said))}</p>"
    yield paragraph(_compared(found))
    lines = [line for line in expansion.lines if isinstance(line.get("distance"), int | float)]
    nearest = sorted(lines, key=lambda line: float(line["distance"]))[:_PAIRS]
    if nearest:
        pairs = "".join(_pair(expansion, pictures, line, named=True) for line in nearest)
        yield _row("the closest pairs of the whole set", pairs)


def _compared(found: Mapping[str, Any]) -> str:
    """What the sentence rests on."""
    held_out = found["reference"] == "held-out"
    said = ""
    if found["nearest"] is not None:
        said = (
            "The p-value is over permutations of which real images were trained on and which held out, class"
            " by class; it holds where both are drawn from the same source. "
        )
    others = "held out" if held_out else "of the set, each against all others"
    said += (
        f"The median distance to the nearest training image is {found['median_real']:.2f} for"
        f" {found['images']} real images {others}"
    )
    if found["median_added"] is not None:
        said += f" and {found['median_added']:.2f} for added ones"
    for key, name in (("added", "added"), ("generated", "generated, before selection,")):
        if found[key] is not None:
            said += (
                f"; of all images {name} one lies nearer than a real one of its class in"
                f" {100 * found[key]['nearer']:.0f} of 100 pairs"
            )
    return f"{said}. Plain or typical images lie nearer to everything without being copies."


def rejected(expansion: Expansion, pictures: Pictures) -> Iterator[str]:
    """A few of the images that were dropped, by reason."""
    entries = expansion.report.get("rejected") or []
    if not entries:
        return
    yield "<h2>Dropped</h2>"
    for reason in dict.fromkeys(str(entry["reason"]) for entry in entries):
        own = [entry for entry in entries if entry["reason"] == reason]
        figures = "".join(_pair(expansion, pictures, entry, named=True) for entry in spread(own, _REJECTED))
        heading = f"<h3>{escape(_REASONS.get(reason, reason))}</h3>"
        yield f"<section class='reason'>{heading}{_row('', figures)}</section>"


def _pair(expansion: Expansion, pictures: Pictures, line: Mapping[str, Any], *, named: bool = False) -> str:
    """A made image over the real one that it is nearest to, or was made from."""
    name = str(line.get("class") or line.get("name"))
    kind = kind_of(line)
    # Of a changed copy the source lies in the set; that of other images may lie anywhere.
    below = line.get("nearest_real") or (line.get("source") if kind == "classic" else None)
    shown = pictures.element(expansion.path(str(line["file"])), f"added image of {name}")
    if below:
        what = (
            "the real image nearest to it" if line.get("nearest_real") else "the real image it was made from"
        )
        shown += pictures.element(expansion.path(str(below)), what)
    facts = [name] if named else []
    if isinstance(line.get("distance"), int | float):
        facts.append(f"distance {line['distance']:.2f}")
    if (named or kind == "pseudo-labelled") and isinstance(line.get("confidence"), int | float):
        facts.append(f"belief {line['confidence']:.2f}")
    caption = f"<figcaption>{'<br>'.join(map(escape, facts))}</figcaption>" if facts else ""
    return f"<figure class='pair'>{shown}{caption}</figure>"


def _row(label: str, figures: str) -> str:
    head = f"<p class='label'>{escape(label)}</p>" if label else ""
    return f"{head}<div class='row'>{figures}</div>"


def spread(items: Sequence[Item], number: int) -> list[Item]:
    """So many items, evenly over all.

    Example:
        >>> spread("abcdefg", 3)
        ['a', 'd', 'g']
    """
    if len(items) <= number:
        return list(items)
    return [items[round(i * (len(items) - 1) / (number - 1))] for i in range(number)]
