"""A contender in a process of its own, that has its turns when it is told."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from ...errors import GanappsError
from .contenders import Contender, open_contender

_TURN_SEC = 0.5
"""A turn is repeated until it has taken this long."""


@dataclass(frozen=True)
class Turn:
    """All pictures, once on average."""

    seconds: float
    cpu_seconds: float
    """Of all threads; what other programs take is not in it, waiting in a loop is."""


class Player:
    """A contender and its process.

    Args:
        contender: what to open there.
        pictures: [H, W, 3] uint8 each.
        threads: that it may use.
    """

    def __init__(self, contender: Contender, pictures: Sequence[np.ndarray], threads: int) -> None:
        self.contender = contender
        self.turns: list[Turn] = []
        self.peak_bytes: int | None = None
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        # BLAS reads this when it is loaded.
        kept = {name: os.environ.get(name) for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        os.environ.update(dict.fromkeys(kept, str(threads)))
        try:
            self._process = context.Process(target=_serve, args=(theirs, contender, pictures, threads))
            self._process.start()
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()

    def play(self, *, counted: bool = True) -> Turn:
        """Have one turn.

        Raises:
            GanappsError: the contender cannot be used here.
        """
        try:
            self._connection.send(True)
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise GanappsError(f"{self.contender.engine} ended unexpectedly") from error
        if isinstance(answer, str):
            raise GanappsError(answer)
        turn: Turn
        turn, self.peak_bytes = answer
        if counted:
            self.turns.append(turn)
        return turn

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(
    connection: Connection, contender: Contender, pictures: Sequence[np.ndarray], threads: int
) -> None:
    """In the process: open, then a turn for every message."""
    try:
        enlarge = open_contender(contender, threads)
        while connection.recv():
            connection.send((_turn(enlarge, pictures), peak_memory()))
    except (EOFError, KeyboardInterrupt):
        return
    except Exception as error:  # of many libraries; the reader makes a note of it
        connection.send(f"{contender.engine} is not measured: {error or type(error).__name__}")


def _turn(enlarge: object, pictures: Sequence[np.ndarray]) -> Turn:
    assert callable(enlarge)
    rounds, started, cpu = 0, time.perf_counter(), time.process_time()
    while rounds == 0 or time.perf_counter() - started < _TURN_SEC:
        for pixels in pictures:
            enlarge(pixels)
        rounds += 1
    taken, used = time.perf_counter() - started, time.process_time() - cpu
    return Turn(taken / rounds, used / rounds)


def peak_memory() -> int | None:
    """The most bytes that this process has held in memory; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not `getrusage`, which on Linux begins with what the starting process held.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
