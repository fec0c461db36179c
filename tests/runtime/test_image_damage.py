"""Whatever the bytes, an image or an ImageError of one sentence, and nothing on standard error."""

from __future__ import annotations

import importlib.util
import io
import os
import random
import struct
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps import GanappsError, ImageError, read_image
from ganapps.runtime import guards
from ganapps.runtime.images import encode_image


def beside(name: str) -> ModuleType:
    """A file of this folder as a module."""
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return beside("sample_images").samples(optional=False)


FUZZ = beside("fuzz_images")
STARTS = (
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0+",
    b"RIFF\0\0\0\0WEBPVP8X",
)


def check(data: bytes) -> None:
    """Read, and write what comes of it."""
    try:
        image = read_image(data, max_pixels=10**6)
        encode_image(image, "tiff" if len(data) % 2 else "png")
    except GanappsError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 400


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_damage_of_any_kind(files, chance):
    names = sorted(files)
    check(FUZZ.mutated(files[chance.choice(names)], files[chance.choice(names)], chance))


@settings(max_examples=100)
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_any_bytes(start, rest):
    check(start + rest)


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_a_cut_file_is_never_an_image_of_another_size(files, chance):
    name = chance.choice(sorted(files))
    data = files[name]
    cut = data[: chance.randrange(len(data))]
    try:
        shape = read_image(cut).pixels.shape
    except ImageError as error:
        assert str(error).startswith("the input ")
    else:
        # What lies behind the pixels may be missing.
        assert shape == read_image(data).pixels.shape


@settings(max_examples=40)
@given(
    st.sampled_from(["PNG", "TIFF", "BMP", "GIF", "WEBP"]),
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA"]),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_lossless_files_of_others_are_read_as_they_read_them(format, mode, width, height):
    noise = np.random.default_rng(width).integers(0, 256, (height, width, 4), np.uint8)
    if mode in ("1", "L", "P"):
        picture = PIL.Image.fromarray(noise[..., 0]).convert(mode)
    else:
        picture = PIL.Image.fromarray(noise[..., : len(mode)], mode)
    accepted = {"BMP": ("1", "L", "P", "RGB"), "GIF": ("1", "L", "P"), "WEBP": ("RGB", "RGBA")}
    if mode not in accepted.get(format, (mode,)):
        return
    stream = io.BytesIO()
    picture.save(stream, format, **({"lossless": True, "exact": True} if format == "WEBP" else {}))
    image = read_image(stream.getvalue())
    theirs = np.asarray(PIL.Image.open(stream).convert("RGBA"))
    alpha = np.full((height, width), 255, np.uint8) if image.alpha is None else image.alpha
    ours = np.dstack([np.broadcast_to(image.pixels, (height, width, 3)), alpha])
    np.testing.assert_array_equal(ours, theirs)


HUGE = 30_000


def patched(data: bytes, before: bytes, after: bytes) -> bytes:
    assert before in data
    return data.replace(before, after)


def bombs(files: dict[str, bytes]) -> dict[str, bytes]:
    """A valid small file of each format whose header says 30,000 x 30,000 pixels."""
    width, height = 17, 21
    tiff, apart = files["tiff-rgb"], files["tiff-rgb16-planar"]
    for tag, side in ((256, width), (257, height)):
        before, after = (struct.pack("<HHII", tag, 4, 1, value) for value in (side, HUGE))
        tiff, apart = patched(tiff, before, after), patched(apart, before, after)
    webp = bytearray(files["webp-rgb-metadata"])
    webp[24:30] = 2 * (HUGE - 1).to_bytes(3, "little")
    several = bytearray(files["webp-several"])
    several[24:30] = 2 * (HUGE - 1).to_bytes(3, "little")
    return {
        "png": png_bomb(files["png-rgb16"], width, height),
        "jpeg": patched(files["jpeg-rgb"], struct.pack(">HH", height, width), struct.pack(">HH", HUGE, HUGE)),
        "gif": patched(
            files["gif-several"], struct.pack("<HH", width, height), struct.pack("<HH", HUGE, HUGE)
        ),
        "bmp": patched(files["bmp-rgb"], struct.pack("<ii", width, height), struct.pack("<ii", HUGE, HUGE)),
        "avif": patched(files["avif-rgb"], struct.pack(">II", width, height), struct.pack(">II", HUGE, HUGE)),
        "tiff": tiff,
        "tiff apart": apart,
        "webp": bytes(webp),
        "webp several": bytes(several),
    }


def png_bomb(data: bytes, width: int, height: int) -> bytes:
    damaged = bytearray(patched(data, struct.pack(">II", width, height), struct.pack(">II", HUGE, HUGE)))
    FUZZ.mend_checksums(damaged)
    return bytes(damaged)


PROGRAM = """
import resource, sys
from ganapps import ImageError, read_image
read_image(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    try:
        read_image(path)
    except ImageError as error:
        print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_bombs_of_every_format_are_refused_without_memory(files, tmp_path):
    small = tmp_path / "small.png"
    small.write_bytes(files["png-rgb8"])
    paths = []
    for name, data in bombs(files).items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, small, *paths], capture_output=True, text=True, check=True
    )
    *messages, grown_mb = done.stdout.splitlines()
    assert done.stderr == ""
    assert int(grown_mb) < 64
    for path, message in zip(paths, messages, strict=True):
        assert message.startswith(f"{path} "), message
        refused = message.startswith(f"{path} has 30000 x 30000 = 900.0 megapixels, the limit is 67.1: set ")
        # libavif itself finds the box at odds with the stream, or the picture too large.
        assert refused or path.name == "avif", message


def test_nothing_is_printed_and_what_was_set_is_put_back(files, capfd):
    chance = random.Random(3)
    level, filters = cv2.utils.logging.getLogLevel(), list(warnings.filters)
    for name in sorted(files):
        for _ in range(3):
            check(FUZZ.mutated(files[name], files["png-rgb16-metadata"], chance))
    assert capfd.readouterr() == ("", "")
    assert (cv2.utils.logging.getLogLevel(), list(warnings.filters)) == (level, filters)


def test_silence_ends_with_the_last_thread_that_wanted_it():
    level = cv2.utils.logging.getLogLevel()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with guards.silence:
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with guards.silence:
        thread.start()
        assert inside.wait(10)
    assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    leave.set()
    thread.join()
    assert cv2.utils.logging.getLogLevel() == level


def test_a_lack_of_memory_is_said(monkeypatch, files):
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PIL.Image, "open", fail)
    with pytest.raises(ImageError) as caught:
        read_image(files["png-rgb8"])
    assert str(caught.value) == "the input is too large for the memory of this machine: cut it into parts"


def test_the_fuzz_run_ends_well(tmp_path):
    """Its own machinery: samples, child, tally."""
    (tmp_path / "samples").mkdir()
    for name, data in beside("sample_images").samples(optional=False).items():
        if name.startswith(("png", "bmp")):
            (tmp_path / "samples" / name).write_bytes(data)
    program = f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); import fuzz_images"
    program += f"; from pathlib import Path; fuzz_images.run_cases(1, 40, Path({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert sum(map(int, done.stdout.split())) == 40
    assert done.stderr == ""
