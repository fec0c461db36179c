"""Which engine computes a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...errors import GanappsError, ModelError, UsageError
from .devices import (
    AUTO,
    CPU,
    DEVICES,
    OPENVINO,
    PRECISIONS,
    Device,
    has_wide_vectors,
    parse_device,
    present_devices,
)
from .engine import Engine, is_int8
from .onnxruntime_engine import OnnxRuntimeEngine
from .openvino_engine import OpenVinoEngine
from .probe import compare

Tell = Callable[[str], None]
Wrap = Callable[[Engine], Engine]


def choose_engine(
    model: bytes,
    name: str,
    reference: Engine,
    *,
    device: str,
    precision: str,
    threads: int,
    shape: tuple[int, int] | None,
    tell: Tell,
    wrap: Wrap | None = None,
) -> Engine:
    """The engine that is asked for, or the best that is sure to compute the same.

    By itself ("auto") a CUDA device is taken where there is one, then OpenVINO where it is installed and the
    CPU has AVX-512, then ONNX Runtime on the CPU. The first two are compared with the last on one tile, as
    `probe.compare` does, and left alone where they differ or where tiles do not give the whole's bits.

    Args:
        model: the bytes of an .onnx file.
        name: of the file, for errors.
        reference: the same, opened in ONNX Runtime on the CPU.
        device: "auto" or a name of `devices.DEVICES`, with a number or a name after a colon.
        precision: "auto", "fp32", "bf16", "fp16" or "int8".
        threads: that a run may use on the CPU.
        shape: scale and radius of an upscaler; None for another model, which is not compared.
        tell: is given a sentence where something is done otherwise than one would think.
        wrap: gives the face of an exported model to one from elsewhere, which OpenVINO is not given and of
            which tiles need not have the bits of the whole; None for ours. `reference` has it already.

    Raises:
        UsageError: an unknown device or precision, or a precision that the device or the file has not.
        DependencyError: the device is not there.
        ModelError: the device cannot run the model, or computes something else from it.
    """
    _check_precision(precision, model, name)
    if device == AUTO:
        return _choose(model, name, reference, precision, threads, shape, tell, wrap)
    kind, unit = parse_device(device)
    wanted = _precision_of(kind, precision)
    if kind is CPU:
        return reference
    if kind is OPENVINO and wrap is not None:
        raise UsageError(f"openvino is for models exported by ganapps, not for {name}: ask for --device cpu")
    engine = _open(model, name, kind, unit, wanted, threads)
    engine = engine if wrap is None else wrap(engine)
    if shape is not None:
        agreement = compare(engine, reference, scale=shape[0], radius=shape[1])
        if not agreement.holds(engine.precision):
            raise ModelError(
                f"{engine} computes something else from {name} than the CPU does, by"
                f" {255 * agreement.difference:.4g} of 255 grey levels: ask for --device cpu"
            )
        if not agreement.exact and wrap is None:
            tell(f"{engine} does not give tiles the bits of the whole: with other tiles, values may differ")
    return engine


def _choose(
    model: bytes,
    name: str,
    reference: Engine,
    precision: str,
    threads: int,
    shape: tuple[int, int] | None,
    tell: Tell,
    wrap: Wrap | None,
) -> Engine:
    for kind in _candidates(precision) if shape is not None else ():
        if kind is OPENVINO and wrap is not None:
            continue
        try:
            engine = _open(model, name, kind, "", _precision_of(kind, precision), threads)
            engine = engine if wrap is None else wrap(engine)
            agreement = compare(engine, reference, scale=shape[0], radius=shape[1]) if shape else None
        except GanappsError as error:
            tell(f"going on without {kind.name}, because {error}")
            continue
        holds = agreement is not None and agreement.holds(engine.precision)
        if agreement is not None and holds and (agreement.exact or wrap is not None):
            return engine
        what = "bits in tiles" if holds else "values"
        tell(f"going on without {kind.name}, because it gives {name} other {what} than the CPU")
    if precision in ("bf16", "fp16"):
        raise UsageError(
            f"nothing here computes in {precision}: openvino does on processors that have it, and tensorrt;"
            " leave --precision out for fp32"
        )
    return reference


def _candidates(precision: str) -> Iterator[Device]:
    """The devices that are tried before the reference, the best first."""
    here = present_devices()
    low = precision in ("bf16", "fp16")
    for name in ("tensorrt", "cuda"):
        if name in here and (precision in DEVICES[name].precisions if low else name == "cuda"):
            yield DEVICES[name]
    if OPENVINO.name in here and has_wide_vectors():
        yield OPENVINO


def _check_precision(precision: str, model: bytes, name: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(f"precision must be {', '.join(PRECISIONS)}, got {precision!r}")
    quantised = is_int8(model)
    if precision == "int8" and not quantised:
        raise UsageError(f"{name} holds no int8 weights: give a file that does, or leave --precision out")
    if quantised and precision not in (AUTO, "int8"):
        raise UsageError(f"{name} holds int8 weights and is not run in {precision}: leave --precision out")


def _precision_of(kind: Device, precision: str) -> str:
    """What to tell the device; the weights of an int8 file are int8 whatever it is told."""
    if precision in (AUTO, "int8"):
        return kind.precisions[0]
    if precision not in kind.precisions:
        able = ", ".join(d.name for d in DEVICES.values() if precision in d.precisions)
        raise UsageError(
            f"{kind.name} computes in {', '.join(kind.precisions)}, not in {precision}; what may do: {able}"
        )
    return precision


def _open(model: bytes, name: str, kind: Device, unit: str, precision: str, threads: int) -> Engine:
    if kind is OPENVINO:
        return OpenVinoEngine(model, name, threads=threads, unit=unit, precision=precision)
    return OnnxRuntimeEngine(model, name, threads=threads, device=kind, unit=unit, precision=precision)
