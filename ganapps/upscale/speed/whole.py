"""The whole command beside its network: a folder's pipeline, and the first picture after a start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ...errors import GanappsError
from ...runtime.batch import upscale_files
from ...runtime.images import Image, read_image, write_image
from ...runtime.upscaler import Upscaler
from .pictures import synthetic_picture
from .player import Turn

_RESULT_MEGAPIXELS = 2.0
_FILES = 4
_FORMATS = ("jpg", "png")
_COLD_SIDE_PX = 256


@dataclass(frozen=True, kw_only=True)
class FolderRow:
    """A folder of pictures, read, enlarged and written."""

    format: str
    files: int
    megapixels_a_second: float
    """Of the results, from the first file to the last; median of the turns."""
    efficiency: float
    """The network's time for the same pictures in memory, as a share of the folder's."""
    efficiency_cpu: float
    """The same by seconds of cores instead of the clock: what no pipeline can hide on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class ColdStart:
    """One picture by a process of its own."""

    side_px: int
    seconds: float
    """From the start of the process to the written file; median of the turns."""
    network_seconds: float
    """For the same picture, when all is loaded."""
    cpu_seconds: float | None
    """Of all threads of the process; None where the system does not tell."""
    network_cpu_seconds: float

    @property
    def overhead(self) -> float:
        """Seconds beside the network's."""
        return self.seconds - self.network_seconds


@dataclass(frozen=True, kw_only=True)
class WholeTable:
    """What the command adds to its network."""

    engine: str
    folders: tuple[FolderRow, ...]
    cold: ColdStart


def measure_whole(model: str, *, threads: int, repeats: int, on_progress: Callable[..., None]) -> WholeTable:
    """Time the whole command and the bare network in turns.

    Args:
        model: name of an upscaler or path of an .onnx file.
        threads: that each may use.
        repeats: turns of each.
        on_progress: told the share that is done and what is measured.

    Raises:
        GanappsError: the command fails.
    """
    upscaler = Upscaler(model, threads=threads)
    with tempfile.TemporaryDirectory(prefix="ganapps-speed-") as name:
        folders = []
        for number, format in enumerate(_FORMATS):
            on_progress(number / 3, f"a folder of {format}")
            folders.append(_folder(Path(name, format), format, upscaler, repeats))
        on_progress(2 / 3, "cold start")
        cold = _cold(Path(name), model, upscaler, threads, repeats)
    return WholeTable(engine=str(upscaler.engine), folders=tuple(folders), cold=cold)


def _folder(folder: Path, format: str, upscaler: Upscaler, repeats: int) -> FolderRow:
    width, height = (round((_RESULT_MEGAPIXELS * 1e6 * r) ** 0.5 / upscaler.scale) for r in (4 / 3, 3 / 4))
    source, target = folder / "in", folder / "out"
    for number in range(_FILES):
        pixels = synthetic_picture(height, width, number)
        write_image(source / f"{number}.{format}", Image(pixels), quality=90 if format == "jpg" else None)
    pictures = [read_image(path).pixels for path in sorted(source.iterdir())]

    def whole() -> None:
        report = upscale_files([source], target, upscaler, overwrite=True)
        if report.count("done") != _FILES:
            raise GanappsError(next(r.message for r in report.results if r.status != "done"))

    def bare() -> None:
        for pixels in pictures:
            upscaler(pixels)

    upscaler(pictures[0])  # the first run of a shape plans its memory
    ours, network = _in_turns([whole, bare], repeats)
    return FolderRow(
        format=format,
        files=_FILES,
        megapixels_a_second=_FILES * height * width * upscaler.scale**2 / 1e6 / ours.seconds,
        efficiency=network.seconds / ours.seconds,
        efficiency_cpu=network.cpu_seconds / ours.cpu_seconds,
    )


def _in_turns(works: Sequence[Callable[[], None]], repeats: int) -> list[Turn]:
    """The median turn of each."""
    turns: list[list[Turn]] = [[] for _ in works]
    for _ in range(repeats):
        for work, taken in zip(works, turns, strict=True):
            started, cpu = time.perf_counter(), time.process_time()
            work()
            taken.append(Turn(time.perf_counter() - started, time.process_time() - cpu))
    return [Turn(median(t.seconds for t in each), median(t.cpu_seconds for t in each)) for each in turns]


def _cold(folder: Path, model: str, upscaler: Upscaler, threads: int, repeats: int) -> ColdStart:
    pixels = synthetic_picture(_COLD_SIDE_PX, _COLD_SIDE_PX)
    source, target = folder / "cold.png", folder / "cold-out" / "cold.png"
    write_image(source, Image(pixels))
    command = [sys.executable, "-m", "ganapps", "--quiet", "upscale", str(source), "-o", str(target)]
    command += ["--model", model, "--threads", str(threads)]
    # As in any installation, compiled modules are there from the second start on.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    runs: list[float] = []
    children: list[float] = []

    def start() -> None:
        shutil.rmtree(target.parent, ignore_errors=True)
        before = _cpu_of_children()
        runs.append(_seconds_to_file(command, target, environment))
        children.append(_cpu_of_children() - before)

    def bare() -> None:
        upscaler(pixels)

    start()  # what the disk's cache holds then
    bare()
    _, network = _in_turns([start, bare], repeats)
    return ColdStart(
        side_px=_COLD_SIDE_PX,
        seconds=median(runs[1:]),
        network_seconds=network.seconds,
        cpu_seconds=median(children[1:]) or None,
        network_cpu_seconds=network.cpu_seconds,
    )


def _seconds_to_file(command: Sequence[str], target: Path, environment: Mapping[str, str]) -> float:
    """From the start of a process to the file, whole, under its name."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    )
    while not target.exists() and process.poll() is None:
        time.sleep(0.002)
    taken = time.perf_counter() - started
    _, said = process.communicate()
    if process.returncode:
        reason = (said.strip().splitlines() or ["no message"])[-1]
        raise GanappsError(f"ganapps upscale fails: {reason}")
    return taken


def _cpu_of_children() -> float:
    """Seconds of cores of all processes started here that have ended; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
