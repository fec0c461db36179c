"""A model from elsewhere behind the face of an exported one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...errors import ModelError
from .. import tiles
from ..engines.engine import Engine
from .encoding import decode, encode, padded
from .traits import Traits

_MOST_PX = 256
"""Largest side that the model is given at once: a large one from elsewhere takes 1 GB for this."""


class ForeignEngine(Engine):
    """`image` and `fraction` in, `upscaled` and `upscaled_float` out, whatever the model itself takes."""

    def __init__(self, engine: Engine, traits: Traits, name: str) -> None:
        """Put the face on.

        Args:
            engine: the model, opened.
            traits: of the model.
            name: of the file, for errors.
        """
        self.device, self.precision, self.software = engine.device, engine.precision, engine.software
        self._engine, self._traits, self._name = engine, traits, name
        self._tile_px = min(side for side in (_MOST_PX, *traits.fixed) if side is not None)
        self._tile_px = max(self._tile_px, tiles.smallest_tile(traits.radius))

    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        unit = (feeds["image"].astype(np.float32) + feeds.get("fraction", np.float32(0))) / np.float32(255)
        enlarged = np.stack([self._enlarge(picture) for picture in unit])
        if self.device == "cpu" and not np.isfinite(enlarged).all():
            raise ModelError(f"{self._name} gives values that are not numbers for this picture")
        enlarged = enlarged.clip(0, 1)
        results = {"upscaled_float": enlarged}
        if "upscaled" in outputs:
            results["upscaled"] = np.rint(np.nan_to_num(enlarged) * np.float32(255)).astype(np.uint8)
        return [results[output] for output in outputs]

    def _enlarge(self, picture: np.ndarray) -> np.ndarray:
        """[h, w, 3] in [0, 1] to [s * h, s * w, 3]."""
        if self._traits.channels == 3:
            return self._tiled(picture)
        if (picture == picture[..., :1]).all():
            return np.repeat(self._tiled(picture[..., :1]), 3, axis=2)
        return np.concatenate([self._tiled(picture[..., c : c + 1]) for c in range(3)], axis=2)

    def _tiled(self, picture: np.ndarray) -> np.ndarray:
        traits = self._traits
        return tiles.apply(
            self._tile, picture, scale=traits.scale, radius=traits.radius, tile_px=self._tile_px
        )

    def _tile(self, picture: np.ndarray) -> np.ndarray:
        """One run; what was padded is cut off."""
        traits = self._traits
        feeds = {traits.input: encode(padded(picture, traits), traits)}
        result = decode(self._engine.run([traits.output], feeds)[0], traits)
        height, width = picture.shape[:2]
        return result[: traits.scale * height, : traits.scale * width]
