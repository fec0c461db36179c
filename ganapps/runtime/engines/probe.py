"""Whether an engine computes what the reference does, seen on one small tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .engine import Engine

MOST_DIFFERENT = {"fp32": 0.25 / 255, "bf16": 12 / 255, "fp16": 12 / 255, "int8": 12 / 255}
"""How far a value in [0, 1] may lie from the reference. A quarter of a grey level moves a rounded value by
one level at most; OpenVINO and ONNX Runtime differ by 1e-6 in fp32. bf16 has 8 bits and loses a few."""
_MOST_PX = 128


@dataclass(frozen=True)
class Agreement:
    """An engine against the reference."""

    difference: float
    """The largest, of values in [0, 1]; not finite where the engine's values are not."""
    exact: bool
    """Whether a tile gave the same bits as a larger one around it, where neither saw the cut."""

    def holds(self, precision: str) -> bool:
        """Whether the difference is what this precision explains."""
        return self.difference <= MOST_DIFFERENT[precision]


def compare(engine: Engine, reference: Engine, *, scale: int, radius: int) -> Agreement:
    """Run both on a tile of noise, which no engine gets right by chance.

    Args:
        engine: to be judged.
        reference: ONNX Runtime on the CPU, from the same model.
        scale: of the model.
        radius: of the model, in input pixels.

    Raises:
        ModelError: one of them cannot run the tile.
    """
    side = min(2 * radius + 16, _MOST_PX)
    wide = np.random.default_rng(0).integers(0, 256, (1, side, side + 24, 3), np.uint8)
    tile = np.ascontiguousarray(wide[:, :, :side])
    (right,) = reference.run(["upscaled_float"], {"image": tile})
    (found,) = engine.run(["upscaled_float"], {"image": tile})
    (whole,) = engine.run(["upscaled_float"], {"image": wide})
    if found.shape != right.shape:
        return Agreement(float("inf"), False)
    difference = float(np.abs(found - right).max())
    unseen = scale * max(side - radius, 0)
    exact = np.array_equal(found[:, :, :unseen], whole[:, :, :unseen])
    return Agreement(difference if np.isfinite(difference) else float("inf"), exact)
