"""The curves of the generator's training, where it left a log."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from ...errors import DataError
from ...runs.history import read_log
from ...runs.page import draw_curves


def training(run: Path | None) -> Iterator[str]:
    """A heading and the curves; nothing where there is no log.

    Args:
        run: the folder of the training.
    """
    if run is None or not (run / "log.jsonl").is_file():
        return
    yield "<h2>Training of the generator</h2>"
    try:
        entries = read_log(run / "log.jsonl")
    except DataError as error:
        yield f"<p>Not shown: {escape(str(error))}.</p>"
        return
    yield (
        f"<p>{entries[-1].images:,.0f} images seen in {entries[-1].seconds / 60:.1f} minutes.</p>"
        "<details><summary>Curves</summary>"
    )
    yield from draw_curves(entries)
    yield "</details>"
