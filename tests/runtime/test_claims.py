"""One process at a time writes a file, and none is locked out by a dead one."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ganapps import OutputError
from ganapps.runtime import claims, files
from ganapps.runtime.claims import claim

HOLD = """
import sys
from ganapps.runtime.claims import claim
held = claim(sys.argv[1])
print(held is not None, flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """A process that tries to claim the file and then waits."""
    command = [sys.executable, "-c", HOLD, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_file_is_published_whole(tmp_path):
    with claim(tmp_path / "a" / "b.bin") as held:
        held.stream.write(b"one")
        assert not (tmp_path / "a" / "b.bin").exists()
        held.publish()
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"one"
    assert os.listdir(tmp_path / "a") == ["b.bin"]


def test_what_is_given_up_leaves_nothing(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), claim(tmp_path / "a") as held:
        held.stream.write(b"new")
        raise KeyboardInterrupt
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_second_claim_is_refused_until_the_first_ends(tmp_path):
    first = claim(tmp_path / "a")
    assert claim(tmp_path / "a") is None
    other = claim(tmp_path / "b")
    assert other is not None
    other.release()
    first.publish()
    second = claim(tmp_path / "a")
    assert second is not None
    second.release()
    second.release()


def test_another_process_is_kept_out_and_a_killed_one_is_not_waited_for(tmp_path):
    with holder(tmp_path / "a") as process:
        assert process.stdout.readline() == "True\n"
        assert claim(tmp_path / "a") is None
        with holder(tmp_path / "a") as second:
            assert second.communicate("")[0] == "False\n"
        process.kill()
        process.wait()
    (left,) = tmp_path.iterdir()
    left.write_bytes(b"half of what the killed one wrote")
    with claim(tmp_path / "a") as held:
        held.stream.write(b"x")
        held.publish()
    assert (tmp_path / "a").read_bytes() == b"x"
    assert os.listdir(tmp_path) == ["a"]


def test_a_part_that_was_renamed_meanwhile_is_not_written_to(tmp_path, monkeypatch):
    """Its owner publishes between our opening and our locking it."""
    first = claim(tmp_path / "a")
    first.stream.write(b"whole")
    really, turns = claims._lock, []

    def lock(descriptor: int) -> bool:
        if not turns:
            first.publish()
        turns.append(descriptor)
        return really(descriptor)

    monkeypatch.setattr(claims, "_lock", lock)
    with claim(tmp_path / "a"):
        assert len(turns) == 2
        assert (tmp_path / "a").read_bytes() == b"whole"


def test_without_locks_files_are_still_whole(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def missing(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", missing)
    first, second = claim(tmp_path / "a"), claim(tmp_path / "a")
    first.stream.write(b"first")
    second.stream.write(b"2")
    first.publish()
    second.publish()
    assert (tmp_path / "a").read_bytes() == b"2"
    assert [name for name in os.listdir(tmp_path) if f"-{os.getpid()}-" in name] == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, call):
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(OutputError, match="no space left on the device"), claim(tmp_path / "a") as held:
        held.stream.write(b"new")
        monkeypatch.setattr(claims.os, call, fail)
        held.publish()
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_links_are_followed_and_folders_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with claim(tmp_path / "link") as held:
        held.publish()
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_bytes() == b""
    with pytest.raises(OutputError, match="is a folder: give the name of a file to write$"):
        claim(tmp_path)


def test_permissions_are_those_of_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        with claim(tmp_path / ("n" * 255)) as held:
            held.publish()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / ("n" * 255)).stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError) as caught:
        files.check_writable(tmp_path / "new" / "a.png")
    assert str(caught.value).startswith(f"nothing can be written to {tmp_path}: it is read-only")
