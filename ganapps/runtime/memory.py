"""How much memory this process may still take, and whether it was memory that ran out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import GanappsError, UsageError

_UNKNOWN_BYTES = 2 << 30
"""What is assumed free where the system does not tell."""
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SHARE = 0.75
_LEAST_BYTES = 32 << 20
"""Below this not even a small picture and one tile of it have room."""
# ONNX Runtime says it in the text of a general error: "Failed to allocate memory", "bad allocation".
_NO_MEMORY = re.compile(r"failed to allocate|bad.alloc|out of memory", re.IGNORECASE)


def free_bytes(root: Path = Path("/")) -> int:
    """Bytes that this process can take without swapping or being killed.

    The least of what the machine has available, what the limits of the control groups above this process
    leave (versions 1 and 2; the cache of files in them counts as free), and what `ulimit -v` leaves.

    Args:
        root: where `proc` and `sys` lie.
    """
    found = [*_machine(root), *_groups(root), *_process_limit(root)]
    return max(0, min(found)) if found else _UNKNOWN_BYTES


def default_budget() -> int:
    """Bytes that a run takes where nobody says how many: three quarters of what is free."""
    return int(_SHARE * free_bytes())


def parse_budget(text: str) -> int:
    """Bytes that a run may take, as they are written on a command line.

    Raises:
        UsageError: as `parse_bytes` does, or under 32 MB.
    """
    amount = parse_bytes(text)
    if amount < _LEAST_BYTES:
        raise UsageError(f"--memory must be at least {show_bytes(_LEAST_BYTES)}, got {text!r}")
    return amount


def parse_bytes(text: str) -> int:
    """An amount of memory as it is written on a command line; units are powers of 1024.

    Raises:
        UsageError: it is not a number above 0, with or without K, M, G or T behind it.

    Example:
        >>> parse_bytes("2G"), parse_bytes("1.5MB")
        (2147483648, 1572864)
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    amount = 0 if found is None else int(float(found[1]) * _UNITS[found[2].upper()])
    if amount < 1:
        raise UsageError(f"memory is written as a number with K, M, G or T, for example 2G, not {text!r}")
    return amount


def show_bytes(amount: float) -> str:
    """An amount of memory for a sentence.

    Example:
        >>> show_bytes(3 << 29), show_bytes(5 << 20)
        ('1.5 GB', '5 MB')
    """
    return f"{amount / (1 << 30):.1f} GB" if amount >= 1 << 30 else f"{amount / (1 << 20):.0f} MB"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out, here or inside ONNX Runtime."""
    if isinstance(error, GanappsError):
        return error.__cause__ is not None and is_out_of_memory(error.__cause__)
    return isinstance(error, MemoryError) or bool(_NO_MEMORY.search(str(error)))


def _machine(root: Path) -> Iterator[int]:
    available = _table(root / "proc/meminfo").get("MemAvailable:")
    if available is not None:
        yield available << 10
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        # Elsewhere than on Linux: half of what is built in.
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _groups(root: Path) -> Iterator[int]:
    """What the limits of every group above this process leave."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        # Inside a container the name may be that of the outside, and the mount is the group itself.
        below = Path(name.lstrip("/"))
        for folder in {mount, *(mount / part for part in (below, *below.parents))}:
            yield from _group(folder, version=1 if controllers else 2)


def _group(folder: Path, version: int) -> Iterator[int]:
    names = (
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        if version == 1
        else ("memory.max", "memory.current", "inactive_file")
    )
    limit, used = (_text(folder / name).strip() for name in names[:2])
    if limit.isdigit() and used.isdigit():
        yield int(limit) - int(used) + _table(folder / "memory.stat").get(names[2], 0)


def _process_limit(root: Path) -> Iterator[int]:
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        yield limit - (_table(root / "proc/self/status").get("VmSize:", 0) << 10)


def _table(path: Path) -> dict[str, int]:
    """The first number behind each first word."""
    rows = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
