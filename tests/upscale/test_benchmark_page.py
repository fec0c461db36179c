"""The page of a benchmark: it stands alone, shows what was measured, and is safe and accessible."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganapps.errors import OutputError
from ganapps.metrics.bicubic import imresize
from ganapps.upscale.benchmark import comparison, exhibit, method
from ganapps.upscale.benchmark.comparison import benchmark_upscale
from ganapps.upscale.benchmark.exhibit import Box, most_different
from ganapps.upscale.benchmark.method import Method
from ganapps.upscale.benchmark.page import write_page
from ganapps.upscale.benchmark.scoreboard import Table

EVIL = "<img src=x onerror=alert(1)> & 'one' \"two\".png"
VOID = {"meta", "img", "input", "br"}


class Checked(HTMLParser):
    """Checks that tags are closed in order, and collects them with their attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def decoded(source: str) -> np.ndarray:
    with Image.open(BytesIO(base64.b64decode(source.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB"))


def repeated(low: np.ndarray) -> np.ndarray:
    return low.repeat(4, 0).repeat(4, 1)


def textured(seed: int, height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return imresize(noise, 8)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "nearest": Method(name="nearest", scale=4, enlarge=repeated, parameters=7),
        "<b>": Method(name="<b>", scale=4, enlarge=lambda low: imresize(low, 4), parameters=7),
        "pair": Method(name="pair", scale=2, enlarge=lambda low: low.repeat(2, 0).repeat(2, 1)),
    }
    monkeypatch.setattr(method, "_open", lambda name, threads: known[name])


def measured(folder: Path, names: list[str], pictures: dict[str, np.ndarray], most: int = 40) -> Table:
    folder.mkdir()
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / name)
    return benchmark_upscale([folder], models=names, perceptual=False, most_exhibits=most)


def shown(path: Path, table: Table) -> tuple[str, Checked]:
    write_page(path, table)
    text = path.read_text(encoding="utf-8")
    return text, Checked(text)


@pytest.mark.usefixtures("models")
def test_nothing_is_fetched_and_names_are_only_text(tmp_path: Path) -> None:
    table = measured(tmp_path / "<i>", ["nearest", "<b>"], {EVIL: textured(0, 64, 96)})
    table = replace(table, notes=(EVIL,))
    text, page = shown(tmp_path / "page.html", table)
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "b>", "i"}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("href", "srcset") for name in attributes), tag
        assert (attributes.get("src") or "data:").startswith("data:image/") or "src" not in attributes
    assert len(page.all("img")) == 5 + 5 * len(table.exhibits[0].crops)
    assert "http:" not in text and "https:" not in text and "url(" not in text
    (policy,) = [tag["content"] for tag in page.all("meta") if "http-equiv" in tag]
    assert policy is not None and policy.startswith("default-src 'none'; img-src data:;")
    assert EVIL in page.words, "the note"
    assert f"<i>/{EVIL} " in page.words, "the picture"


@pytest.mark.usefixtures("models")
def test_everything_that_can_be_touched_has_a_name(tmp_path: Path) -> None:
    pictures = {"a.png": textured(0, 64, 96), "b.png": textured(1, 64, 64)}
    _, page = shown(tmp_path / "page.html", measured(tmp_path / "set", ["nearest"], pictures))
    assert [slider["aria-label"] for slider in page.all("input")] == [
        "Divider in set/a.png",
        "Divider in set/b.png",
    ]
    assert all(slider["type"] == "range" for slider in page.all("input"))
    labels = [select["aria-label"] for select in page.all("select")]
    assert labels[:2] == ["left of the divider, in all pictures", "right of the divider, in all pictures"]
    assert labels[2:4] == ["left of the divider, set/a.png", "right of the divider, set/a.png"]
    assert len(labels) == 6
    assert all(picture["alt"] for picture in page.all("img"))
    assert page.all("html")[0]["lang"] == "en"
    assert [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")] == ["h1", "h2", "h3", "h3"]


@pytest.mark.usefixtures("models")
def test_the_pictures_are_the_measured_ones(tmp_path: Path) -> None:
    high = textured(0, 64, 96)
    table = measured(tmp_path / "set", ["nearest"], {"a.png": high})
    _, page = shown(tmp_path / "page.html", table)
    low = imresize(high, 1 / 4)
    versions = [repeated(low), imresize(low, 4), repeated(low), high]
    stage, crops = page.all("img")[:4], page.all("img")[4:8]
    names = ["low, nearest", "bicubic", "nearest", "original"]
    assert [picture["alt"] for picture in stage] == [f"set/a.png: {name}" for name in names]
    np.testing.assert_array_equal(decoded(stage[0]["src"]), low)
    for picture, wanted in zip(stage[1:], versions[1:], strict=True):
        np.testing.assert_array_equal(decoded(picture["src"]), wanted)
    box = table.exhibits[0].crops[0]
    for picture, wanted in zip(crops, versions, strict=True):
        np.testing.assert_array_equal(decoded(picture["src"]), box.cut(wanted))
        assert (int(picture["width"]), int(picture["height"])) == box[2:], "one pixel is one pixel"


@pytest.mark.usefixtures("models")
def test_at_first_bicubic_and_the_last_model_are_compared(tmp_path: Path) -> None:
    table = measured(tmp_path / "set", ["nearest", "<b>"], {"a.png": textured(0, 64, 96)})
    _, page = shown(tmp_path / "page.html", table)
    shown_first = {
        side: [picture["alt"] for picture in page.all("img") if side in (picture.get("class") or "").split()]
        for side in ("left", "right")
    }
    assert shown_first == {"left": ["set/a.png: bicubic"], "right": ["set/a.png: <b>"]}
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["1", "3"]


def test_without_models_low_and_bicubic_are_compared(tmp_path: Path) -> None:
    table = measured(tmp_path / "set", [], {"a.png": textured(0, 64, 96)})
    _, page = shown(tmp_path / "page.html", table)
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["0", "1"]
    assert len(table.exhibits[0].views) == 3


@pytest.mark.usefixtures("models")
def test_the_best_of_several_models_is_marked_for_each_scale(tmp_path: Path) -> None:
    table = measured(tmp_path / "set", ["nearest", "<b>", "pair"], {"a.png": textured(0, 64, 96)})
    text, _ = shown(tmp_path / "page.html", table)
    best = re.findall(r"<tr>(?:(?!</tr>).)*?class='best'.*?</tr>", text)
    assert len(best) == 1 and "&lt;b&gt;" in best[0], "bicubic is beside the race, and pair alone in it"
    assert best[0].count("class='best'") == 4
    assert [exhibit.scale for exhibit in table.exhibits] == [2, 4]


@pytest.mark.usefixtures("models")
def test_of_many_pictures_some_are_shown(tmp_path: Path) -> None:
    pictures = {f"{index}.png": textured(index, 48, 48) for index in range(7)}
    table = measured(tmp_path / "set", ["nearest"], pictures, most=3)
    assert [exhibit.picture for exhibit in table.exhibits] == ["0.png", "3.png", "6.png"]
    _, page = shown(tmp_path / "page.html", table)
    words = "".join(page.words)
    assert "3 of 7, evenly over all. Drag the divider" in words and "Every picture is exact." in words


@pytest.mark.usefixtures("models")
def test_of_many_exhibits_only_the_crops_are_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_MOST_EXACT", 1)
    pictures = {f"{index}.png": textured(index, 48, 48) for index in range(2)}
    _, page = shown(tmp_path / "page.html", measured(tmp_path / "set", ["nearest"], pictures))
    assert "These are exact; those under the divider are WebP of quality 95." in "".join(page.words)
    original, crop = page.all("img")[3], page.all("img")[7]
    assert original["alt"] == "set/0.png: original" and crop["alt"].startswith("original, 48 x 48")
    np.testing.assert_array_equal(decoded(crop["src"]), pictures["0.png"])
    error = decoded(original["src"]).astype(float) - pictures["0.png"]
    assert 0 < np.sqrt(np.mean(error**2)) < 12


def test_of_a_large_picture_the_part_around_the_crop_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exhibit, "_MOST_PX", 161)
    high = np.full((200, 303, 3), 128, np.uint8)
    high[140:190, 220:260] = textured(0, 64, 64)[:50, :40]
    table = measured(tmp_path / "set", [], {"a.png": high})
    (only,) = table.exhibits
    crop = only.crops[0]
    middle = crop.left + crop.width // 2
    assert (only.size, only.window) == ((300, 200), (middle - 80, 40, 160, 160)), "as far as borders allow"
    assert crop.left <= 220 and crop.left + crop.width >= 260
    assert crop.top <= 140 and crop.top + crop.height >= 190
    _, page = shown(tmp_path / "page.html", table)
    assert "x4, 300 x 200, of which 160 x 160 are shown" in "".join(page.words)
    stage = [decoded(picture["src"]) for picture in page.all("img")[:3]]
    np.testing.assert_array_equal(stage[0], only.window.cut(imresize(high[:, :300], 1 / 4), 4))
    np.testing.assert_array_equal(stage[2], only.window.cut(high))


def test_the_most_different_places_are_found() -> None:
    one = np.full((400, 600, 3), 90, np.uint8)
    other = one.copy()
    other[300:330, 500:530] += 50
    other[40:60, 100:120] += 20
    first, second = most_different([one, other], 4)
    assert first.cut(other).max() == 140 and (first.cut(other) == 140).sum() == 30 * 30 * 3
    assert (second.cut(other) == 110).sum() == 20 * 20 * 3
    assert all(number % 4 == 0 for box in (first, second) for number in box)
    assert (first.width, first.height) == (128, 128)


def test_equal_pictures_have_places_too() -> None:
    same = [np.full((60, 150, 3), 90, np.uint8)] * 2
    assert list(most_different(same, 3)) == [Box(0, 0, 126, 60)], "no second fits beside the first"


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    table = measured(tmp_path / "set", [], {"a.png": textured(0, 48, 48)})
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OutputError, match="page.html is a folder"):
        write_page(tmp_path / "page.html", table)
    assert not list(tmp_path.glob(".ganapps*"))


def test_a_page_without_exhibits_is_the_table(tmp_path: Path) -> None:
    table = measured(tmp_path / "set", [], {"a.png": textured(0, 48, 48)}, most=0)
    _, page = shown(tmp_path / "page.html", table)
    assert not page.all("img") and not page.all("input")
    assert len(page.all("tr")) == 2
