"""How much memory is free, tiles chosen by it, and going on where it ran out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganapps import Image, ModelError, Upscaler, UsageError
from ganapps.runtime import memory
from ganapps.runtime.memory import free_bytes, is_out_of_memory, parse_bytes, show_bytes
from ganapps.runtime.tile_side import affordable_tile, default_tile
from ganapps.runtime.tiles import halved_tile, smallest_tile

MB = 1 << 20


def machine(root: Path, available_mb: int, cgroup: str = "") -> Path:
    """A root with /proc of a machine."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 9999999 kB\nMemAvailable: {available_mb << 10} kB\n")
    (root / "proc/self/cgroup").write_text(cgroup)
    return root


def group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_the_machine(tmp_path):
    assert free_bytes(machine(tmp_path, 700)) == 700 * MB


def test_a_container_of_version_2(tmp_path):
    """The tightest of the group and those above it, and its cache of files counts as free."""
    root = machine(tmp_path, 700, "0::/outer/inner\n")
    top = root / "sys/fs/cgroup"
    group(top / "outer", memory__max=500 * MB, memory__current=300 * MB, memory__stat="inactive_file 0")
    group(top / "outer/inner", memory__max="max", memory__current=5)
    assert free_bytes(root) == 200 * MB
    stat = f"anon 1\ninactive_file {90 * MB}"
    group(top / "outer", memory__stat=stat)
    assert free_bytes(root) == 290 * MB


def test_a_container_of_version_1_seen_from_inside(tmp_path):
    root = machine(tmp_path, 700, "5:cpu:/x\n4:memory:/docker/abc\n")
    group(
        root / "sys/fs/cgroup/memory",
        memory__limit_in_bytes=100 * MB,
        memory__usage_in_bytes=40 * MB,
        memory__stat=f"total_inactive_file {MB}",
    )
    assert free_bytes(root) == 61 * MB


def test_more_than_the_limit_is_none(tmp_path):
    root = machine(tmp_path, 700, "0::/\n")
    group(root / "sys/fs/cgroup", memory__max=MB, memory__current=2 * MB)
    assert free_bytes(root) == 0


def test_this_machine():
    assert 10 * MB < free_bytes() < 1 << 50


def test_the_limit_of_the_shell():
    resource = pytest.importorskip("resource")
    assert resource.RLIMIT_AS
    program = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))\n"
        "from ganapps.runtime.memory import free_bytes\n"
        "print(free_bytes() < 1 << 31)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout == "True\n"


@given(st.integers(1, 2**40))
def test_amounts_are_read_as_they_are_written(amount):
    assert parse_bytes(str(min(amount, 10**9 - 1))) == min(amount, 10**9 - 1)
    assert parse_bytes("3 GiB") == parse_bytes("3g") == 3 << 30
    shown = parse_bytes(show_bytes(amount)) if amount >= MB else amount
    assert abs(shown - amount) <= max(MB, 0.05 * (1 << 30), 0.05 * amount)


@pytest.mark.parametrize("text", ["", "G", "-2G", "0", "2X", "1e9", "2 G B", "inf", "9" * 40])
def test_amounts_that_are_none(text):
    with pytest.raises(UsageError) as refusal:
        parse_bytes(text)
    assert str(refusal.value) == (
        f"memory is written as a number with K, M, G or T, for example 2G, not {text!r}"
    )


@given(st.integers(0, 400), st.integers(0, 2**34))
def test_a_tile_fits_the_memory_and_the_model(radius, free):
    side = affordable_tile(radius, free)
    assert smallest_tile(radius) <= side <= default_tile(radius)
    assert side**2 * 1024 * 4 <= free or side == max(64, 4 * radius)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(0, 60))
def test_halving_ends(height, width, radius):
    side, steps = 5000, 0
    while (half := halved_tile(side, height, width, radius)) is not None:
        assert smallest_tile(radius) <= half < side
        side, steps = half, steps + 1
    assert steps < 12


class Greedy:
    """A session that has memory for so many pixels at once."""

    def __init__(self, session: object, pixels: int, error: Exception) -> None:
        self._session, self._pixels, self._error = session, pixels, error
        self.sides: list[int] = []

    def run(self, outputs: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.sides.append(feeds["image"].shape[1])
        if feeds["image"][0, ..., 0].size > self._pixels:
            raise self._error
        return self._session.run(outputs, feeds)


def refused_by_onnxruntime() -> ModelError:
    """As it was seen to come from ONNX Runtime 1.32 under `ulimit -v`."""
    text = "BFCArena::AllocateRawInternal() Failed to allocate memory for requested buffer of size 19200"
    error = ModelError("x.onnx cannot be run")
    error.__cause__ = RuntimeError(text)
    return error


@pytest.mark.parametrize("error", [MemoryError(), refused_by_onnxruntime()])
def test_tiles_are_halved_until_they_fit(models, photo, error):
    notes: list[str] = []
    upscaler = Upscaler(models / "x2.onnx", tile_px=500, device="cpu", on_note=notes.append)
    expected = upscaler(photo(300, 200))
    upscaler._session = Greedy(upscaler._session, 80 * 80, error)
    np.testing.assert_array_equal(upscaler(photo(300, 200)), expected)
    assert upscaler.tile_px == 75
    assert notes == [
        "memory ran out: going on with tiles of 150 px; the result is the same",
        "memory ran out: going on with tiles of 75 px; the result is the same",
    ]
    np.testing.assert_array_equal(upscaler(photo(300, 200)), expected)
    assert len(notes) == 2


def test_where_nothing_fits_it_is_said(models, photo):
    upscaler = Upscaler(models / "x2.onnx", device="cpu")
    upscaler._session = Greedy(upscaler._session, 0, MemoryError())
    with pytest.raises(MemoryError):
        upscaler(photo(300, 200))


def test_other_errors_are_not_taken_for_it(models, photo):
    upscaler = Upscaler(models / "x2.onnx", device="cpu")
    upscaler._session = Greedy(upscaler._session, 0, ModelError("the model refuses the input"))
    with pytest.raises(ModelError, match="^the model refuses the input$"):
        upscaler.upscale(Image(photo()))
    assert not is_out_of_memory(ValueError("x"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of address space")
def test_a_real_lack_of_memory(tmp_path, photo):
    """ONNX Runtime meets the limit of the shell in the middle; nothing but the note is said."""
    program = (
        "import resource, sys\n"
        "import numpy as np\n"
        "from ganapps import Upscaler\n"
        "upscaler = Upscaler('photo-x4', threads=1, tile_px=4000, device='cpu', on_note=print)\n"
        "pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)\n"
        "upscaler(pixels[:32, :32])\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + (60 << 20),) * 2)\n"
        "np.save(sys.argv[1], upscaler(pixels))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.npy")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("memory ran out: going on with tiles of 150 px; the result is the same\n")
    pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    expected = Upscaler("photo-x4", threads=1, device="cpu")(pixels)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), expected)


def test_what_is_assumed_where_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.delattr(memory.os, "sysconf", raising=False)
    assert free_bytes(tmp_path) == 2 << 30
