"""An upscaler's model file in 8 bits, calibrated on photographs and compared with what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DependencyError, ModelError, UsageError
from ...metrics.psnr import psnr
from ...runtime.engines.engine import is_int8
from ...runtime.engines.onnxruntime_engine import OnnxRuntimeEngine
from ...runtime.engines.probe import compare
from ...runtime.files import check_writable, display_name, write_atomically
from ...runtime.session import Contract, read_contract
from ...runtime.zoo import find_weights
from ..benchmark.picture import Pair
from .calibration import cut_crops, value_ranges

MOST_LOSS_DB = 0.5
"""PSNR that a file may cost and still be written; the shipped models lose some hundredths."""
_PERFECT_DB = 100.0
"""PSNR of equal pictures, where a mean is taken."""


@dataclass(frozen=True)
class Quantised:
    """A file of 8 bits, and what it costs."""

    path: Path
    name: str
    """The model's, in its file."""
    crops: int
    """Calibrated on."""
    held_out: int
    """Compared; they are from other photographs."""
    loss_db: float
    """PSNR that an enlarged crop loses against its original, mean; RGB of 8 bits."""
    worst_loss_db: float
    """Of one crop."""
    likeness_db: float
    """PSNR of what the file gives against what the file it was made from gives, mean."""


def quantise_upscaler(
    source: str | Path,
    path: Path,
    photographs: Path,
    *,
    crops: int = 64,
    seed: int = 0,
    name: str | None = None,
    threads: int = 1,
) -> Quantised:
    """Write an upscaler with convolutions of 8 bits to one `.onnx` file, checked.

    The first and the last convolution stay in fp32. Spans are the least and the greatest value on random
    crops of the photographs, shrunk with bicubic interpolation. The same photographs and seed give the same
    file.

    Args:
        source: a shipped model's name, or an `.onnx` file exported by ganapps.
        path: the file; it is written whole or not at all.
        photographs: a folder; two or more of its pictures must be large enough.
        crops: to calibrate on.
        seed: of the choice of photographs and crops.
        name: the model's name in its file; None adds "-int8" to the source's.
        threads: that a run may use.

    Raises:
        DataError: no folder, or too few photographs.
        DependencyError: the package onnx is not installed.
        ModelError: the source is unknown, no upscaler or too small; or the result loses more than
            `MOST_LOSS_DB`, reaches further than its radius, or gives other bits in tiles.
        OutputError: the file cannot be written.
        UsageError: the source is of 8 bits already, or is `path`; or fewer than one crop.
    """
    if crops < 1:
        raise UsageError(f"crops must be 1 or more, got {crops}")
    try:
        import onnx
    except ImportError as error:
        raise DependencyError.for_extra("an int8 model file", "the package onnx", "train") from error
    from .qdq import quantisable_values, quantise

    file, shown = find_weights(source), display_name(source)
    if path.exists() and path.samefile(file):
        raise UsageError(f"{display_name(path)} is the model itself, which stays as it is: name another file")
    check_writable(path)
    data = file.read_bytes()
    original = OnnxRuntimeEngine(data, shown, threads=threads)
    contract = read_contract(original.metadata, shown)
    if contract.scale is None or contract.radius is None:
        raise ModelError(f"{shown} is for the task {contract.task!r}: only upscalers are made int8")
    if is_int8(data):
        raise UsageError(f"{shown} holds int8 weights already: give the model that it was made from")
    model = onnx.load_model_from_string(data)
    values = quantisable_values(model)
    cut = cut_crops(photographs, contract.scale, crops, seed)
    quantise(model, value_ranges(model, values, [pair.low for pair in cut.calibration], threads))
    name = name or f"{contract.name}-int8"
    calibrated = f"int8, calibrated on {len(cut.calibration)} crops of {cut.num_photographs} photographs"
    for entry in model.metadata_props:
        if entry.key == "ganapps.name":
            entry.value = name
        elif entry.key == "ganapps.recipe":
            entry.value = f"{entry.value}; {calibrated}" if entry.value else calibrated
    made = model.SerializeToString(deterministic=True)
    quantised = OnnxRuntimeEngine(made, name, threads=threads)
    _check_reach(made, quantised, contract)
    losses, likeness = _measured(original, quantised, cut.held_out, contract.scale)
    loss = float(np.mean(losses))
    if not loss <= MOST_LOSS_DB:
        raise ModelError(
            f"int8 costs {contract.name} {loss:.2f} dB of PSNR on {len(losses)} held-out crops; at most"
            f" {MOST_LOSS_DB} is accepted, so no file was written"
        )
    write_atomically(path, made)
    return Quantised(path, name, len(cut.calibration), len(losses), loss, max(losses), likeness)


def _check_reach(made: bytes, engine: OnnxRuntimeEngine, contract: Contract) -> None:
    from ...export.parity import check_radius, open_session

    assert contract.scale is not None and contract.radius is not None  # an upscaler's
    check_radius(open_session(made), contract.scale, contract.radius)
    if not compare(engine, engine, scale=contract.scale, radius=contract.radius).exact:
        raise ModelError("the int8 network gives other bits in tiles than in the whole: no file was written")


def _measured(
    original: OnnxRuntimeEngine, quantised: OnnxRuntimeEngine, pairs: Sequence[Pair], scale: int
) -> tuple[list[float], float]:
    """For each pair the PSNR lost, and the mean PSNR between the two."""
    losses, likeness = [], []
    for pair in pairs:
        before, after = (e.run(["upscaled"], {"image": pair.low[None]})[0][0] for e in (original, quantised))
        fidelity = [min(psnr(x, pair.high, border=scale), _PERFECT_DB) for x in (before, after)]
        losses.append(fidelity[0] - fidelity[1])
        likeness.append(min(psnr(before, after, border=scale), _PERFECT_DB))
    return losses, float(np.mean(likeness))
