"""A bout: networks in turns, and what they make of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from ...errors import GanappsError
from ...metrics.operations import count_operations
from ...runtime.zoo import find_weights
from ..rival import REAL_ESRGAN
from .contenders import PEAK, PEAK_SIDE, Contender, list_contenders
from .player import Player, Turn

_SLOW_SEC = 20.0
"""A contender whose turn takes longer has one turn of the repeats' number left out for each such time."""
_BUSY = 0.9
_PEAK_OPERATIONS = 2 * PEAK_SIDE**3


@dataclass(frozen=True, kw_only=True)
class SpeedRow:
    """One contender."""

    engine: str
    model: str
    precision: str
    megapixels_a_second: float
    """Of the result; median of the turns."""
    ratio: float
    """The same as a multiple of the first row's."""
    megapixels_a_cpu_second: float
    """For each second of one core: what other programs take meanwhile does not count."""
    peak_bytes: int | None
    """Most memory that its process has held."""
    gflops: float | None
    """10^9 operations of convolutions a second, an addition and a multiplication counted as two; None where
    they are not counted."""
    peak_share: float | None
    """The same as a share of what the matrix product does in a second."""
    peak_share_cpu: float | None
    """The same by seconds of cores instead of the clock."""
    turns: int


@dataclass(frozen=True, kw_only=True)
class SpeedTable:
    """What was measured in one run."""

    rows: tuple[SpeedRow, ...]
    peak_gflops: float
    """10^9 operations a second of a product of two matrices in fp32; median of the turns."""
    threads: int
    notes: tuple[str, ...]


def measure_networks(
    models: Sequence[str],
    pictures: Sequence[np.ndarray],
    *,
    threads: int,
    repeats: int,
    on_progress: Callable[..., None],
) -> SpeedTable:
    """Play all contenders in turns, so that a slow moment of the machine hits all alike.

    Args:
        models: names of upscalers or paths of .onnx files; the rivals have the first.
        pictures: [H, W, 3] uint8 each.
        threads: that each may use.
        repeats: turns of each, after those that are not counted.
        on_progress: told the share that is done and what is measured.
    """
    contenders, notes = list_contenders(models)
    players: list[Player] = []
    try:
        for number, contender in enumerate([PEAK, *contenders]):
            on_progress(0.3 * number / len(contenders), f"opening {contender.engine}")
            player = Player(contender, pictures, threads)
            try:
                # An engine may plan at its first run, and again when a shape comes back.
                if player.play(counted=False).seconds < _SLOW_SEC:
                    player.play(counted=False)
            except GanappsError as error:
                notes.append(str(error))
                player.close()
            else:
                players.append(player)
        for number in range(repeats):
            for place, player in enumerate(players):
                share = (number + place / len(players)) / repeats
                on_progress(0.3 + 0.7 * share, player.contender.engine)
                if not _is_slow(player, number):
                    player.play()
    finally:
        for player in players:
            player.close()
    return _table(players, pictures, threads, notes)


def _is_slow(player: Player, number: int) -> bool:
    """Whether to leave a turn out: one that takes a minute tells as much in few turns."""
    return number > 0 and sum(turn.seconds for turn in player.turns) > _SLOW_SEC * (number + 1)


def _table(
    players: Sequence[Player], pictures: Sequence[np.ndarray], threads: int, notes: list[str]
) -> SpeedTable:
    peak = _median(players[0].turns)
    pixels = sum(p.shape[0] * p.shape[1] for p in pictures)
    rows: list[SpeedRow] = []
    for player in players[1:]:
        scale = _scale(player.contender)
        rows.append(_row(player, pixels * scale**2 / 1e6, scale, peak, rows[0] if rows else None))
    used = sum(t.cpu_seconds for t in players[0].turns) / sum(t.seconds for t in players[0].turns)
    if used < _BUSY * threads:
        notes.append(
            f"the machine was busy: the matrix product had {used:.2f} of {threads} cores; the columns by"
            " seconds of cores tell more than those by the clock"
        )
    elif threads < (os.cpu_count() or 1):
        notes.append(f"measured with {threads} of the machine's {os.cpu_count()} cores")
    return SpeedTable(
        rows=tuple(rows),
        peak_gflops=_PEAK_OPERATIONS / peak.seconds / 1e9,
        threads=threads,
        notes=tuple(notes),
    )


def _median(turns: Sequence[Turn]) -> Turn:
    return Turn(median(t.seconds for t in turns), median(t.cpu_seconds for t in turns))


def _scale(contender: Contender) -> int:
    if contender.model == REAL_ESRGAN:
        return 4
    from ...runtime.session import Session

    return Session(find_weights(contender.model)).contract.scale or 1


def _row(player: Player, megapixels: float, scale: int, peak: Turn, first: SpeedRow | None) -> SpeedRow:
    contender, turn = player.contender, _median(player.turns)
    rate = megapixels / turn.seconds
    macs = None if contender.model == REAL_ESRGAN else count_operations(find_weights(contender.model), scale)
    operations = None if macs is None else 2e9 * macs * megapixels
    work = None if operations is None else operations / _PEAK_OPERATIONS
    return SpeedRow(
        engine=contender.engine,
        model=contender.model,
        precision=contender.precision,
        megapixels_a_second=rate,
        ratio=1.0 if first is None else rate / first.megapixels_a_second,
        megapixels_a_cpu_second=megapixels / turn.cpu_seconds,
        peak_bytes=player.peak_bytes,
        gflops=None if operations is None else operations / turn.seconds / 1e9,
        peak_share=None if work is None else work * peak.seconds / turn.seconds,
        peak_share_cpu=None if work is None else work * peak.cpu_seconds / turn.cpu_seconds,
        turns=len(player.turns),
    )
