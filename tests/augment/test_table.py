"""Tables and .npz files as labelled sets."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganapps.augment.expand import expand
from ganapps.augment.sets.dataset import decode_images, find_images
from ganapps.augment.sets.labelled import folder_names
from ganapps.augment.sets.table import Row, parse_csv, parse_lines
from ganapps.errors import DataError

TABLE = Path("set.csv")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: bool(text.strip()))


@pytest.fixture
def files(tmp_path: Path, picture: Any) -> Path:
    """`scans/N.png` and `more/N.png`, four of each."""
    for label, folder in enumerate(("scans", "more")):
        (tmp_path / folder).mkdir()
        for number in range(4):
            cv2.imwrite(str(tmp_path / folder / f"{number}.png"), picture(label, number))
    return tmp_path


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def labelled(files: Path, one: str, other: str) -> Path:
    """A table of all files, four of each label."""
    names = {"scans": one, "more": other}
    rows = [f"{folder}/{n}.png,{name}\n" for folder, name in names.items() for n in range(4)]
    return write(files / "set.csv", "path,label\n" + "".join(rows))


def test_a_table_gives_what_a_folder_would(files: Path) -> None:
    found = find_images(labelled(files, "up and down", "across"))
    assert found.classes == ("across", "up and down")
    assert found.labels.tolist() == [0] * 4 + [1] * 4
    assert found.paths[0] == Path("across/0.png")
    assert found.files[4] == files / "scans/0.png"
    pixels = decode_images(found)
    assert np.array_equal(pixels[5, ..., 0], cv2.imread(str(files / "scans/1.png"), cv2.IMREAD_GRAYSCALE))


@pytest.mark.parametrize("name", ["set.csv", "set.jsonl"])
def test_spellings_of_a_table(files: Path, name: str) -> None:
    if name == "set.csv":
        lines = ["id; Label ;PATH", "1;ü;scans/0.png", "2;ü;scans/1.png", "", "3; 7 ;more/0.png"]
        text = "\r\n".join([*lines, "4;7;more/1.png", ""])
    else:
        entries = [("scans/0.png", "ü"), ("scans/1.png", "ü"), ("more/0.png", 7), ("more/1.png", "7")]
        text = "\n\n".join(json.dumps({"path": path, "label": label, "id": 1}) for path, label in entries)
    found = find_images(write(files / name, text, "utf-8-sig"))
    assert (found.classes, found.counts) == (("7", "ü"), (2, 2))


def test_files_of_one_name_do_not_meet(files: Path) -> None:
    lines = [f"{folder}/{n}.png,all\n" for folder in ("scans", "more") for n in (0, 1)]
    found = find_images(write(files / "set.csv", "path,label\n" + "".join(lines)))
    assert [path.name for path in found.paths] == ["0.png", "1.png", "0-2.png", "1-2.png"]


def test_classes_with_slashes_become_folders(
    files: Path, tmp_path: Path, fake_sampler: Any, picture: Any
) -> None:
    table = labelled(files, "left/ [low] é", "left/ right")
    sampler = fake_sampler(lambda label, seed: picture(label, seed), ("left- [low] é", "left- right"))
    before = {path: path.read_bytes() for path in files.rglob("*.*")}
    report = expand(table, tmp_path / "out", sampler, per_class=5)
    folders = sorted(path.name for path in (tmp_path / "out" / "images").iterdir())
    assert folders == ["left- [low] é", "left- right"] == [entry.name for entry in report.classes]
    assert find_images(tmp_path / "out" / "images").counts == (5, 5)
    assert {path: path.read_bytes() for path in before} == before


def test_classes_that_would_share_a_folder_are_refused(files: Path) -> None:
    with pytest.raises(DataError) as caught:
        find_images(labelled(files, "a/b", "A-B"))
    assert str(caught.value) == (
        f"{files / 'set.csv'} has the classes 'A-B' and 'a/b', which cannot be told apart as folders ('a-b'):"
        " rename one"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "file,label\na.png,x\n",
            "the first line of SET must name the columns path and label, it is 'file,label'",
        ),
        ("", "the first line of SET must name the columns path and label, it is ''"),
        ("path,label\n", "SET names no images; each line gives the path of an image and its label"),
        ("path,label\nscans/0.png\n", "line 2 of SET has no label"),
        ("path,label\n,cat\n", "line 2 of SET has no path"),
        (
            "path,label\nno.png,cat\n",
            "line 2 of SET names 'no.png', which does not exist; paths are relative to ROOT",
        ),
        (
            "path,label\nscans/0.png,cat\nscans/../scans/0.png,dog\n",
            "line 3 of SET names 'scans/../scans/0.png' as 'dog', and line 2 has it as 'cat': an image has"
            " one class",
        ),
        (
            "path,label\nscans/0.png,cat\nscans/0.png,cat\n",
            "line 3 of SET names 'scans/0.png', which line 2 has named: leave one of them out",
        ),
        (
            "path,label\nscans/0.png,cat\nscans/1.png,dog\nscans/2.png,dog\n",
            "class 'cat' in SET has 1 image, and every class needs at least 2: add images or remove the"
            " class",
        ),
    ],
)
def test_an_unusable_table_gets_one_sentence(files: Path, text: str, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        find_images(write(files / "set.csv", text))
    assert str(caught.value) == sentence.replace("SET", str(files / "set.csv")).replace("ROOT", str(files))


@pytest.mark.parametrize("line", ['{"path": "a.png"}', "[1]", '{"path": "a.png", "label": true}'])
def test_a_line_that_is_no_labelled_image(line: str) -> None:
    with pytest.raises(DataError) as caught:
        list(parse_lines(Path("set.jsonl"), f"\n{line}\n"))
    assert str(caught.value) == (
        f'line 2 of set.jsonl must be an object like {{"path": "a.png", "label": "cat"}}, it is {line}'
    )


def test_a_table_of_other_bytes_or_missing(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_bytes(b"path,label\ncaf\xe9.png,x\n")
    with pytest.raises(DataError, match=r"set\.csv is not UTF-8: save it as UTF-8$"):
        find_images(tmp_path / "set.csv")
    with pytest.raises(DataError, match=r"no\.jsonl cannot be read: no such file or directory$"):
        find_images(tmp_path / "no.jsonl")


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_what_was_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("path", "label"), *rows])
    wanted = [(path.strip(), label.strip()) for path, label in rows]
    assert [(row.path, row.label) for row in parse_csv(TABLE, buffer.getvalue())] == wanted
    lines = "\n".join(json.dumps({"path": path, "label": label}, ensure_ascii=False) for path, label in rows)
    assert list(parse_lines(TABLE, lines)) == [Row(n, *entry) for n, entry in enumerate(wanted, start=1)]


@given(st.text())
def test_no_text_is_more_than_a_data_error(text: str) -> None:
    for read in (parse_csv, parse_lines):
        for start in ("", "path,label\n"):
            try:
                assert all(isinstance(row, Row) for row in read(TABLE, start + text))
            except DataError as error:
                assert "set.csv" in str(error)


@given(st.sets(TEXTS, max_size=5))
def test_every_class_gets_a_folder_of_its_own_or_none_does(names: set[str]) -> None:
    try:
        folders = folder_names(TABLE, sorted(names))
    except DataError:
        return
    assert len({folder.casefold() for folder in folders.values()}) == len(names)
    for folder in folders.values():
        assert not set('/\\:*?"<>|\n\0') & set(folder)
        assert not folder.startswith(".")
        assert folder == folder_names(TABLE, [folder])[folder]


@pytest.mark.parametrize("channels", [1, 3])
def test_an_archive_becomes_a_folder(tmp_path: Path, channels: int, fake_sampler: Any, picture: Any) -> None:
    pixels = np.stack([np.repeat(picture(n % 2, n), channels, axis=2) for n in range(8)])
    path = tmp_path / "set.npz"
    np.savez(path, images=pixels, labels=np.arange(8) % 2, classes=np.array(["up/down", "across"]))
    found = find_images(path)
    assert found.classes == ("across", "up-down")
    assert np.array_equal(decode_images(found), pixels[[1, 3, 5, 7, 0, 2, 4, 6], ..., :1])
    sampler = fake_sampler(lambda label, seed: picture(label, seed), found.classes)
    expand(path, tmp_path / "out", sampler, per_class=5)
    again = find_images(tmp_path / "out" / "images")
    assert (again.classes, again.counts) == (("across", "up-down"), (5, 5))
    written = cv2.imread(str(tmp_path / "out/images/across/000001.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(written, pixels[1] if channels == 3 else pixels[1, ..., 0])
