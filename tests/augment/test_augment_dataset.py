from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ganapps.augment.sets.dataset import Shape, choose_shape, decode, decode_images, find_images, fit
from ganapps.augment.sets.shape import inner_size, resize, restore
from ganapps.errors import DataError, ImageError
from ganapps.runtime.images import IMAGE_SUFFIXES


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def grey(height: int = 12, width: int = 12, value: int = 90) -> np.ndarray:
    return np.full((height, width), value, np.uint8)


def test_classes_and_images_come_in_order_of_their_names(tmp_path: Path) -> None:
    for name in ("zebra/2.png", "zebra/1.jpg", "a horse/sub folder/x.PNG", "a horse/y.png"):
        save(tmp_path / name, grey())
    found = find_images(tmp_path)
    assert found.classes == ("a horse", "zebra")
    assert [path.as_posix() for path in found.paths] == [
        "a horse/y.png",
        "a horse/sub folder/x.PNG",
        "zebra/1.jpg",
        "zebra/2.png",
    ]
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert found.counts == (2, 2)


def test_litter_is_passed_over(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/2.png", ".git/3.png", "__MACOSX/4.png", "cat/.hidden/5.png", "loose.png"):
        save(tmp_path / name, grey())
    (tmp_path / "cat" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "cat" / "._1.png").write_bytes(b"x")
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "cat" / "notes.txt").write_text("x")
    if hasattr(os, "mkfifo"):  # reading a pipe that nobody writes to would wait for ever
        os.mkfifo(tmp_path / "cat" / "3.png")
    found = find_images(tmp_path)
    assert found.classes == ("cat",)
    assert [path.name for path in found.paths] == ["1.png", "2.png"]


SUFFIXES = ", ".join(sorted(IMAGE_SUFFIXES))
ONE = "class 'one' in ROOT has {} and every class needs at least 2: add images or remove the folder"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "ROOT has no class folders; put the images of each class into a folder of its own: ROOT/CLASS"),
        (
            ["1.png", "2.png", "3.png"],
            "ROOT has 3 images but no class folders; put the images of each class into a folder of its own:"
            " ROOT/CLASS",
        ),
        (
            ["a/x.txt", "b/"],
            f"none of the 2 class folders in ROOT has an image; accepted are {SUFFIXES}",
        ),
        (["one/1.png", "two/1.png", "two/2.png"], ONE.format("1 image,")),
        (["one/", "two/1.png", "two/2.png"], ONE.format("no images,")),
        (
            ["train/cat/1.png", "test/cat/1.png"],
            "ROOT holds splits (test, train), not classes; give one of them: ROOT/train",
        ),
        (
            ["images/cat/1.png", "images/cat/2.png", "manifest.jsonl", "sheets/cat.png"],
            "ROOT is a set that ganapps augment wrote; give the folder it was made from",
        ),
    ],
)
def test_unusable_sets_get_one_sentence(tmp_path: Path, files: list[str], sentence: str) -> None:
    for name in files:
        if name.endswith(".png"):
            save(tmp_path / name, grey())
        elif name.endswith("/"):
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x")
    with pytest.raises(DataError) as caught:
        find_images(tmp_path)
    assert str(caught.value) == sentence.replace("ROOT", str(tmp_path))


def test_a_missing_folder_and_a_file_get_one_sentence(tmp_path: Path) -> None:
    end = "; give a folder that holds one folder of images for each class, or a .csv, .jsonl or .npz file"
    with pytest.raises(DataError) as caught:
        find_images(tmp_path / "no")
    assert str(caught.value) == f"{tmp_path / 'no'} does not exist{end}"
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError) as caught:
        find_images(tmp_path / "file")
    assert str(caught.value) == f"{tmp_path / 'file'} is a file{end}"


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    save(tmp_path / "cat" / "1.png", grey())
    (tmp_path / "cat" / "2.png").write_text("no image")
    with pytest.raises(ImageError, match=r"2\.png"):
        decode_images(find_images(tmp_path))


def test_images_of_one_small_size_are_kept_as_they_are(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (3, 20, 28, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        save(tmp_path / "cat" / f"{number}.png", image[..., ::-1])
    assert np.array_equal(decode_images(find_images(tmp_path)), pixels)


def test_grey_and_colour_mixed_become_colour_and_all_grey_becomes_grey(tmp_path: Path) -> None:
    save(tmp_path / "mixed" / "cat" / "1.png", grey())
    save(tmp_path / "mixed" / "cat" / "2.png", np.full((12, 12, 3), (0, 0, 200), np.uint8))
    mixed = decode_images(find_images(tmp_path / "mixed"))
    assert mixed[:, 0, 0].tolist() == [[90, 90, 90], [200, 0, 0]]
    save(tmp_path / "grey" / "cat" / "1.png", grey())
    save(tmp_path / "grey" / "cat" / "2.png", np.full((12, 12, 3), 40, np.uint8))
    save(tmp_path / "grey" / "cat" / "3.png", np.full((12, 12), 257 * 77, np.uint16))
    pale = decode_images(find_images(tmp_path / "grey"))
    assert pale.shape == (3, 12, 12, 1)
    assert pale[:, 5, 5, 0].tolist() == [90, 40, 77]


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    for number, alpha in enumerate((0, 255)):
        save(tmp_path / "cat" / f"{number}.png", np.full((12, 12, 4), (10, 10, 10, alpha), np.uint8))
    assert decode_images(find_images(tmp_path))[:, 0, 0, 0].tolist() == [255, 10]


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ([(64, 48)] * 3 + [(100, 100)] * 3, (64, 48)),
        ([(128, 128)] * 2, (128, 128)),
        ([(129, 129)] * 2, (64, 64)),
        ([(300, 600), (100, 200), (90, 30)], (32, 64)),
        ([(20, 20), (24, 24), (30, 30)], (24, 24)),
        ([(1, 1)] * 3, (8, 8)),
        ([(64, 4)] * 3, (64, 16)),
        ([(20_000, 2), (20_000, 2)], (64, 16)),
    ],
)
def test_the_common_size_is_found(sizes: list[tuple[int, int]], shape: tuple[int, int]) -> None:
    assert choose_shape(sizes, grey=False) == Shape(*shape, 3)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(40, 20), (20, 40), (7, 9), (300, 30), (1, 1), (1, 500), (16, 16)])
def test_fitting_cuts_nothing_off_and_restoring_takes_the_margins_off(
    size: tuple[int, int], depth: type[np.uint8] | type[np.uint16]
) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*size, 1)).astype(depth)
    fitted = fit(image, Shape(16, 16, 3))
    assert fitted.shape == (16, 16, 3)
    assert fitted.dtype == depth
    inner = inner_size(size, Shape(16, 16, 3))
    assert 16 in inner
    whole = resize(np.repeat(image, 3, axis=2), *inner)
    assert np.array_equal(restore(fitted, size), whole)  # type: ignore[arg-type]


def test_margins_are_mirror_images() -> None:
    image = np.arange(8 * 4, dtype=np.uint8).reshape(8, 4, 1)
    fitted = fit(image, Shape(8, 8, 1))
    assert np.array_equal(fitted[:, 2:6], image)
    assert np.array_equal(fitted[:, :2], image[:, 1::-1])
    assert np.array_equal(fitted[:, 6:], image[:, :1:-1])


def test_levels_of_12_bits_fill_the_range_for_the_whole_set_alike(tmp_path: Path) -> None:
    for number, value in enumerate((4095, 2048, 100)):
        save(tmp_path / "scan" / f"{number}.png", np.full((12, 12), value, np.uint16))
    save(tmp_path / "scan" / "3.png", grey(value=30))
    decoded = decode(find_images(tmp_path))
    assert decoded.pixels[:, 0, 0, 0].tolist() == [255, 128, 6, 30]
    assert (decoded.white, decoded.pixels.shape[3]) == (4095, 1)


@pytest.mark.parametrize(("highest", "white"), [(255, 255), (256, 4095), (4096, 65535), (65535, 65535)])
def test_white_is_the_least_level_that_none_exceeds(tmp_path: Path, highest: int, white: int) -> None:
    for number in range(2):
        save(tmp_path / "scan" / f"{number}.png", np.full((9, 9), highest * number, np.uint16))
    decoded = decode(find_images(tmp_path))
    assert decoded.white == white
    assert decoded.pixels[1, 0, 0, 0] == round(255 * highest / white)


def test_photographs_are_turned_upright_and_averaged_over_areas(tmp_path: Path) -> None:
    pixels = np.zeros((1200, 3000), np.uint8)
    pixels[::2] = 200
    pixels[:, :1500] = 0
    exif = Image.Exif()
    exif[274] = 6  # the camera was turned: what is left in the file is above
    (tmp_path / "cat").mkdir()
    for number in range(2):
        Image.fromarray(pixels).save(tmp_path / "cat" / f"{number}.png", exif=exif)
    decoded = decode(find_images(tmp_path))
    assert decoded.sizes == ((3000, 1200),) * 2
    assert decoded.pixels.shape == (2, 64, 26, 1)
    assert decoded.pixels[0, 5, 13, 0] == 0
    # Every other line is dark: a mean over areas gives half, a picked pixel would give 0 or 200.
    assert np.abs(decoded.pixels[0, 40:60].astype(int) - 100).max() <= 2


def test_damaged_images_are_counted_and_the_others_decoded(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "3.png"):
        save(tmp_path / "cat" / name, grey())
    (tmp_path / "cat" / "2.png").write_bytes(b"")
    (tmp_path / "cat" / "4.jpg").write_text("no image")
    images = find_images(tmp_path)
    decoded = decode(images)
    assert decoded.rows.tolist() == [0, 2]
    assert sorted(decoded.unreadable) == [1, 3]
    with pytest.raises(ImageError) as caught:
        decode_images(images)
    assert str(caught.value) == (
        f"2 of the 4 images of {tmp_path} cannot be read, the first: {tmp_path}/cat/2.png is empty (0 bytes);"
        f" mend them or take them out, ganapps augment {tmp_path} --check lists them"
    )


def test_a_folder_whose_name_is_no_text_is_named(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system takes no such name")
    (folder / "1.png").write_bytes(b"x")
    with pytest.raises(DataError, match="is not UTF-8: rename it"):
        find_images(tmp_path)


def test_large_photographs_are_brought_down(tmp_path: Path) -> None:
    for number in range(2):
        save(tmp_path / "cat" / f"{number}.png", np.full((300, 600, 3), 50 + number, np.uint8))
    shares: list[float] = []
    pixels = decode_images(find_images(tmp_path), on_progress=shares.append)
    assert pixels.shape == (2, 32, 64, 1)
    assert pixels[:, 9, 9, 0].tolist() == [50, 51]
    assert shares == [0.5, 1.0]
