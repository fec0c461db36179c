"""Writing files whole: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from pathlib import Path

from ..errors import OutputError

_COUNTER = itertools.count()

# Errors that the next file would meet as well: nothing more can be written to this place.
_EXHAUSTED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def display_name(path: str | Path) -> str:
    """The path as text that can be printed anywhere, whatever bytes the file name is made of."""
    text = os.fsencode(path).decode("utf-8", errors="replace")
    # A line feed in a name must not make two lines of a sentence, nor an escape colour the terminal.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def is_pipe_or_device(path: Path) -> bool:
    """Whether reading it may wait for ever; in a folder of images it is passed over."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_atomically(path: str | Path, data: bytes | memoryview) -> None:
    """Write `data` to `path` so that other programs see the old file or the whole new one, never a part.

    Missing parent folders are made. The temporary file is removed whatever happens, Ctrl-C included.
    A symbolic link is followed: the file it points to is replaced, not the link.

    Raises:
        OutputError: the folder cannot be made, the disk is full, the target is not a regular file.
    """
    target = real_target(path)
    # Short and without the target's name: that may already fill the 255 bytes a name can have.
    temporary = target.parent / f".ganapps-{os.getpid()}-{next(_COUNTER)}.tmp"
    try:
        make_folder(target.parent)
        _write_new(temporary, data)
        os.replace(temporary, target)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        # After the rename, or where the folder could not be made, there is nothing under this name.
        with contextlib.suppress(OSError):
            temporary.unlink()


def real_target(path: str | Path) -> Path:
    """The file that `path` stands for, behind symbolic links; it may not exist yet.

    Raises:
        OutputError: something is there that is not a regular file.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "a device or a pipe"
        raise OutputError(f"{display_name(path)} is {kind}: give the name of a file to write")
    return target


def _write_new(path: Path, data: bytes | memoryview) -> None:
    """Write to a name that nobody has, through to the disk: some file systems report ENOSPC only there."""
    # os.open and not mkstemp: the file gets the permissions of the user's umask, not 0600.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def make_folder(path: str | Path) -> None:
    """Make a folder and its parents; it may exist.

    Raises:
        OutputError: it cannot be made, for instance because a file has that name.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{display_name(path)} is a file where a folder is needed") from error
    except OSError as error:
        raise output_error(path, error) from error


def check_writable(path: str | Path) -> None:
    """Find out that nothing can be written to the folder of `path`, before work is done for it.

    Raises:
        OutputError: the nearest folder above it that exists may not be written to.
    """
    folder = Path(os.path.realpath(path)).parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"nothing can be written to {display_name(folder)}: it is read-only; give another place with -o"
        )


def output_error(path: str | Path, error: OSError) -> OutputError:
    """The sentence for an operating system error met while writing `path`."""
    name = display_name(path)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            f"{name} could not be written: no space left on the device; free some and run again"
        )
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"{name} could not be written: {reason}")


def is_exhausted(error: OutputError) -> bool:
    """Whether the error will meet every further file too: a full, read-only or broken disk."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _EXHAUSTED
