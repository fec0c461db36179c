"""Reading the sets of a proof, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment.expand import expand
from ganapps.augment.proof.sets import read_added, read_extra, read_set, read_test
from ganapps.augment.proof.unfiltered import NotAvailable, draw_unfiltered
from ganapps.augment.sets.archive import read_archive
from ganapps.errors import DataError

Write = Callable[..., Path]
CLASSES = ("across", "up and down")
TWO = np.zeros((2, 8, 8), np.uint8)


@pytest.fixture
def write(tmp_path: Path, picture: Any) -> Write:
    """Writes images of both classes with the given seeds to a new folder."""

    def write(name: str, seeds: range, change: Callable[[Any], Any] = lambda image: image) -> Path:
        for label, of_class in enumerate(CLASSES):
            (tmp_path / name / of_class).mkdir(parents=True)
            for seed in seeds:
                cv2.imwrite(str(tmp_path / name / of_class / f"{seed}.png"), change(picture(label, seed)))
        return tmp_path / name

    return write


def brighten(image: np.ndarray) -> np.ndarray:
    return np.clip(image * 0.9 + 9, 0, 255).astype(np.uint8)


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def sentence_of(call: Callable[[], Any]) -> str:
    with pytest.raises(DataError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_and_an_archive_of_the_same_images_are_the_same(write: Write, tmp_path: Path) -> None:
    folder = read_set(write("data", range(4)))
    order = np.random.default_rng(0).permutation(8)
    file = save(
        tmp_path / "data.npz",
        images=folder.pixels[order, ..., 0],
        labels=1 - folder.labels[order],
        classes=np.array(CLASSES[::-1]),
    )
    archive = read_set(file)
    order = order[np.argsort(folder.labels[order], kind="stable")]  # sets come in order of class
    assert archive.classes == folder.classes == CLASSES
    assert np.array_equal(archive.labels, folder.labels[order])
    assert np.array_equal(archive.pixels, folder.pixels[order])
    assert (folder.shape.height, folder.shape.width, folder.shape.channels) == (16, 16, 1)


def test_the_split_of_an_archive_is_taken_where_there_is_one(tmp_path: Path) -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((5, 8, 8), np.uint8)
    labels, split = np.array([0, 1, 0, 1, 1]), np.array(["train", "train", "test", "test", "train"])
    file = save(tmp_path / "a.npz", images=images, labels=labels, split=split)
    assert read_archive(file, split="train").pixels[:, 0, 0, 0].tolist() == [0, 1, 4]
    assert read_archive(file, split="test").names.tolist() == ["0", "1"]
    assert sentence_of(lambda: read_archive(file, split="extra")) == (
        f"{file} tells splits apart, and none of its images is of the split 'extra'"
    )


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"images": TWO}, "must hold the arrays images and labels, it holds images"),
        (
            {"images": np.zeros((2, 8, 8)), "labels": np.zeros(2, int)},
            "images must be uint8 of shape [N, H, W], [N, H, W, 1] or [N, H, W, 3],"
            " got float64 of shape [2, 8, 8]",
        ),
        (
            {"images": TWO, "labels": np.zeros(3, int)},
            "labels must be a whole number for each of 2 images, got int64 of shape [3]",
        ),
        (
            {"images": TWO, "labels": np.array([0, 2]), "classes": np.array(["a", "b"])},
            "has labels from 0 to 2 for 2 classes",
        ),
    ],
)
def test_archives_of_another_form(arrays: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    file = save(tmp_path / "a.npz", **arrays)
    said = sentence_of(lambda: read_archive(file, split="train"))
    assert said.startswith(str(file))
    assert said.endswith(sentence)


def test_a_missing_a_damaged_and_a_pickled_archive(tmp_path: Path) -> None:
    missing, damaged = tmp_path / "no.npz", tmp_path / "bad.npz"
    damaged.write_bytes(b"PK\x03\x04 no more")
    pickled = save(tmp_path / "pickled.npz", images=np.array([{}], dtype=object), labels=np.zeros(1, int))
    assert sentence_of(lambda: read_archive(missing, split="train")) == (
        f"{missing} does not exist; give a folder or an .npz file of labelled images"
    )
    for file in (damaged, pickled):
        said = sentence_of(lambda file=file: read_archive(file, split="train"))  # type: ignore[misc]
        assert said.startswith(f"{file} is no .npz file that can be read: ")


def test_one_class_and_a_class_of_one_image(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(256, size=(3, 8, 8), dtype=np.uint8)
    one = save(tmp_path / "one.npz", images=images, labels=np.zeros(3, int), classes=np.array(["cat"]))
    assert sentence_of(lambda: read_set(one)) == (
        f"{one} has one class, 'cat', and telling classes apart needs two"
    )
    lonely = save(tmp_path / "lonely.npz", images=images, labels=np.array([0, 0, 1]))
    assert sentence_of(lambda: read_set(lonely)) == (
        f"class '1' in {lonely} has 1 image, and every class needs at least 2: add images or remove the class"
    )


def test_what_augment_wrote_is_read_by_its_manifest(small_set: Path, sampler: Any, tmp_path: Path) -> None:
    report = expand(small_set, tmp_path / "out", sampler, per_class=15)
    real = read_set(small_set)
    added = read_added(tmp_path / "out", real)
    assert added.counts(2).tolist() == [entry.added for entry in report.classes]
    assert added.counts(2).tolist() == [3, 7]
    names = [json.loads(line)["file"] for line in (tmp_path / "out/manifest.jsonl").read_text().splitlines()]
    first = cv2.imread(str(tmp_path / "out" / names[0]), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(added.pictures.pixels[0, ..., 0], first)


def test_an_expansion_of_another_set_is_refused(
    small_set: Path, sampler: Any, write: Write, tmp_path: Path
) -> None:
    expand(small_set, tmp_path / "out", sampler, per_class=15)
    other = write("other", range(200, 212))
    assert sentence_of(lambda: read_added(tmp_path / "out", read_set(other))) == (
        f"{tmp_path / 'out/images/across/real 000.png'} is neither in {other} nor synthetic by the manifest:"
        f" {tmp_path / 'out'} was made from another set"
    )
    assert sentence_of(lambda: read_added(small_set, read_set(other))) == (
        f"{small_set} holds none of the images of {other}: it is no expansion of that set"
    )
    (tmp_path / "out/manifest.jsonl").write_text("{}\n")
    said = sentence_of(lambda: read_added(tmp_path / "out", read_set(small_set)))
    assert said == f"{tmp_path / 'out/manifest.jsonl'} is damaged: 'file'"


def test_of_any_other_set_what_is_not_real_is_added(write: Write) -> None:
    real = read_set(write("data", range(4)))
    assert read_added(write("larger", range(7)), real).counts(2).tolist() == [3, 3]
    assert read_added(write("same", range(4)), real).counts(2).tolist() == [0, 0]


def test_extra_images_are_those_not_trained_on_already(write: Write) -> None:
    real = read_set(write("data", range(4)))
    assert read_extra(write("all", range(9)), real).counts(2).tolist() == [5, 5]
    same = write("same", range(2))
    assert sentence_of(lambda: read_extra(same, real)) == (
        f"{same} has no image that is not in {real.path} as well; give further real images"
    )


def test_a_test_set_that_was_trained_on_is_refused(write: Write) -> None:
    real = read_set(write("data", range(4)))
    test = write("test", range(3, 8))
    assert sentence_of(lambda: read_test(test, real, {}, None)) == (
        f"2 of 10 images of {test} are in {real.path} as well, one is {test / 'across/3.png'}: a test on"
        " images that were trained on proves nothing, take them out of one of the two"
    )
    clean = write("clean", range(50, 60))
    stolen = {Path("larger"): read_set(write("larger", range(55, 70)), like=real).labelled()}
    assert sentence_of(lambda: read_test(clean, real, stolen, None)).startswith(
        f"10 of 20 images of {clean} are in larger as well, one is {clean / 'across/55.png'}: "
    )
    extra = read_set(write("extra", range(59, 62)), like=real).labelled()
    assert sentence_of(lambda: read_test(clean, real, {}, extra)).startswith(
        f"2 of 20 images of {clean} are in the extra images as well"
    )


def test_near_copies_leave_the_test_and_many_of_them_refuse_it(write: Write) -> None:
    real = read_set(write("data", range(12)))
    test = write("test", range(50, 70))
    assert read_test(test, real, {}, None).near_copies == 0
    brighter = write("brighter", range(1), brighten)
    shutil.copy(brighter / "across/0.png", test / "across/copy.png")
    found = read_test(test, real, {}, None)
    assert (found.near_copies, len(found.labels), len(found.pictures)) == (1, 40, 40)
    copies = write("copies", range(10), brighten)
    said = sentence_of(lambda: read_test(copies, real, {}, None))
    assert said.endswith(f"{copies / 'across/0.png'}: give a test set of other pictures")
    assert said.startswith(f"20 of 20 images of {copies} are nearly the same as images of {real.path}, ")


def test_classes_of_the_test_set_are_those_of_the_data(write: Write) -> None:
    real = read_set(write("data", range(4)))
    test = write("test", range(50, 55))
    shutil.move(test / "across", test / "along")
    assert sentence_of(lambda: read_test(test, real, {}, None)) == (
        f"{test} has a class 'along' that {real.path} has not; its classes are across, up and down"
    )
    shutil.rmtree(test / "along")
    assert sentence_of(lambda: read_test(test, real, {}, None)) == (
        f"{test} has no image of class 'across', which {real.path} has; every class needs one"
    )


def test_unfiltered_images_are_the_first_that_the_expansion_drew(
    small_set: Path, sampler: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expand(small_set, tmp_path / "out", sampler, per_class=15, seed=3)
    real = read_set(small_set)
    with pytest.raises(NotAvailable) as error:
        draw_unfiltered(tmp_path / "out", real.classes, real.shape, threads=1)
    assert str(error.value) == "the generator is not kept beside the expanded set"
    (tmp_path / "out/training").mkdir()
    (tmp_path / "out/training/generator.onnx").touch()
    monkeypatch.setattr("ganapps.augment.proof.unfiltered.Sampler", lambda path, threads: sampler)
    drawn = draw_unfiltered(tmp_path / "out", real.classes, real.shape, threads=1)
    assert drawn.counts(2).tolist() == [3, 7]
    seeds = np.random.default_rng((3, 1)).integers(2**53, size=70)[:7].tolist()
    assert np.array_equal(drawn.pictures.pixels[3:], sampler([1] * 7, seeds).images)
    # All of this generator's images pass, so what was selected is what was drawn first.
    added = read_added(tmp_path / "out", real)
    assert np.array_equal(added.pictures.pixels, drawn.pictures.pixels)


def test_without_a_report_there_is_nothing_unfiltered(write: Write) -> None:
    real = read_set(write("data", range(4)))
    with pytest.raises(NotAvailable) as error:
        draw_unfiltered(real.path, real.classes, real.shape, threads=1)
    assert str(error.value) == "the expanded set has no report of ganapps augment"
