"""Results, on standard output."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Sequence
from typing import Any


def print_json(value: Any) -> None:
    """Print plain values as JSON, for a program to read; what is infinite or not a number becomes null."""
    print(json.dumps(_finite(value), indent=2))


def print_json_line(value: Any) -> None:
    """Print plain values as JSON on one line, at once: a program may follow them as they come."""
    print(json.dumps(_finite(value)), flush=True)


def _finite(value: Any) -> Any:
    """JSON has no infinity, which is the PSNR of equal images."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[str] = ()
) -> None:
    """Print a table.

    Args:
        columns: headings.
        rows: cells, as they are to be shown.
        numbers: headings of columns that are aligned to the right.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        right = column in numbers
        table.add_column(column, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for row in rows:
        # `Text`, because a plain string may hold what rich takes for markup, as in a file name like [1].png.
        table.add_row(*map(Text, row))
    if sys.stdout.isatty():
        Console(file=sys.stdout, highlight=False).print(table)
        return
    # Into a pipe or a file nothing is wrapped or padded, for grep's sake.
    plain = io.StringIO()
    Console(file=plain, width=10_000, highlight=False).print(table)
    print("\n".join(line.rstrip() for line in plain.getvalue().splitlines()))


def message(text: str, *, quiet: bool = False) -> None:
    """Say something to the person at the terminal, on standard error."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)
