"""A benchmark on one page: an HTML file that holds all it shows and needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from ...runs.page_style import BASE
from ...runtime.files import write_atomically
from .exhibit import QUALITY
from .exhibit_markup import choice, first_sides, mark_up, title_of
from .method import BICUBIC
from .page_script import SCRIPT
from .page_style import STYLE
from .scoreboard import Row, Table

# Nothing is loaded from anywhere, whatever a name in the page might ask for.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_TITLE = "Upscaling compared"
_EXPLAINED = (
    ("Y-PSNR, PSNR", "Peak signal-to-noise ratio in dB, of the luma and of all channels: higher is closer."),
    ("Y-SSIM, SSIM", "Structural similarity, of the luma and as the mean of the channels; 1 is the same."),
    ("LPIPS VGG, LPIPS Alex", "Perceptual distance, shift-tolerant: lower is closer to the eye."),
    ("NIQE", "How unlike photographs a picture is by itself, its original unseen: lower is more natural."),
    ("s/MP", "Seconds of the measuring machine per megapixel of output."),
    ("GMAC/MP", "Billions of multiply-accumulates per megapixel of output."),
    ("weights", "Numbers that training has found."),
)
_BEST: dict[str, Callable[[Row], float | None]] = {
    "Y-PSNR": lambda row: row.psnr_y,
    "Y-SSIM": lambda row: row.ssim_y,
    "PSNR": lambda row: row.psnr_rgb,
    "SSIM": lambda row: row.ssim_rgb,
    "LPIPS VGG": lambda row: None if row.lpips_vgg is None else -row.lpips_vgg,
    "LPIPS Alex": lambda row: None if row.lpips_alex is None else -row.lpips_alex,
    "NIQE": lambda row: None if row.niqe is None else -row.niqe,
}
"""Columns whose best is marked, and what is larger where they are better."""


def write_page(path: Path, table: Table) -> None:
    """Write a page with the table, and with the exhibits side by side and under sliders.

    It works from the disk, with the keyboard, in light and in dark; without a script the sliders stand still.

    Args:
        path: of the HTML file; an older one is replaced.
        table: measured with exhibits.

    Raises:
        OutputError: the page cannot be written; an older one still stands.
    """
    # A file name may hold half a surrogate pair, which UTF-8 cannot.
    write_atomically(path, "".join(_parts(table)).encode("utf-8", errors="replace"))


def _parts(table: Table) -> Iterator[str]:
    yield (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{_TITLE}</title><style>{BASE}{STYLE}</style></head><body><main><h1>{_TITLE}</h1>"
    )
    yield _introduction(table)
    yield _scores(table)
    if table.notes:
        yield f"<ul class='notes'>{''.join(f'<li>{escape(note)}</li>' for note in table.notes)}</ul>"
    explained = "".join(
        f"<dt>{name}</dt><dd>{text}</dd>"
        for name, text in _EXPLAINED
        if name.partition(",")[0] in table.columns
    )
    yield f"<details class='explained'><summary>What the columns say</summary><dl>{explained}</dl></details>"
    yield from _exhibits(table)
    yield f"</main><script>{SCRIPT}</script></body></html>\n"


def _introduction(table: Table) -> str:
    pictures = len({(score.folder, score.picture) for score in table.scores})
    made = (
        "shrunk by antialiased bicubic interpolation"
        if table.degradation == "clean"
        else f"shrunk and damaged by the profile “{escape(table.degradation)}”, seed {table.seed},"
    )
    return f"<p>{pictures} pictures, {made} and enlarged again, compared with their originals.</p>"


def _scores(table: Table) -> str:
    """The table; the best of the models of one folder and scale are bold."""
    numbers = table.columns.index("images")
    head = "".join(
        f"<th scope='col'{_right(index >= numbers)}>{escape(name)}</th>"
        for index, name in enumerate(table.columns)
    )
    body = "".join(_row(table, row, cells) for row, cells in zip(table.rows, table.cells, strict=True))
    return (
        "<div class='wide' role='region' aria-label='Scores' tabindex='0'>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(table: Table, row: Row, cells: tuple[str, ...]) -> str:
    rivals = [r for r in table.rows if (r.folder, r.scale) == (row.folder, row.scale) and r.model != BICUBIC]
    marked = []
    for column, cell in zip(table.columns, cells, strict=True):
        value = _BEST[column](row) if column in _BEST and row.model != BICUBIC else None
        best = len(rivals) > 1 and value is not None and value == max(_goodness(column, r) for r in rivals)
        text = f"<span class='best'>{escape(cell)}</span>" if best else escape(cell)
        tag = "th scope='row'" if column == "model" else "td"
        marked.append(f"<{tag}{_right(column not in ('folder', 'model', 'scale'))}>{text}</{tag[:2]}>")
    return f"<tr>{''.join(marked)}</tr>"


def _goodness(column: str, row: Row) -> float:
    value = _BEST[column](row)
    return float("-inf") if value is None else value


def _right(number: bool) -> str:
    return " class='number'" if number else ""


def _exhibits(table: Table) -> Iterator[str]:
    if not table.exhibits:
        return
    yield "<h2>Side by side</h2>"
    total = len({(score.folder, score.picture, score.scale) for score in table.scores})
    some = "" if len(table.exhibits) == total else f"{len(table.exhibits)} of {total}, evenly over all. "
    exact = "Every picture is exact."
    if not table.exhibits[0].exact:
        exact = f"These are exact; those under the divider are WebP of quality {QUALITY}."
    yield (
        f"<p>{some}Drag the divider, or move it with the arrow keys. Below it stand the places where the"
        f" methods differ most, pixel for pixel, with the figures of the whole picture. {exact}</p>"
        "<noscript><p class='notes'>The dividers need JavaScript, which is off.</p></noscript>"
    )
    if len(table.exhibits) > 1:
        titles = dict.fromkeys(title_of(view) for exhibit in table.exhibits for view in exhibit.views)
        left, right = (title_of(table.exhibits[0].views[side]) for side in first_sides(table.exhibits[0]))
        lists = choice([(title, title) for title in titles], left, right, "in all pictures")
        yield f"<div class='all choice'>In all pictures: {lists}</div>"
    for exhibit in table.exhibits:
        yield mark_up(exhibit)
