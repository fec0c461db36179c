"""How fast the core is, against the loop that one would write by hand and against another library."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ...errors import UsageError
from ..devices import own_random_state
from .dcgan import SIDE_PX
from .loops import CoreLoop, Loop, PlainLoop, Setting, TorchganLoop

_STRETCH_SEC = 1.0
"""A loop has its turn for about this long. Longer ones let the machine change between two turns of a pair,
shorter ones give what a loop does once a turn too much weight."""
_LEAST_ROUNDS, _LEAST_PAIRS = 4, 3
_WARM_UP_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class CoreRow:
    """One loop on one game."""

    game: str
    loop: str
    images_a_second: float
    """Median over the repeats; of processor time, where one thread on a CPU computes. An image is counted
    once a round."""
    overhead: float | None
    """Time an image takes beyond the hand-written loop's, as a share of that: the median over the pairs of
    neighbouring turns, which a machine that changes its pace does not mislead as it does the ratio of two
    medians. None for that loop itself."""
    overhead_quartiles: tuple[float, float] | None
    """First and third quartile of the same."""
    repeats: int
    tflops: float
    """10^12 operations a second, an addition and a multiplication counted as two."""
    peak_share: float | None
    """The same as a share of the stated peak; None where none was stated."""


@dataclass(frozen=True, kw_only=True)
class CoreTable:
    """What `benchmark_core` found."""

    rows: tuple[CoreRow, ...]
    notes: tuple[str, ...]
    """What could not be measured, and what to do about it."""


def benchmark_core(
    *,
    seconds: float = 60.0,
    threads: int | None = None,
    device: str = "cpu",
    width: int = 64,
    batch: int = 64,
    peak_tflops: float | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> CoreTable:
    """Train DCGAN at 32 x 32 on random pixels in every way there is, with R1 and without, in turns.

    Args:
        seconds: how long to measure each of the two games; three turns of every loop are played in any case.
        threads: CPU threads; None leaves PyTorch's choice.
        device: "cpu", "cuda", ...
        width: channels of both networks at 16 x 16. What the core does beside computing takes a fixed time a
            round, so it weighs more in small networks.
        batch: images a batch.
        peak_tflops: what the device can do at best, in 10^12 operations a second.
        on_progress: told the finished share, 0 to 1.

    Raises:
        UsageError: a number is not above 0.
    """
    for name, value in (("--seconds", seconds), ("--width", width), ("--batch", batch)):
        if not value > 0:
            raise UsageError(f"{name} must be above 0, got {value}")
    if threads is not None:
        torch.set_num_threads(threads)
    plain = Setting(width=width, batch=batch, device=device)
    games = ((f"DCGAN {SIDE_PX} x {SIDE_PX}", plain), ("the same with R1", replace(plain, penalty=True)))
    rows: list[CoreRow] = []
    notes: list[str] = []
    with own_random_state(torch.device(device)):
        for number, (name, setting) in enumerate(games):
            loops: list[Loop] = [CoreLoop(setting), PlainLoop(setting)]
            if not setting.penalty:
                loops += _others(setting, notes)
            speeds = []
            for share, turn in _turns(loops, setting, seconds):
                speeds.append(turn)
                if on_progress is not None:
                    on_progress((number + share) / len(games))
            operations = count_operations(setting) / setting.batch
            rows += _rows(name, [loop.name for loop in loops], speeds, operations, peak_tflops)
    return CoreTable(rows=tuple(rows), notes=tuple(notes))


def _others(setting: Setting, notes: list[str]) -> list[Loop]:
    """Loops of other libraries; a note for each that is not here."""
    try:
        return [TorchganLoop(setting)]
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "torchgan":
            notes.append("torchgan is not installed, so its row is left out: pip install torchgan")
        else:
            notes.append(f"torchgan needs {error.name}, so its row is left out: pip install {error.name}")
    except Exception as error:  # an old package may fail in any way
        notes.append(
            f"torchgan does not work here, so its row is left out ({type(error).__name__}: {error});"
            " version 0.1.0 is known to work with PyTorch 2.14"
        )
    return []


def _turns(
    loops: Sequence[Loop], setting: Setting, seconds: float
) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Turns of all loops until the time is up: the share of it that is spent, and images a second of each."""
    for loop in loops:
        loop.play(_WARM_UP_ROUNDS)
    stretch = min(_STRETCH_SEC, seconds / (len(loops) * _LEAST_PAIRS))
    rounds = max(_LEAST_ROUNDS, round(stretch / _seconds(loops[-1], 1, setting.device)))
    gc.collect()  # what came before is no part of any turn
    started, repeats = time.perf_counter(), 0
    while repeats < _LEAST_PAIRS or time.perf_counter() - started < seconds:
        # There and back again: who comes first would otherwise gain or lose by it.
        order = list(range(len(loops)))[:: 1 if repeats % 2 else -1]
        taken = {index: _seconds(loops[index], rounds, setting.device) for index in order}
        repeats += 1
        share = min(repeats / _LEAST_PAIRS, (time.perf_counter() - started) / seconds, 1.0)
        yield share, tuple(rounds * setting.batch / taken[index] for index in range(len(loops)))


def _seconds(loop: Loop, rounds: int, device: str) -> float:
    # Of one thread on a CPU the processor's time, in which other work on the machine has no part.
    alone = torch.device(device).type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter
    _wait_for(device)
    started = clock()
    loop.play(rounds)
    _wait_for(device)
    return clock() - started


def _wait_for(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations by the formulas of torch.utils.flop_counter.

    Its own counter follows modules by hooks, which a gradient with respect to images does not bear.
    """

    total: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


def count_operations(setting: Setting) -> int:
    """Operations of one round of the hand-written loop: convolutions and matrix products, nothing else.

    An addition and a multiplication are two. What gradients and gradients of gradients take is counted.
    """
    loop = PlainLoop(setting)
    counter = _Operations()  # type: ignore[no-untyped-call]
    with counter:
        loop.play(1)
    return int(counter.total)


def _rows(
    game: str,
    names: Sequence[str],
    speeds: Sequence[tuple[float, ...]],
    operations: float,
    peak_tflops: float | None,
) -> list[CoreRow]:
    """A row a loop.

    Args:
        game: what was played.
        names: of the loops.
        speeds: images a second, one tuple a repeat with one entry a loop.
        operations: operations an image takes.
        peak_tflops: the device's.
    """
    by_loop = dict(zip(names, zip(*speeds, strict=True), strict=True))
    base = by_loop[PlainLoop.name]
    rows = []
    for name, measured in by_loop.items():
        middle = median(measured)
        low, half, high = quantiles([b / m - 1 for b, m in zip(base, measured, strict=True)], n=4)
        own = name == PlainLoop.name
        tflops = middle * operations / 1e12
        rows.append(
            CoreRow(
                game=game,
                loop=name,
                images_a_second=middle,
                overhead=None if own else half,
                overhead_quartiles=None if own else (low, high),
                repeats=len(speeds),
                tflops=tflops,
                peak_share=None if peak_tflops is None else tflops / peak_tflops,
            )
        )
    return rows
