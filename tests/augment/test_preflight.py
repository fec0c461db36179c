"""What is said of a set before anything is trained on it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment.expand import expand
from ganapps.augment.sets.copies import Pair, find_pairs
from ganapps.augment.sets.examination import examine
from ganapps.augment.sets.outlook import expectation, findings, make_plan, refusal
from ganapps.augment.sets.preflight import Preflight
from ganapps.augment.sets.shape import Pixels, Shape, fit
from ganapps.augment.synthetic.selection import describe, distances
from ganapps.errors import DataError, ImageError


@pytest.fixture
def data(tmp_path: Path, write_set: Any) -> Path:
    """20 images of one class and 6 of another, 16 x 16, grey."""
    root: Path = write_set(tmp_path / "data", {"across": 20, "up and down": 6})
    return root


def image(root: Path, name: str, number: int = 0) -> Path:
    return root / name / f"real {number:03d}.png"


def brighter(source: Path, target: Path) -> None:
    """A copy that no byte has in common, but every shape."""
    pixels = cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)
    assert cv2.imwrite(str(target), np.clip(pixels * 0.8 + 30, 0, 255).astype(np.uint8))


def test_a_clean_set(data: Path) -> None:
    shares: list[float] = []
    found = examine(data, on_progress=shares.append)
    assert [(entry.name, entry.images) for entry in found.classes] == [("across", 20), ("up and down", 6)]
    assert {(entry.smallest, entry.median, entry.largest) for entry in found.classes} == {((16, 16),) * 3}
    assert (found.num_sizes, found.fitted, found.white, found.images) == (1, 0, None, 26)
    assert (found.copies, found.suspicious, found.unreadable, found.test) == ((), (), (), None)
    assert refusal(found) is None
    assert findings(found) == ("the classes are uneven: 20 images of across and 6 of up and down",)
    assert shares[-1] == 1.0


def test_copies_within_a_class_and_across(data: Path) -> None:
    shutil.copy(image(data, "across"), data / "across" / "z copy.png")
    shutil.copy(image(data, "across", 1), data / "up and down" / "wrong.png")
    brighter(image(data, "across", 2), data / "across" / "z like.png")
    brighter(image(data, "across", 3), data / "up and down" / "z like.png")
    found = examine(data)
    across = found.classes[0]
    assert (across.images, across.exact_copies, across.near_copies) == (22, 1, 1)
    assert [(Path(copy.first).name, Path(copy.second).name, copy.exact) for copy in found.copies] == [
        ("real 000.png", "z copy.png", True),
        ("real 002.png", "z like.png", False),
    ]
    assert [(copy.second, copy.classes, copy.exact) for copy in found.suspicious] == [
        (str(data / "up and down" / "wrong.png"), ("across", "up and down"), True),
        (str(data / "up and down" / "z like.png"), ("across", "up and down"), False),
    ]
    assert findings(found)[:4] == (
        f"1 image in two classes, one label is wrong: {image(data, 'across', 1)} and"
        f" {data / 'up and down' / 'wrong.png'}",
        "1 image nearly the same as one of another class, a label may be wrong:"
        f" {image(data, 'across', 3)} and {data / 'up and down' / 'z like.png'}",
        f"1 image twice in the same class: {image(data, 'across')} and {data / 'across' / 'z copy.png'}",
        f"1 image nearly the same as another of the class: {image(data, 'across', 2)} and"
        f" {data / 'across' / 'z like.png'}",
    )
    assert refusal(found) is None, "a doubtful label is for the user to judge"


def test_pairs_are_those_of_a_plain_comparison(picture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.stack([picture(label, seed) for label in (0, 1) for seed in range(15)])
    pixels[[7, 22, 29]] = pixels[[2, 2, 20]]
    labels = np.repeat([0, 1], 15)
    monkeypatch.setattr("ganapps.augment.sets.copies._CHUNK", 7)
    monkeypatch.setattr(
        "ganapps.augment.sets.copies.near_copy_thresholds", lambda vectors, labels, num: np.array([1.6, 2.0])
    )
    found = find_pairs(pixels, labels, 2)
    apart = distances(describe(pixels), describe(pixels))
    for second in range(30):
        for same in (True, False):
            equal = [k for k in range(second) if (pixels[k] == pixels[second]).all()]
            equal = [k for k in equal if (labels[k] == labels[second]) == same]
            limit = [0.5 * min((1.6, 2.0)[labels[k]], (1.6, 2.0)[labels[second]]) for k in range(second)]
            near = [k for k in range(second) if apart[second, k] < limit[k]]
            near = sorted((k for k in near if (labels[k] == labels[second]) == same), key=apart[second].item)
            wanted = [Pair(equal[0], second, True)] if equal else [Pair(k, second, False) for k in near[:1]]
            own = [p for p in found if p.second == second and (labels[p.first] == labels[second]) == same]
            assert own == wanted
    assert any(not pair.exact for pair in found)


def test_mixed_sizes_and_colours_are_told(tmp_path: Path, data: Path, picture: Any) -> None:
    tall = cv2.resize(picture(0, 50, 64), (1500, 3000), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(data / "across" / "tall.jpg"), tall)
    red = np.zeros((16, 16, 3), np.uint8)
    red[4:9, :, 2] = 200
    cv2.imwrite(str(data / "across" / "red.png"), red)
    found = examine(data)
    assert found.classes[0].largest == (3000, 1500)
    assert found.classes[0].median == (16, 16)
    assert (found.num_sizes, found.fitted, found.classes[0].colour) == (2, 1, 1)
    assert findings(found)[1:] == (
        "synthetic images will be 16 x 16 px, and the real ones are up to 3,000 px: finer detail is not"
        " learned",
        "1 image of other proportions: nothing is cut off, the margins are mirrored for training and taken"
        " off what is made",
        "1 of 28 images have colour, the others are grey: all are taken as colour",
    )


def test_what_is_made_for_mixed_shapes_has_their_shapes(
    tmp_path: Path, data: Path, fake_sampler: Any, picture: Any
) -> None:
    for path in sorted((data / "across").iterdir()):
        pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(path), cv2.resize(pixels, (16, 32)))

    def draw(label: int, seed: int) -> Pixels:
        tall = cv2.resize(picture(label, seed), (16, 32))[..., None]
        return picture(label, seed) if label else fit(tall, Shape(16, 16, 1))

    expand(data, tmp_path / "out", fake_sampler(draw), per_class=24)
    widths = set()
    for line in (tmp_path / "out" / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        made = cv2.imread(str(tmp_path / "out" / entry["file"]), cv2.IMREAD_GRAYSCALE)
        nearest = cv2.imread(str(tmp_path / "out" / entry["nearest_real"]), cv2.IMREAD_GRAYSCALE)
        height, width = (16, 8) if nearest.shape == (32, 16) else (16, 16)
        assert entry["size"] == list(made.shape) == [height, width]
        again = draw(entry["label"], entry["seed"])[..., 0]
        assert np.array_equal(made, again[:, (16 - width) // 2 :][:, :width])
        widths.add(width)
    assert widths == {8, 16}


def test_damaged_files_are_listed_and_refused(data: Path, tmp_path: Path, sampler: Any) -> None:
    image(data, "across", 3).write_bytes(image(data, "across", 3).read_bytes()[:60])
    image(data, "up and down", 1).write_bytes(b"")
    before = {path: path.read_bytes() for path in data.rglob("*.png")}
    found = examine(data)
    assert found.counts == (19, 5)
    assert [entry.unreadable for entry in found.classes] == [1, 1]
    assert len(found.unreadable) == 2
    error = refusal(found)
    assert isinstance(error, ImageError)
    assert str(error) == (
        f"2 images of {data} cannot be read, the first: {found.unreadable[0]}; mend or take out what is"
        " damaged and run again"
    )
    with pytest.raises(ImageError, match=f"2 of the 26 images of {data} cannot be read"):
        expand(data, tmp_path / "out", sampler)
    assert not (tmp_path / "out").exists()
    assert {path: path.read_bytes() for path in data.rglob("*.png")} == before


def test_sets_that_cannot_be_used_at_all(tmp_path: Path, write_set: Any, sampler: Any) -> None:
    one = write_set(tmp_path / "one", {"cat": 3})
    sentence = f"{one} has one class, 'cat', and telling classes apart needs two"
    for look in (lambda: examine(one), lambda: expand(one, tmp_path / "out", sampler)):
        with pytest.raises(DataError) as caught:
            look()
        assert str(caught.value) == sentence
    broken = write_set(tmp_path / "broken", {"cat": 2, "dog": 2})
    for path in broken.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=f"^none of the 4 images of {broken} can be read, the first: "):
        examine(broken)


def test_a_test_set_that_overlaps_is_told_and_refused(tmp_path: Path, data: Path, picture: Any) -> None:
    test = tmp_path / "test"
    (test / "across").mkdir(parents=True)
    shutil.copy(image(data, "across", 4), test / "across" / "same.png")
    brighter(image(data, "across", 5), test / "across" / "like.png")
    cv2.imwrite(str(test / "across" / "other.png"), picture(0, 999))
    (test / "across" / "bad.png").write_bytes(b"")
    found = examine(data, test=test)
    assert found.test is not None
    assert (found.test.images, found.test.missing) == (3, ("up and down",))
    assert [(copy.first, copy.second) for copy in found.test.exact] == [
        (str(image(data, "across", 4)), str(test / "across" / "same.png"))
    ]
    assert found.test.near == (str(test / "across" / "like.png"),)
    assert len(found.test.unreadable) == 1
    assert len(findings(found)) == 5
    error = refusal(found)
    assert isinstance(error, DataError)
    assert str(error) == (
        f"1 of 3 images of {test} are in {data} as well, one is {test / 'across' / 'same.png'}: a test on"
        " images that were trained on proves nothing, take them out of one of the two"
    )


def test_a_test_set_that_is_none(tmp_path: Path, data: Path, write_set: Any) -> None:
    with pytest.raises(DataError, match="is the training set: give images that nothing is trained on$"):
        examine(data, test=data / "." / "across" / "..")
    with pytest.raises(DataError, match=f"lies inside the training set {data}: move it out of it$"):
        examine(data, test=data / "across")
    other = write_set(tmp_path / "other", {"across": 1, "ufo": 1})
    with pytest.raises(DataError) as caught:
        examine(data, test=other)
    assert str(caught.value) == (
        f"{other} has a class 'ufo' that {data} has not; its classes are across, up and down"
    )


def plan(found: Preflight, **options: Any) -> str:
    chosen = {"model": None, "minutes": 15.0, "training_images": None, "per_class": None} | options
    return make_plan(found, **chosen).sentence()


def test_the_plan_says_what_expand_then_does(data: Path, tmp_path: Path, sampler: Any) -> None:
    found = examine(data)
    assert plan(found) == (
        "train a generator of 16 x 16 px grey images for 15 min on this machine, the choice among its images"
        " included, and add up to 54 of them, as far as they help in cross-validation (40 a class with the"
        " real ones)"
    )
    assert plan(found, per_class=40).endswith(
        "on this machine, draw at most 540 images, and add up to 54 that pass the selection (40 a class with"
        " the real ones)"
    )
    assert plan(found, minutes=None, training_images=5000, per_class=6).endswith(
        "for 5,000 images on this machine, and add nothing: every class has 6 images already"
    )
    given = plan(found, model="mine.onnx", minutes=None)
    assert given.startswith("take the generator mine.onnx, draw at most 540 images")
    report = expand(data, tmp_path / "out", sampler)
    assert sum(entry.wanted for entry in report.classes) == 54


@pytest.mark.parametrize(
    ("count", "words"),
    [(2, "hurt a classifier; that nothing is added"), (19, "likely result"), (20, "unless"), (49, "unless")],
)
def test_small_sets_are_told_what_to_expect(tmp_path: Path, write_set: Any, count: int, words: str) -> None:
    found = examine(write_set(tmp_path / "set", {"a": count, "b": 50}, 8))
    assert expectation(found).startswith(f"the smallest class has {count} images: with fewer than 20 to 50 a")
    assert words in expectation(found)


def test_fifty_images_a_class_may_be_helped(tmp_path: Path, write_set: Any) -> None:
    assert "may help a classifier or change nothing" in expectation(
        examine(write_set(tmp_path / "set", {"a": 50, "b": 51}, 8))
    )
