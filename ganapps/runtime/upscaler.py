"""Image in, larger image out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ImageError, ModelError, UsageError
from . import tiles, transparency, zoo
from .images import Image
from .session import Contract, Session
from .sizes import Size, resample

# A tile costs (side / (side - 2 * radius)) squared times the pixels it yields: 1.2 at 20 radii. Measured with
# 64 channels on one core: time per computed pixel is flat from 64 to 512 px (within a fifth), memory of the
# process 0.16 GB at 256 px and 0.36 GB at 512 px.
_TILE_RADII = 20
_TILE_PX = (256, 512)
MOST_COMPUTED = 2**30
"""Pixels that a model computes for one result of an asked-for size; as many take 3.2 GB and more."""
_MOST_PASSES = 2
"""Of a model over its own result; what it drew in the first is detail to the second."""


class Upscaler:
    """An upscaling model, ready to use. May be used by several threads.

    Example:
        >>> from ganapps import Upscaler
        >>> larger = Upscaler()(pixels)  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        strength: float | None = None,
        tile_px: int | None = None,
        threads: int | None = None,
    ) -> None:
        """Open a model.

        Args:
            model: a name of `ganapps models`, the path of an .onnx file, or None for the default.
            strength: from 0, the faithful model that the manifest names for this one, to 1, the model itself:
                the weights lie between the two. None is 1.
            tile_px: largest side computed at once, in pixels of the input. Changes memory and time, never
            the result. threads: None is all cores that this process may use.

        Raises:
            ModelError: unknown, damaged, not exported by ganapps, or for another task.
            UsageError: a tile too small for the model, threads below 1, or a strength out of range or of a
                model that has no faithful one.
        """
        model = zoo.default_weights("upscale") if model is None else model
        path = zoo.find_weights(model)
        self._session = Session(path, threads=threads, blend=_blend(model, strength))
        contract = self._session.contract
        if contract.scale is None or contract.radius is None:
            raise ModelError(f"{path} makes images ({contract.task}), it does not enlarge them")
        self.contract: Contract = contract
        self.scale: int = contract.scale
        """How many times larger the result is on each side."""
        self.radius: int = contract.radius
        """Receptive radius in pixels of the input."""
        self.tile_px: int = default_tile(self.radius) if tile_px is None else tile_px
        """Largest side computed at once."""
        smallest = tiles.smallest_tile(self.radius)
        if self.tile_px < smallest:
            raise UsageError(f"tile must be at least {smallest} px for {contract.name}, got {self.tile_px}")

    @property
    def providers(self) -> tuple[str, ...]:
        """ONNX Runtime execution providers in use, the first preferred."""
        return self._session.providers

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Enlarge an array.

        Args:
            pixels: [H, W], [H, W, 1], [H, W, 3] (RGB) or [H, W, 4] (RGB and alpha), uint8 or uint16.

        Returns:
            The same with H and W `scale` times larger.

        Raises:
            ImageError: another shape or type.
        """
        if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
            accepted = "[H, W], [H, W, 1], [H, W, 3] or [H, W, 4]"
            raise ImageError(f"pixels must be {accepted}, got {list(pixels.shape)}")
        if pixels.ndim == 2:
            return self.upscale(Image(pixels[..., None])).pixels[..., 0]
        if pixels.shape[2] < 4:
            return self.upscale(Image(pixels)).pixels
        result = self.upscale(Image(pixels[..., :3], pixels[..., 3]))
        assert result.alpha is not None  # alpha in, alpha out
        return np.dstack([result.pixels, result.alpha])

    def upscale(
        self,
        image: Image,
        *,
        size: Size | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Image:
        """Enlarge a picture, with its alpha; metadata and format stay.

        Args:
            image: of 8 or 16 bits, grey or RGB.
            size: of the result; None is `scale` times the picture's own. Other sizes are met by as many
                passes of the model as are needed, and one of Lanczos resampling back from there.
            on_progress: called with the finished fraction, in (0, 1], after each tile.

        Raises:
            UsageError: the size takes more than two passes, or more than `MOST_COMPUTED` pixels.
        """
        if size is None:
            return self._once(image, on_progress)
        height, width = image.pixels.shape[:2]
        target = size.of(width, height)
        passes = self._passes(max(target[0] / width, target[1] / height))
        computed = width * height * self.scale ** (2 * passes)
        if passes and computed > MOST_COMPUTED:
            raise UsageError(
                f"{target[0]} x {target[1]} would be computed from {computed / 1e6:,.0f} megapixels, and"
                f" {MOST_COMPUTED / 1e6:,.0f} are the most: ask for less, or cut the image into parts"
            )
        # Each pass computes as many times more pixels as the one before.
        shares = [self.scale ** (2 * i) for i in range(passes)]
        for i in range(passes):
            start, stop = sum(shares[:i]) / sum(shares), sum(shares[: i + 1]) / sum(shares)
            image = self._once(image, _part(on_progress, start, stop))
        return resample(image, *target)

    def _passes(self, factor: float) -> int:
        """How many times the model must be applied for a picture `factor` times as large."""
        for passes in range(_MOST_PASSES + 1):
            if factor <= self.scale**passes:
                return passes
        most = self.scale**_MOST_PASSES
        raise UsageError(f"{self.contract.name} enlarges {most} times at most, not {factor:.4g} times")

    def _once(self, image: Image, on_progress: Callable[[float], None] | None) -> Image:
        """One pass: `scale` times larger."""
        if image.alpha is None:
            return replace(image, pixels=self._enlarge(image.pixels, on_progress))
        alpha = image.alpha
        constant = bool((alpha == alpha[0, 0]).all())
        colour_share = 1.0 if constant else 0.5
        visible = transparency.fill_hidden(image.pixels, alpha)
        pixels = self._enlarge(visible, _part(on_progress, 0.0, colour_share))
        if constant:
            larger = np.full(pixels.shape[:2], alpha[0, 0], alpha.dtype)
        else:
            larger = self._enlarge(alpha[..., None], _part(on_progress, colour_share, 1.0))[..., 0]
            larger = transparency.within_neighbours(larger, alpha, self.scale)
        return replace(image, pixels=pixels, alpha=larger)

    def _enlarge(self, pixels: np.ndarray, on_progress: Callable[[float], None] | None) -> np.ndarray:
        """[H, W, C] to [scale * H, scale * W, C], tile by tile."""
        return tiles.apply(
            self._run,
            pixels,
            scale=self.scale,
            radius=self.radius,
            tile_px=self.tile_px,
            on_progress=on_progress,
        )

    def _run(self, tile: np.ndarray) -> np.ndarray:
        """The network on one tile [h, w, C]; grey goes in as three equal channels and comes out as a mean."""
        batch = np.repeat(tile, 3, axis=2)[None] if tile.shape[2] == 1 else np.ascontiguousarray(tile)[None]
        if tile.dtype == np.uint8 and tile.shape[2] == 3:
            upscaled: np.ndarray = self._session.run(["upscaled"], {"image": batch})[0][0]
            return upscaled
        # 65535 = 255 * 257: the model adds what 8 bits cannot say to the picture of 8 bits.
        feeds = {"image": batch}
        if tile.dtype == np.uint16:
            whole, rest = np.divmod(batch, np.uint16(257))
            feeds = {"image": whole.astype(np.uint8), "fraction": rest.astype(np.float32) / np.float32(257)}
        result = self._session.run(["upscaled_float"], feeds)[0][0]
        if tile.shape[2] == 1:
            result = (result[..., :1] + result[..., 1:2] + result[..., 2:]) / np.float32(3)
        most = np.iinfo(tile.dtype).max
        rounded: np.ndarray = np.rint(np.clip(result, 0, 1) * np.float32(most)).astype(tile.dtype)
        return rounded


def _blend(model: str | Path, strength: float | None) -> tuple[Path, float] | None:
    if strength is None:
        return None
    if not 0 <= strength <= 1:
        raise UsageError(f"strength must be from 0 to 1, got {strength}")
    return zoo.find_weights(zoo.faithful_weights(str(model))), strength


def default_tile(radius: int) -> int:
    """The side of a tile, in pixels, that wastes little on overlap and needs little memory."""
    least, most = _TILE_PX
    return max(min(max(least, _TILE_RADII * radius), most), 4 * radius)


def _part(
    on_progress: Callable[[float], None] | None, start: float, stop: float
) -> Callable[[float], None] | None:
    """Progress of a part of the work as progress of the whole."""
    if on_progress is None:
        return None
    return lambda fraction: on_progress(start + (stop - start) * fraction)
