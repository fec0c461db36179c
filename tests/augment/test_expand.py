from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment.expand import expand
from ganapps.errors import DataError, OutputError, UsageError


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def test_classes_end_balanced_at_twice_the_largest(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler)
    assert [(entry.name, entry.real, entry.added) for entry in report.classes] == [
        ("across", 12, 12),
        ("up and down", 8, 16),
    ]
    for name in ("across", "up and down"):
        assert len(list((tmp_path / "out" / "images" / name).iterdir())) == 24
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == ["across", "up and down"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "README.md",
        "images",
        "manifest.jsonl",
        "report.html",
        "report.json",
        "sheets",
    ]


def test_originals_are_untouched_and_linked(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    before = contents(small_set)
    (small_set / "across" / "sub").mkdir()
    os.rename(small_set / "across" / "real 000.png", small_set / "across" / "sub" / "real 000.png")
    expand(small_set, tmp_path / "out", sampler)
    after = contents(tmp_path / "out" / "images")
    for name, data in before.items():
        assert after[name.replace("across/real 000", "across/sub/real 000")] == data
    original, placed = (root / "across" / "real 001.png" for root in (small_set, tmp_path / "out" / "images"))
    assert original.stat().st_ino == placed.stat().st_ino


def test_originals_are_copied_where_linking_fails(
    small_set: Path, tmp_path: Path, sampler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    expand(small_set, tmp_path / "out", sampler)
    original, placed = (root / "across" / "real 001.png" for root in (small_set, tmp_path / "out" / "images"))
    assert original.read_bytes() == placed.read_bytes()
    assert original.stat().st_ino != placed.stat().st_ino


def test_every_synthetic_image_can_be_made_again(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler)
    manifest = lines(tmp_path / "out")
    assert len(manifest) == report.added == 28
    assert len({line["seed"] for line in manifest}) == 28
    for line in manifest:
        image = cv2.imread(str(tmp_path / "out" / str(line["file"])), cv2.IMREAD_UNCHANGED)
        again = sampler([line["label"]], [line["seed"]]).images[0]  # type: ignore[list-item]
        assert np.array_equal(image, again[..., 0])
        assert line["model"] == sampler.model_hash
        assert line["confidence"] == 0.9
        assert line["class"] == sampler.classes[line["label"]]  # type: ignore[index]
        assert (tmp_path / "out" / str(line["nearest_real"])).is_file()
        assert line["distance"] > 0  # type: ignore[operator]
    assert [line["file"] for line in manifest[:2]] == [
        "images/across/synthetic-000001.png",
        "images/across/synthetic-000002.png",
    ]


def test_the_same_seed_makes_the_same_set_and_another_seed_another(
    small_set: Path, tmp_path: Path, fake_sampler: Any, picture: Any
) -> None:
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        expand(small_set, tmp_path / name, fake_sampler(lambda label, s: picture(label, s)), seed=seed)
        made.append(contents(tmp_path / name))
    assert made[0] == made[1]
    assert made[0]["manifest.jsonl"] != made[2]["manifest.jsonl"]


def test_asking_for_more_keeps_what_there_was(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    expand(small_set, tmp_path / "few", sampler, per_class=15)
    expand(small_set, tmp_path / "many", sampler, per_class=20)
    many = contents(tmp_path / "many" / "images")
    for name, data in contents(tmp_path / "few" / "images").items():
        assert many[name] == data


def test_per_class_counts_real_images_too(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler, per_class=10)
    assert [(entry.real, entry.wanted, entry.added) for entry in report.classes] == [(12, 0, 0), (8, 2, 2)]
    assert report.verdict() == "2 synthetic images added to 20 real ones"


def test_names_go_on_after_synthetic_images_of_an_earlier_set(
    small_set: Path, tmp_path: Path, sampler: Any
) -> None:
    os.rename(small_set / "across" / "real 000.png", small_set / "across" / "synthetic-000041.png")
    expand(small_set, tmp_path / "out", sampler, per_class=13)
    assert lines(tmp_path / "out")[0]["file"] == "images/across/synthetic-000042.png"


def test_a_generator_of_more_classes_serves(
    small_set: Path, tmp_path: Path, fake_sampler: Any, picture: Any
) -> None:
    sampler = fake_sampler(lambda label, seed: picture(label // 2, seed), ("x", "across", "up and down", "y"))
    expand(small_set, tmp_path / "out", sampler, per_class=13)
    assert [line["label"] for line in lines(tmp_path / "out")] == [1] + [2] * 5


def test_every_drop_is_counted_with_its_reason(
    small_set: Path, tmp_path: Path, fake_sampler: Any, picture: Any
) -> None:
    def draw(label: int, seed: int) -> np.ndarray:
        if seed % 4 == 0:
            return picture(label, seed % 8)  # a copy of a real image
        return picture(label, 1_000 + (3 if seed % 4 == 1 else seed))  # the same again and again, or new

    report = expand(
        small_set,
        tmp_path / "out",
        fake_sampler(draw, believe=lambda label, seed: 0.2 if seed % 4 == 2 else 0.9),
        per_class=40,
    )
    for entry in report.classes:
        assert entry.added == entry.wanted == 40 - entry.real
        assert entry.generated == entry.added + entry.near_copies + entry.repeats + entry.wrong_label
        assert min(entry.near_copies, entry.repeats, entry.wrong_label) > 0
    written = json.loads((tmp_path / "out" / "report.json").read_text())
    assert written["added"] == report.added
    assert written["classes"][0]["near_copies"] == report.classes[0].near_copies
    assert written["label_checked"] is True


def test_nothing_added_is_a_result(small_set: Path, tmp_path: Path, fake_sampler: Any, picture: Any) -> None:
    sampler = fake_sampler(lambda label, seed: picture(label, seed), believe=lambda label, seed: 0.1)
    report = expand(small_set, tmp_path / "out", sampler, per_class=15)
    assert report.added == 0
    assert [entry.generated for entry in report.classes] == [30, 70], "ten times what is wanted, then stop"
    assert report.verdict() == (
        "nothing added: none of 100 generated images passed, the 20 real images stand alone"
    )
    assert len(contents(tmp_path / "out" / "images")) == 20
    assert (tmp_path / "out" / "manifest.jsonl").read_text() == ""
    assert (tmp_path / "out" / "sheets" / "across.png").is_file()


def test_a_generator_that_repeats_itself_fills_little(
    small_set: Path, tmp_path: Path, fake_sampler: Any, picture: Any
) -> None:
    sampler = fake_sampler(lambda label, seed: picture(label, 1_000), believe=None)
    report = expand(small_set, tmp_path / "out", sampler)
    assert [entry.added for entry in report.classes] == [1, 1]
    assert report.verdict() == (
        "2 synthetic images added to 20 real ones; too few passed in across, up and down;"
        " labels unchecked, the model has no classifier"
    )
    assert [line["confidence"] for line in lines(tmp_path / "out")] == [None, None]


def test_no_class_wants_for_images(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    report = expand(small_set, tmp_path / "out", sampler, per_class=1)
    assert report.verdict() == "nothing added: no class wants for images, the 20 real images stand alone"
    assert sampler.calls == 1, "one image, to learn the generator's size"


def test_progress_rises_to_one(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    shares: list[float] = []
    expand(small_set, tmp_path / "out", sampler, per_class=200, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(set(shares)) > 20


@pytest.mark.parametrize(
    ("out", "kind", "sentence"),
    [
        ("DATA", UsageError, "the output OUT lies inside the input DATA; give a folder outside of it"),
        ("DATA/new", UsageError, "the output OUT lies inside the input DATA; give a folder outside of it"),
        ("BASE/full", OutputError, "the output folder OUT is not empty; give the name of a new folder"),
        ("BASE/file", OutputError, "the output OUT is a file; give the name of a new folder"),
    ],
)
def test_places_that_will_not_do(
    small_set: Path, tmp_path: Path, sampler: Any, out: str, kind: type[Exception], sentence: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    (tmp_path / "file").write_text("x")
    before = contents(tmp_path)
    target = Path(out.replace("DATA", str(small_set)).replace("BASE", str(tmp_path)))
    with pytest.raises(kind) as caught:
        expand(small_set, target, sampler)
    assert str(caught.value) == sentence.replace("OUT", str(target)).replace("DATA", str(small_set))
    assert contents(tmp_path) == before


def test_an_empty_folder_and_missing_parents_will_do(small_set: Path, tmp_path: Path, sampler: Any) -> None:
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "a" / "b"):
        assert expand(small_set, out, sampler).added == 28
        assert len(lines(out)) == 28


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"per_class": 0}, "--per-class must be at least 1, got 0"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
    ],
)
def test_options_out_of_range(
    small_set: Path, tmp_path: Path, sampler: Any, options: dict[str, int], sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        expand(small_set, tmp_path / "out", sampler, **options)  # type: ignore[arg-type]
    assert str(caught.value) == sentence


def test_a_class_the_generator_does_not_know(tmp_path: Path, sampler: Any, write_set: Any) -> None:
    data = write_set(tmp_path / "data", {"across": 3, "zig zag": 3})
    with pytest.raises(DataError) as caught:
        expand(data, tmp_path / "out", sampler)
    assert str(caught.value) == (
        f"{data} has a class 'zig zag' that the generator does not know; it knows across, up and down:"
        " train one on this set with ganapps augment without --model"
    )
    assert not (tmp_path / "out").exists()


def _interrupt() -> None:
    raise KeyboardInterrupt


def _fill_the_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("trouble", "kind"), [(_interrupt, KeyboardInterrupt), (_fill_the_disk, OutputError)]
)
def test_nothing_is_left_half_written(
    small_set: Path,
    tmp_path: Path,
    trouble: Callable[[], None],
    kind: type[BaseException],
    fake_sampler: Any,
    picture: Any,
) -> None:
    before = contents(tmp_path)

    def draw(label: int, seed: int) -> np.ndarray:
        if label == 1:
            trouble()
        return picture(label, seed)

    with pytest.raises(kind) as caught:
        expand(small_set, tmp_path / "out", fake_sampler(draw))
    assert contents(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my data"]
    if kind is OutputError:
        assert "no space left on the device" in str(caught.value)


def test_the_contact_sheet_shows_real_and_synthetic_images(
    small_set: Path, tmp_path: Path, sampler: Any
) -> None:
    expand(small_set, tmp_path / "out", sampler)
    sheet = cv2.imread(str(tmp_path / "out" / "sheets" / "across.png"), cv2.IMREAD_COLOR)
    real = cv2.imread(str(small_set / "across" / "real 000.png"), cv2.IMREAD_COLOR)
    # Two headings of 24 px; three rows of cells of 4 x 16 px with a gap of 4 px: real, synthetic, nearest.
    assert sheet.shape == (2 * 24 + 3 * 68, 12 * 68, 3)
    assert np.array_equal(sheet[24 : 24 + 64 : 4, :64:4], real)
