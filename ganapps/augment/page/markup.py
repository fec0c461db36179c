"""Pieces of HTML that the sections of the page share."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int, total: bool = False) -> str:
    """A table; every cell is escaped.

    Args:
        columns: headings.
        rows: cells; the first of each is the row's heading.
        numbers: the column from which on cells are numbers, aligned to the right.
        total: whether the last row is the sum of the others.

    Example:
        >>> "<td class='number'>1</td>" in table(["class", "real"], [["<b>", "1"]], numbers=1)
        True
    """
    head = "".join(
        f"<th scope='col'{_aligned(column, numbers)}>{escape(name)}</th>"
        for column, name in enumerate(columns)
    )
    lines = [_row(cells, numbers) for cells in rows]
    foot = f"<tfoot>{lines.pop()}</tfoot>" if total else ""
    return (
        f"<div class='wide' tabindex='0'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody>{foot}</table></div>"
    )


def facts(entries: Sequence[tuple[str, str]]) -> str:
    """A table of names and what is to be said of them."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in entries
    )
    return f"<table><tbody>{rows}</tbody></table>"


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def sentence(text: str) -> str:
    """Text as a whole sentence: a capital at its start and a full stop at its end.

    Example:
        >>> sentence("no effect")
        'No effect.'
    """
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _row(cells: Sequence[str], numbers: int) -> str:
    first, *rest = cells
    shown = "".join(
        f"<td{_aligned(column, numbers)}>{escape(cell)}</td>" for column, cell in enumerate(rest, 1)
    )
    return f"<tr><th scope='row'>{escape(first)}</th>{shown}</tr>"


def _aligned(column: int, numbers: int) -> str:
    return " class='number'" if column >= numbers else ""
