"""The page of a run: it stands alone, shows what the log says, and survives whatever the log holds."""

from __future__ import annotations

import base64
import json
import math
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ganapps.adversarial import Report, RunLog
from ganapps.errors import CheckpointError, DataError, OutputError
from ganapps.runs.curves import Chart, Curve, draw, stretches, ticks
from ganapps.runs.history import read_log
from ganapps.runs.page import write_run_page

VOID = {"meta", "img", "line", "path", "circle"}


class Checked(HTMLParser):
    """Checks that tags are closed in order, and collects them with their attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def log(run, *reports):
    write = RunLog(run / "log.jsonl")
    for images, scalars, *notes in reports:
        write(
            Report(
                images=images,
                progress=images / 1000,
                seconds=images / 10,
                seconds_left=None,
                scalars=scalars,
                notes=tuple(notes),
            )
        )
    return run


def shown(run):
    path = write_run_page(run)
    assert path == run / "report.html"
    text = path.read_text(encoding="utf-8")
    return text, Checked(text)


def places(text, style="c0"):
    """Coordinates of the first curve of that style, a list of points a stretch."""
    path = re.search(rf"<path class='curve {style}' d='([^']*)'", text)[1]
    return [
        [tuple(map(float, p.split())) for p in piece.split("L")] for piece in path.split("M") if piece.strip()
    ]


def test_a_curve_has_its_values_on_its_axes(tmp_path):
    values = [(0, 0.0), (250, 0.5), (500, 1.0), (1000, 0.25)]
    text, _ = shown(log(tmp_path, *((images, {"match/told apart": value}) for images, value in values)))
    (piece,) = places(text)
    level = float(re.search(r"<line class='level'[^>]*y1='([^']*)'", text)[1])
    (x0, y0), (_, half), (x2, y2), (x3, _) = piece
    assert half == pytest.approx(level), "the equilibrium's line is at 1/2"
    assert y0 - half == pytest.approx(half - y2)
    assert y0 > y2, "more is higher"
    assert x3 - x0 == pytest.approx(2 * (x2 - x0))
    assert "1/2: real and generated cannot be told apart" in text
    assert "images seen" in text and "share of pairs" in text


def test_both_players_share_a_chart_and_kinds_do_not(tmp_path):
    both = {"generator/adversarial": 1.0, "discriminator/adversarial": 2.0, "images a second": 9.0}
    text, page = shown(log(tmp_path, (0, both), (10, both)))
    assert [tag for tag, _ in page.tags].count("svg") == 2
    first, second = re.findall(r"<svg.*?</svg>", text)
    assert first.count("<path class='curve") == 2 and second.count("<path class='curve") == 1


def test_nothing_is_fetched_and_nothing_runs(tmp_path):
    text, page = shown(log(tmp_path, (0, {"a": 1.0}), (1, {"a": 2.0})))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object"}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("href", "srcset") for name in attributes)
        assert attributes.get("src", "data:").startswith("data:")
    assert "http" not in text and "url(" not in text
    assert "prefers-color-scheme: dark" in text


def test_everything_is_escaped(tmp_path):
    evil = "</title><script>alert('1')</script>&\""
    run = log(tmp_path, (0, {evil: 1.0, "b/" + evil: 1.0}, evil), (5, {evil: 2.0, "b/" + evil: 1.0}))
    (run / "options.json").write_text(json.dumps({evil: {evil: [evil, 1]}}))
    text, page = shown(run)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "".join(page.words).count(evil) >= 6
    assert "<script" not in text


def test_values_that_are_no_numbers_break_the_line_and_are_counted(tmp_path):
    values = [1.0, 2.0, math.nan, 3.0, math.inf, 4.0, 5.0]
    text, _ = shown(log(tmp_path, *((10 * i, {"loss": value}) for i, value in enumerate(values))))
    assert [len(piece) for piece in places(text)] == [2, 2]
    assert text.count("<circle") == 1, "the 3.0 stands alone"
    assert "2 of 7 values are not finite" in text
    assert "nan" not in "".join(re.findall(r"<svg.*?</svg>", text)).lower()


def test_a_scalar_that_is_never_a_number(tmp_path):
    text, _ = shown(log(tmp_path, (0, {"loss": math.nan}), (1, {"loss": math.nan})))
    assert "No value was a finite number." in text


def test_a_resumed_run_goes_back_without_a_line_across(tmp_path):
    text, _ = shown(log(tmp_path, *((i, {"loss": float(i)}) for i in (0, 10, 20, 30, 15, 25))))
    assert [len(piece) for piece in places(text)] == [4, 2]


def test_notes_are_listed_and_marked_at_their_place(tmp_path):
    text, page = shown(log(tmp_path, (0, {"a": 1.0}), (500, {"a": 2.0}, "it collapsed"), (1000, {"a": 1.0})))
    assert "<li>it collapsed</li>" in text
    mark = float(re.search(r"<g class='mark'>.*?<line x1='([^']*)'", text)[1])
    ((_, (middle, _), _),) = places(text)
    assert mark == pytest.approx(middle)


def test_samples_lie_in_the_page_in_order(tmp_path):
    run = log(tmp_path, (0, {"a": 1.0}))
    for name in ("samples.png", "samples-1000.png", "samples-900.png"):
        Image.fromarray(np.full((4, 6), len(name), np.uint8)).save(run / name)
    (run / "samples-5.png").write_text("no picture")
    text, page = shown(run)
    found = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [a["alt"].split()[-1] for a in found] == ["samples-900.png", "samples-1000.png", "samples.png"]
    with Image.open(BytesIO(base64.b64decode(found[0]["src"].split(",")[1]))) as picture:
        assert picture.size == (6, 4) and picture.getpixel((0, 0)) == len("samples-900.png")
    assert "samples-5.png is no PNG picture and is not shown." in text


def test_of_many_sheets_some_are_shown(tmp_path):
    run = log(tmp_path, (0, {"a": 1.0}))
    for number in range(40):
        Image.new("L", (1, 1)).save(run / f"samples-{number}.png")
    text, page = shown(run)
    names = [a["alt"].split()[-1] for tag, a in page.tags if tag == "img"]
    assert len(names) == len(set(names)) == 12
    assert (names[0], names[-1]) == ("samples-0.png", "samples-39.png")
    assert "12 of 40 sheets" in text


def test_options_are_a_table(tmp_path):
    run = log(tmp_path, (0, {"a": 1.0}))
    options = {"seed": 3, "recipe": {"name": "photo-x4", "betas": [0.5, 0.99]}, "init": None}
    (run / "options.json").write_text(json.dumps(options))
    text, _ = shown(run)
    for row in (("seed", "3"), ("recipe / name", "photo-x4"), ("recipe / betas", "0.5, 0.99")):
        assert "<tr><th scope='row'>{}</th><td>{}</td></tr>".format(*row) in text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: nothing has been reported yet"),
        (b"\n \n", "is empty: nothing has been reported yet"),
        (b'{"images": 1, "progress": 0, "seconds": 1}\n{"images": 2, "pro', "line 2 of the training log"),
        (b'{"progress": 0, "seconds": 1}\n', "it has no images"),
        (b'{"images": NaN, "progress": 0, "seconds": 1}\n', "it has no images"),
        (b'{"images": 1, "progress": 0, "seconds": 1, "loss": "high"}\n', "loss is no number"),
        (b'{"images": 1, "progress": 0, "seconds": 1, "notes": 3}\n', "its notes are no list of sentences"),
        (b'{"images": 1' + b"0" * 400 + b', "progress": 0, "seconds": 1}\n', "line 1 of the training log"),
        (b"[1, 2]\n", "it is no JSON object"),
        (b"[" * 100_000, "line 1 of the training log"),
        (b"\xff\xfe\n", "cannot be read"),
    ],
)
def test_a_damaged_log_is_one_sentence(tmp_path, content, sentence):
    (tmp_path / "log.jsonl").write_bytes(content)
    with pytest.raises(DataError) as caught:
        write_run_page(tmp_path)
    assert sentence in str(caught.value)
    assert str(tmp_path / "log.jsonl") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "report.html").exists()


def test_a_missing_log_and_damaged_options(tmp_path):
    with pytest.raises(DataError, match="there is no training log at .*log.jsonl"):
        write_run_page(tmp_path)
    log(tmp_path, (0, {"a": 1.0}))
    for content, sentence in (("{", "cannot be read: "), ("[]", "must hold a JSON object, not list$")):
        (tmp_path / "options.json").write_text(content)
        with pytest.raises(CheckpointError, match=f"options.json {sentence}"):
            write_run_page(tmp_path)


def test_a_page_that_cannot_be_written(tmp_path):
    log(tmp_path, (0, {"a": 1.0}))
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match="report.html is a folder"):
        write_run_page(tmp_path)
    assert not list(tmp_path.glob(".ganapps*"))


def test_the_log_is_read_as_it_was_written(tmp_path):
    log(tmp_path, (7, {"a/b": 0.5, "c": math.inf}, "one\u2028line"), (9, {}))
    first, second = read_log(tmp_path / "log.jsonl")
    assert (first.images, first.seconds, first.scalars) == (7, 0.7, {"a/b": 0.5, "c": math.inf})
    assert (first.notes, second.notes, second.scalars) == (("one\u2028line",), (), {})


def test_thinning_keeps_the_ends_and_every_extreme():
    random = np.random.default_rng(0)
    points = [(float(i), float(v)) for i, v in enumerate(random.normal(size=20_000))]
    points[777] = (777.0, 99.0)
    points[9_001] = (9_001.0, -99.0)
    (kept,) = stretches(points)
    assert len(kept) < 1000
    assert {points[0], points[-1], points[777], points[9_001]} <= set(kept) <= set(points)
    assert kept == sorted(kept)


@pytest.mark.parametrize("values", [(0.0, 0.0), (5.0, 5.0), (-1e-300, 1e-300), (1e-9, 1e9), (-1e300, 1e300)])
def test_any_values_can_be_drawn(values):
    points = tuple((float(i), value) for i, value in enumerate(values))
    (piece,) = places(draw(Chart(title="t", unit="u", curves=(Curve(name="c", points=points),))))
    assert all(0 <= x <= 680 and 0 <= y <= 260 for x, y in piece)


def test_a_wide_range_is_drawn_by_its_logarithm():
    points = ((0.0, 1e-2), (1.0, 1.0), (2.0, 1e2))
    text = draw(Chart(title="t", unit="loss", curves=(Curve(name="c", points=points),)))
    (((_, low), (_, middle), (_, high)),) = places(text)
    assert low - middle == pytest.approx(middle - high, abs=0.2)
    assert "loss, log scale" in text


@pytest.mark.parametrize(("low", "high"), [(0, 97), (-3.2, 8.1), (0.1, 0.3), (1e-12, 2e-12), (0, 1e7)])
def test_ticks_are_round_and_inside(low, high):
    found = ticks(low, high, 5)
    assert 3 <= len(found) <= 11
    assert all(low - 1e-9 * high <= tick <= high * (1 + 1e-9) for tick in found)
    assert all(len(f"{tick:.10g}".rstrip("0").replace(".", "").lstrip("-0")) <= 9 for tick in found)
