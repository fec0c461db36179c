from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys

import pytest

from ganapps import OutputError
from ganapps.runtime import files
from ganapps.runtime.files import display_name, is_exhausted, write_atomically


def test_writes_and_makes_folders(tmp_path):
    path = tmp_path / "a" / "b" / "c.bin"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["c.bin"]


def test_permissions_are_those_of_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_name_of_full_length_can_be_written(tmp_path):
    write_atomically(tmp_path / ("n" * 255), b"x")


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_atomically(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"x"


def failing(number: int):
    def fail(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, call):
    path = tmp_path / "photo.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(files.os, call, failing(errno.ENOSPC))
    with pytest.raises(OutputError) as caught:
        write_atomically(path, b"new")
    monkeypatch.undo()
    reason = "no space left on the device; free some and run again"
    assert str(caught.value) == f"{path} could not be written: {reason}"
    assert is_exhausted(caught.value)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["photo.png"]


def test_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "photo.png", b"x")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs file size limits")
def test_a_real_limit_of_the_system(tmp_path):
    """The kernel cuts the write in the middle: EFBIG, by a limit of 4 KiB a file."""
    program = (
        "import resource, signal, sys\n"
        "from ganapps.runtime.files import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    write_atomically(sys.argv[1], bytes(1 << 20))\n"
        "except Exception as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.png")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == f"{tmp_path}/a.png could not be written: file too large\n"
    assert os.listdir(tmp_path) == []


def test_a_file_where_a_folder_is_needed(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path / "out" / "a.png", b"")
    assert str(caught.value) == f"{tmp_path}/out is a file where a folder is needed"
    assert not is_exhausted(caught.value)


def test_a_folder_is_not_replaced(tmp_path):
    with pytest.raises(OutputError, match="is a folder: give the name of a file to write$"):
        write_atomically(tmp_path, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_is_not_replaced():
    with pytest.raises(OutputError, match="^/dev/full is a device or a pipe"):
        write_atomically("/dev/full", b"")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_any_name_can_be_shown(tmp_path):
    name = display_name(tmp_path / "caf\udce9.png")
    assert name.encode("utf-8").endswith("caf\N{REPLACEMENT CHARACTER}.png".encode())
