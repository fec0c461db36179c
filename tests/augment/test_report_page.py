"""OUT/report.html: what it shows, that it shows nothing else, and that names in it do nothing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment.expand import expand
from ganapps.augment.output.dossier import add_proof
from ganapps.augment.output.expansion import read_expansion
from ganapps.augment.output.origin import Origin
from ganapps.augment.page.page import write_page
from ganapps.augment.page.pictures import MOST, Pictures
from ganapps.augment.page.proof import draw_intervals
from ganapps.errors import DataError

HOSTILE = "<img src=x onerror=alert(1)>'\"&"


class Parsed(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.text += data + " "

    def sources(self) -> list[str]:
        return [str(attributes["src"]) for tag, attributes in self.tags if tag == "img"]


def page_of(out: Path) -> Parsed:
    return Parsed((out / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def mixed(fake_sampler: Any, picture: Any) -> Any:
    """A generator whose images are new, copies, repeats, or not believed."""

    def draw(label: int, seed: int) -> np.ndarray:
        if seed % 4 == 0:
            return picture(label, seed % 8)
        return picture(label, 1_000 + (3 if seed % 4 == 1 else seed))

    return fake_sampler(draw, believe=lambda label, seed: 0.2 if seed % 4 == 2 else 0.9)


def test_the_page_says_what_was_done(small_set: Path, tmp_path: Path, mixed: Any) -> None:
    out = tmp_path / "out"
    report = expand(small_set, out, mixed, seed=3, origin=Origin(command="ganapps augment 'my data'"))
    page = page_of(out)
    text = " ".join(page.text.split())
    # The verdict comes before everything else.
    assert text.index("Not measured: no proof on held-out images was made") < text.index("Added and dropped")
    assert report.verdict() in text
    assert report.memorisation is not None and report.memorisation.sentence()[1:] in text
    for entry in report.classes:
        dropped = f"{entry.generated} {entry.wrong_label} {entry.near_copies} {entry.repeats}"
        assert f"{entry.name} {entry.real} {entry.added} {dropped}" in text
    for reason in ("Near-copies of a real image", "Repeats of an image already added", "Not what the label"):
        assert reason in text
    for fact in (mixed.model_hash, "ganapps augment 'my data'", "unknown: that of your data", "0.1.0"):
        assert fact in text


def test_the_page_needs_nothing_but_itself(small_set: Path, tmp_path: Path, mixed: Any) -> None:
    expand(small_set, tmp_path / "out", mixed)
    page = page_of(tmp_path / "out")
    assert not {"script", "link", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}
    assert page.sources() and all(src.startswith("data:image/webp;base64,") for src in page.sources())
    assert not [name for _, attributes in page.tags for name in attributes if name in ("href", "srcset")]
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert "url(" not in (tmp_path / "out" / "report.html").read_text()


def test_the_pictures_are_those_of_the_set(small_set: Path, tmp_path: Path, mixed: Any) -> None:
    out = tmp_path / "out"
    expand(small_set, out, mixed)
    page = page_of(out)
    nearest = min(read_expansion(out).lines, key=lambda line: line["distance"])
    wanted = [cv2.imread(str(out / nearest[key]), cv2.IMREAD_GRAYSCALE) for key in ("file", "nearest_real")]
    section = (out / "report.html").read_text().split("the closest pairs of the whole set")[1]
    shown = [
        cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)
        for data in re.findall(r"base64,([^']+)'", section)[:2]
    ]
    for image, original in zip(shown, wanted, strict=True):
        assert image.shape == original.shape
        assert np.abs(image.astype(int) - original).mean() < 6  # lossy
    # Each rejected image that was kept is shown over its nearest real one.
    kept = json.loads((out / "report.json").read_text())["rejected"]
    assert {entry["reason"] for entry in kept} == {
        "near-copy of a real image",
        "near-copy of an image already added",
        "not what its label says",
    }
    assert all((out / entry["file"]).is_file() and (out / entry["nearest_real"]).is_file() for entry in kept)
    assert len(page.sources()) == 2 * 8 + 2 * (2 * 8) + 2 * 8 + 2 * len(kept)


def test_names_do_nothing_in_the_page(
    tmp_path: Path, write_set: Any, fake_sampler: Any, picture: Any
) -> None:
    names = (HOSTILE.replace("/", ""), "<script>alert(2)<|script>")
    data = write_set(tmp_path / "<b>set", {names[0]: 4, names[1]: 4})
    sampler = fake_sampler(lambda label, seed: picture(label, seed), tuple(sorted(names)))
    origin = Origin(command=f"ganapps augment {HOSTILE}", licence="</style><script>x</script>")
    expand(data, tmp_path / "out", sampler, per_class=6, origin=origin)
    add_proof(tmp_path / "out", proof_values(names))
    page = page_of(tmp_path / "out")
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert {str(a["src"])[:5] for tag, a in page.tags if tag == "img"} == {"data:"}
    for shown in (*names, "<b>set", "</style><script>x</script>"):
        assert shown in page.text
    assert [a["alt"] for tag, a in page.tags if tag == "img"][0] == f"real image of {sorted(names)[0]}"


def test_many_classes_make_no_large_page(
    tmp_path: Path, write_set: Any, fake_sampler: Any, picture: Any
) -> None:
    names = tuple(f"class {number:03d}" for number in range(90))
    data = write_set(tmp_path / "data", dict.fromkeys(names, 2))
    sampler = fake_sampler(lambda label, seed: picture(label % 2, seed), names)
    expand(data, tmp_path / "out", sampler, per_class=5)
    page = page_of(tmp_path / "out")
    assert 300 < len(page.sources()) <= MOST
    assert "66 of 90 classes are shown." in page.text
    assert page.text.count("class 089") >= 1, "the table has them all"
    assert (tmp_path / "out" / "report.html").stat().st_size < 1_500_000


def test_pictures_are_small_and_few_and_none_is_a_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganapps.augment.page.pictures.MOST", 3)
    large = np.random.default_rng(0).integers(0, 4096, (300, 200), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "large.png"), large)
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    pictures = Pictures(white=4095)
    element = pictures.element(tmp_path / "large.png", "a 'quoted' <text>")
    assert "width='64' height='96'" in element
    assert "alt='a &#x27;quoted&#x27; &lt;text&gt;'" in element
    data = base64.b64decode(element.split("base64,")[1].rstrip("'>"))
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.mean() == pytest.approx(127.5, abs=4), "level 4095 is white"
    assert "not readable" in pictures.element(tmp_path / "damaged.png", "")
    assert "missing" in pictures.element(None, "")
    for _ in range(3):
        last = pictures.element(tmp_path / "large.png", "")
    assert "not shown" in last
    assert pictures.left == 0


def test_a_set_shows_nothing_from_outside_of_it(small_set: Path, tmp_path: Path, mixed: Any) -> None:
    out = tmp_path / "out"
    expand(small_set, out, mixed)
    expansion = read_expansion(out)
    assert expansion.path("images/across/real 000.png") is not None
    assert expansion.path("../my data/across/real 000.png") is None
    assert expansion.path(str(small_set / "across" / "real 000.png")) is None
    assert expansion.path("images/across") is None
    assert expansion.path("a\0b") is None


def test_the_training_s_curves_are_in_the_page(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    run = tmp_path / "run"
    run.mkdir()
    lines = [
        {
            "images": images,
            "progress": images / 100,
            "seconds": images,
            "notes": [],
            "diversity": 1.0 / images,
        }
        for images in (10, 50, 100)
    ]
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    expand(small_set, tmp_path / "out", sampler, run=run)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<h2>Training of the generator</h2><p>100 images seen in 1.7 minutes.</p>" in page
    assert "aria-label='diversity: spread, generated over real over images seen'" in page
    (run / "log.jsonl").write_text("no log\n")
    write_page(read_expansion(tmp_path / "out"), run=run)
    assert "Not shown: line 1 of the training log" in (tmp_path / "out" / "report.html").read_text()


def proof_values(classes: tuple[str, ...]) -> dict[str, Any]:
    """A proof as `ProofReport.as_json` writes it."""
    difference = {"mean": 0.05, "low": 0.01, "high": 0.09}
    compared = {
        "first": "real + classic",
        "second": "+ selected images",
        "measure": "balanced accuracy",
        "difference": difference,
        "p_value": 0.03125,
        "effect": "helps",
    }
    arms = [
        {"arm": arm, "images": 8, "accuracy": [share], "balanced_accuracy": [share], "recall": [share, 0.5]}
        for arm, share in (("real + classic", 0.75), ("+ selected images", 0.8))
    ]
    network = {
        "network": "from scratch",
        "policy": "light",
        "validation": 0.81,
        "arms": arms,
        "comparisons": [compared, compared | {"measure": "accuracy"}],
    }
    return {
        "verdict": "helps",
        "sentence": "helps: +5.0 points of balanced accuracy",
        "decisive_network": "from scratch",
        "networks": [network],
        "classes": list(classes),
        "test": [30, 30],
        "seeds": 6,
        "updates": 400,
        "near_copies": 2,
        "missing": {"+ unfiltered synthetic": "the generator is not kept"},
    }


def test_a_proof_comes_first_and_with_its_tables(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    out = tmp_path / "out"
    before = expand(small_set, out, sampler)
    add_proof(out, proof_values(("across", "up and down")))
    page = page_of(out)
    text = " ".join(page.text.split())
    assert text.index("Helps: +5.0 points of balanced accuracy.") < text.index("Added and dropped")
    assert ("p", {"class": "verdict helps"}) in page.tags
    assert "+ selected images 8 80.0 80.0 up and down: 50.0" in text
    assert "+ selected images against real + classic +5.0 +1.0 to +9.0 0.031 helps" in text
    assert "+ unfiltered synthetic: not measured, the generator is not kept." in text
    assert "2 test images were left out" in text
    written = json.loads((out / "report.json").read_text())
    assert written["proof"] == {
        "file": "proof.json",
        "verdict": "helps",
        "sentence": "helps: +5.0 points of balanced accuracy",
    }
    # All else stays as it was.
    assert written | {"proof": None} == json.loads(json.dumps(replace(before).as_json()))


def test_intervals_are_drawn_to_scale() -> None:
    def entry(low: float, mean: float, high: float) -> dict[str, Any]:
        return {"first": "a<", "second": "b", "difference": {"low": low, "mean": mean, "high": high}}

    picture = draw_intervals([entry(-0.02, 0.0, 0.02), entry(0.0, 0.04, 0.08)], {"b": "c"})
    bars = re.findall(r"class='bar' x1='([\d.]+)' x2='([\d.]+)'", picture)
    (one, other) = [(float(left), float(right)) for left, right in bars]
    zero = float(re.findall(r"class='zero' x1='([\d.]+)'", picture)[0])
    means = [float(x) for x in re.findall(r"class='mean' cx='([\d.]+)'", picture)]
    assert sum(one) / 2 == pytest.approx(zero, abs=0.1)
    assert other[0] == pytest.approx(zero, abs=0.1)
    assert other[1] - other[0] == pytest.approx(2 * (one[1] - one[0]), abs=0.3)
    assert means == pytest.approx([zero, sum(other) / 2], abs=0.1)
    assert "c against a&lt;" in picture


def test_one_comparison_without_a_difference_can_be_drawn() -> None:
    flat = {"first": "a", "second": "b", "difference": {"low": 0.0, "mean": 0.0, "high": 0.0}}
    assert "nan" not in draw_intervals([flat], {})


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda out: (out / "report.json").unlink(), "{out}/report.json does not exist: give a folder that"),
        (
            lambda out: (out / "report.json").write_text("[]"),
            "{out}/report.json is damaged: it is no JSON",
        ),
        (lambda out: (out / "report.json").write_text("{}"), "{out}/report.json is no report of ganapps aug"),
        (lambda out: (out / "manifest.jsonl").write_text("{}\n"), "{out}/manifest.jsonl is damaged: a line"),
        (lambda out: (out / "proof.json").write_text("x"), "{out}/proof.json is damaged: Expecting value"),
    ],
)
def test_damaged_sets_get_a_sentence(
    small_set: Path, tmp_path: Path, sampler: Any, damage: Callable[[Path], None], sentence: str
) -> None:
    out = tmp_path / "out"
    expand(small_set, out, sampler, per_class=13)
    damage(out)
    with pytest.raises(DataError) as caught:
        read_expansion(out)
    assert str(caught.value).startswith(sentence.format(out=out))


def test_real_images_with_guessed_labels_stand_apart(
    small_set: Path, tmp_path: Path, sampler: Any, picture: Any
) -> None:
    out = tmp_path / "out"
    expand(small_set, out, sampler, per_class=13)
    cv2.imwrite(str(out / "images" / "across" / "pseudo-000001.png"), picture(0, 77))
    line = {"file": "images/across/pseudo-000001.png", "class": "across", "kind": "pseudo-labelled"}
    with (out / "manifest.jsonl").open("a") as manifest:
        manifest.write(json.dumps(line | {"source": "/elsewhere/a.png", "confidence": 0.987}) + "\n")
    write_page(read_expansion(out))
    text = " ".join(page_of(out).text.split())
    assert "real: 12 synthetic: 1" in text, "a guessed one is not counted among the labelled ones"
    assert "real, label guessed: 1 belief 0.99" in text
    assert "missing" not in text and "elsewhere" not in text
    assert "across 12 1 1 " in text
