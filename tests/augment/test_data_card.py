"""OUT/README.md, the licence it carries over, and what each image says of itself."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage

from ganapps import __version__
from ganapps.augment.expand import expand
from ganapps.augment.output.data_card import plain
from ganapps.augment.output.digital_source import DigitalSource, describe_source
from ganapps.augment.output.origin import Origin, find_licence, fingerprint
from ganapps.augment.sets.dataset import find_images
from ganapps.augment.sets.labelled import LabelledImages
from ganapps.runtime.images import Image, encode_image, read_image

IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


def card(out: Path) -> str:
    return (out / "README.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]


def test_the_card_counts_what_lies_in_the_folders(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    out = tmp_path / "out"
    report = expand(small_set, out, sampler, origin=Origin(command="ganapps augment 'my data' -o out"))
    text = card(out)
    assert rows(text) == [
        ["class", "real", "synthetic"],
        ["---", "---", "---"],
        ["across", "12", "12"],
        ["up and down", "8", "16"],
        ["all", "20", "28"],
    ]
    for name, *counts in rows(text)[2:4]:
        assert sum(map(int, counts)) == len(list((out / "images" / name).iterdir()))
    assert text.startswith("# my data, expanded\n\n28 synthetic images added to 20 real ones. 2 classes;")
    assert "**Does it help?** not measured: no proof on held-out images was made" in text
    assert "unknown: that of your data" in text
    assert "```text\nganapps augment 'my data' -o out\n```" in text
    assert f"model SHA-256 {report.model}" in text
    assert "Whether the added images make a better classifier was not measured." in text


def test_images_holds_classes_and_nothing_else(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    (small_set / "LICENSE").write_text("CC BY 4.0\n\nlong text")
    expand(small_set, tmp_path / "out", sampler)
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == ["across", "up and down"]
    for name in ("across", "up and down"):
        files = (tmp_path / "out" / "images" / name).iterdir()
        assert {path.suffix for path in files} == {".png"}


@pytest.mark.parametrize("where", ["DATA/LICENSE.txt", "DATA/../licence.md"])
def test_the_licence_beside_the_set_is_carried_over(
    small_set: Path, tmp_path: Path, sampler: Any, where: str
) -> None:
    path = Path(where.replace("DATA", str(small_set)))
    path.write_text("\n# CC BY-NC 4.0\n\nThe whole text.\n")
    expand(small_set, tmp_path / "out", sampler, per_class=13)
    assert (tmp_path / "out" / path.name).read_text() == path.read_text()
    assert f"CC BY-NC 4.0 (whole text: {path.name})." in card(tmp_path / "out")
    written = json.loads((tmp_path / "out" / "report.json").read_text())
    assert written["licence"] == {"text": "CC BY-NC 4.0", "file": path.name}


def test_a_licence_that_is_given_goes_before_one_that_is_found(
    small_set: Path, tmp_path: Path, sampler: Any
) -> None:
    (small_set / "LICENSE").write_text("CC BY 4.0")
    expand(small_set, tmp_path / "out", sampler, per_class=13, origin=Origin(licence="mine, all of it"))
    assert "carried over to what was made of them: mine, all of it." in card(tmp_path / "out")
    assert not (tmp_path / "out" / "LICENSE").exists()


def test_what_is_no_licence_text_is_passed_over(small_set: Path) -> None:
    (small_set / "LICENSE.png").write_bytes(b"x")
    (small_set / "LICENSE").mkdir()
    (small_set / "COPYING").write_bytes(b"\xff\xfe\x00")
    (small_set / "licence.txt").write_text("  \n")
    assert find_licence(small_set) is None
    (small_set.parent / "License").write_text("MIT")
    assert find_licence(small_set) == small_set.parent.resolve() / "License"
    (small_set / "set.csv").write_text("path,label\n")
    assert find_licence(small_set / "set.csv") is None


def test_names_do_nothing_in_the_card(
    tmp_path: Path, write_set: Any, fake_sampler: Any, picture: Any
) -> None:
    names = ("a|b", "[x](y) <i>`*_")
    data = write_set(tmp_path / "data", dict.fromkeys(names, 3))
    sampler = fake_sampler(lambda label, seed: picture(label, seed), tuple(sorted(names)))
    origin = Origin(command="ganapps augment '```' x", licence="<script>\n# heading")
    expand(data, tmp_path / "out", sampler, per_class=4, origin=origin)
    text = card(tmp_path / "out")
    assert [row[0] for row in rows(text)[2:4]] == [r"\[x\](y) &lt;i&gt;\`\*\_", r"a\|b"]
    assert "````text\nganapps augment '```' x\n````" in text
    assert "<script>" not in text
    assert "\n# heading" not in text


def test_text_is_shown_as_it_is() -> None:
    assert plain("a\nb  c") == "a b c"
    assert plain("50 % - held-out (x)") == "50 % - held-out (x)"


def test_a_synthetic_image_says_so_in_its_own_file(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    out = tmp_path / "out"
    expand(small_set, out, sampler)
    for text in (out / "manifest.jsonl").read_text().splitlines():
        line = json.loads(text)
        path = out / line["file"]
        with PilImage.open(path) as opened:
            texts = dict(opened.text)  # type: ignore[attr-defined]
            assert opened.format == "PNG"
        assert texts["Software"] == f"ganapps {__version__}"
        assert json.loads(texts["ganapps.synthetic"]) == {
            "class": line["class"],
            "label": line["label"],
            "seed": line["seed"],
            "model": sampler.model_hash,
        }
        assert source_type(path) == ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia")
        # The pixels are those of the generator, whatever is written beside them.
        again = sampler([line["label"]], [line["seed"]]).images[0]
        assert np.array_equal(read_image(path).pixels, again)
        assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), again[..., 0])


def source_type(path: Path) -> str:
    xmp = read_image(path).metadata.xmp
    assert xmp is not None
    packet = re.sub(rb"<\?xpacket[^>]*\?>", b"", xmp)
    root = ElementTree.fromstring(packet)
    (found,) = [element.attrib[IPTC] for element in root.iter() if IPTC in element.attrib]
    return found


def test_real_images_say_nothing_new(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    expand(small_set, tmp_path / "out", sampler)
    placed = tmp_path / "out" / "images" / "across" / "real 003.png"
    assert placed.read_bytes() == (small_set / "across" / "real 003.png").read_bytes()


def test_sheets_are_composites(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    expand(small_set, tmp_path / "out", sampler)
    assert source_type(tmp_path / "out" / "sheets" / "across.png") == DigitalSource.WITH_GENERATED


def test_names_of_any_script_survive_in_the_metadata(tmp_path: Path) -> None:
    metadata = describe_source(DigitalSource.GENERATED, {"class": "猫 \"'<&\n"})
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    (tmp_path / "a.png").write_bytes(encode_image(Image(pixels, None, metadata), "png"))
    back = read_image(tmp_path / "a.png")
    assert np.array_equal(back.pixels, pixels)
    assert json.loads(dict(back.metadata.texts)["ganapps.synthetic"]) == {"class": "猫 \"'<&\n"}


def test_the_fingerprint_hangs_on_files_names_and_classes(small_set: Path) -> None:
    def found() -> str:
        return fingerprint(find_images(small_set))

    first = found()
    assert first == found()
    path = small_set / "across" / "real 000.png"
    path.rename(small_set / "across" / "real a.png")
    second = found()
    (small_set / "across" / "real a.png").write_bytes((small_set / "across" / "real 001.png").read_bytes())
    assert len({first, second, found()}) == 3
    pixels = np.arange(64, dtype=np.uint8).reshape(2, 4, 8, 1)

    def of_pixels(pixels: np.ndarray) -> str:
        paths = (Path("a/0.png"), Path("a/1.png"))
        labels = np.zeros(2, dtype=np.int64)
        return fingerprint(LabelledImages(Path("x.npz"), ("a",), paths, labels, pixels=pixels))

    assert of_pixels(pixels) != of_pixels(pixels.reshape(2, 8, 4, 1))
