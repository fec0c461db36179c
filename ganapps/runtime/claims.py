"""The right to write one file, which one process has at a time.

The claim is the file being written: a hidden one beside the target, named after it, locked while its process
lives, and renamed when it is whole. The system gives the lock up with the process, however that ends, so
there are no stale claims: what a killed process leaves is taken over by the next that wants the same target.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import sys
from pathlib import Path
from types import TracebackType

from .files import make_folder, output_error, real_target

_COUNTER = itertools.count()
_BUSY = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})


class Claim:
    """A file on its way; leaving the block without `publish` leaves nothing behind."""

    def __init__(self, path: str | Path, target: Path, temporary: Path, descriptor: int) -> None:
        """Made by `claim`."""
        self._path, self._target, self._temporary = path, target, temporary
        self.stream = open(descriptor, "r+b")  # noqa: SIM115  closed by `release`
        """To write the file to; can seek."""

    def publish(self) -> None:
        """Give the file its name, once it is on the disk: others see the old one or the whole new one.

        Raises:
            OutputError: the disk is full or broken.
        """
        try:
            self.stream.flush()
            # Some file systems report only here that they are full.
            os.fsync(self.stream.fileno())
            if sys.platform == "win32":  # where an open file cannot be renamed
                self.stream.close()
            os.replace(self._temporary, self._target)
        except OSError as error:
            raise output_error(self._path, error) from error
        self._close()

    def release(self) -> None:
        """Give the claim up, with what was written; nothing happens after `publish`."""
        if not self.stream.closed:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._close()

    def _close(self) -> None:
        # What a full disk has not taken is thrown away with the file.
        with contextlib.suppress(OSError):
            self.stream.close()

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(path: str | Path) -> Claim | None:
    """Claim a file to be written; None where another process is at it. Missing folders are made.

    A symbolic link is followed: the file it points to is replaced, not the link.

    Raises:
        OutputError: the folder cannot be made or written to, or the target is not a regular file.
    """
    target = real_target(path)
    make_folder(target.parent)
    # Short and without the target's name: that may already fill the 255 bytes a name can have.
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    temporary = target.parent / f".ganapps-{name}.part"
    try:
        while True:
            descriptor = _open(temporary)
            if not _lock(descriptor):
                os.close(descriptor)
                return None
            # Its owner may have renamed or removed it between our opening and locking it.
            if _is_at(descriptor, temporary):
                os.ftruncate(descriptor, 0)
                return Claim(path, target, temporary, descriptor)
            os.close(descriptor)
    except _NoLocks:
        temporary = target.parent / f".ganapps-{os.getpid()}-{next(_COUNTER)}.part"
        return Claim(path, target, temporary, _open(temporary))
    except OSError as error:
        raise output_error(path, error) from error


class _NoLocks(Exception):
    """A file system without locks: two processes may both do the work there, and write whole files still."""


def _open(path: Path) -> int:
    # os.open and not mkstemp: the file gets the permissions of the user's umask, not 0600.
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> bool:
    """Lock the file for this process; False where another has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        os.close(descriptor)
        raise _NoLocks from error
    return True
