"""How long ganapps takes to start, measured on whole processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from ganapps.errors import GanappsError

_CASES = (
    ("python, nothing else", ("-c", "pass")),
    ("ganapps --version", ("-m", "ganapps", "--version")),
    ("ganapps --help", ("-m", "ganapps", "--help")),
    ("import ganapps", ("-c", "import ganapps")),
    ("from ganapps import Upscaler", ("-c", "from ganapps import Upscaler")),
    ("Upscaler(), ready", ("-c", "from ganapps import Upscaler; Upscaler()")),
)


@dataclass(frozen=True)
class Timing:
    """Wall-clock times of one command, in seconds."""

    name: str
    median: float
    best: float
    repeats: int


def measure_startup(repeats: int, on_progress: Callable[[float, str], None]) -> list[Timing]:
    """Start each case `repeats` times, the cases in turn, so that a slow moment hits all alike.

    Args:
        repeats: runs of each case, after one that is not counted and warms the disk's cache.
        on_progress: told the share that is done and what is measured.

    Raises:
        GanappsError: a case fails.
    """
    seconds: dict[str, list[float]] = {name: [] for name, _ in _CASES}
    steps = (repeats + 1) * len(_CASES)
    for step in range(steps):
        name, arguments = _CASES[step % len(_CASES)]
        on_progress(step / steps, name)
        taken = _time(name, arguments)
        if step >= len(_CASES):
            seconds[name].append(taken)
    return [Timing(name, median(taken), min(taken), repeats) for name, taken in seconds.items()]


def _time(name: str, arguments: tuple[str, ...]) -> float:
    started = time.perf_counter()
    process = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    taken = time.perf_counter() - started
    if process.returncode:
        reason = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise GanappsError(f"{name} fails ({reason}): see ganapps doctor")
    return taken
