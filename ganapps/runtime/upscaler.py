"""Image in, larger image out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ImageError, ModelError, UsageError
from . import bands, ensemble, memory, shares, tiles, transparency, zoo
from .bands import Bands, Outlook
from .engines.engine import Engine
from .images import Image
from .session import Contract, Session
from .shares import OnProgress
from .sizes import Size, resample, resample_rows
from .tile_side import affordable_tile

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
        tta: bool = False,
        tile_px: int | None = None,
        threads: int | None = None,
        device: str = "auto",
        precision: str = "auto",
        on_note: Callable[[str], None] | None = None,
    ) -> None:
        """Open a model.

        Args:
            model: a name of `ganapps models`, the path of any .onnx upscaler, or None for the default.
            strength: from 0, the faithful model that the manifest names for this one, to 1, the model itself:
                the weights lie between the two. None is 1.
            tta: average the eight turned and mirrored runs of each tile: a little better, 8 times the time.
            tile_px: largest side computed at once, in pixels of the input; None is chosen by the model and
            the free memory. Changes memory and time, never the result, and is halved where memory runs out.
            threads: None is all cores that this process may use.
            device: "auto", "cpu", "openvino", "cuda", "cuda:1", "tensorrt", "directml" or "coreml". "auto"
                takes the fastest of those that compute the same as ONNX Runtime on the CPU, which is "cpu".
            precision: "fp32", "bf16", "fp16" or "int8"; "auto" is fp32, or the model file's own int8.
            on_note: called with a sentence where something was done otherwise than asked for.

        Raises:
            ModelError: unknown, damaged, no upscaler, or for another task.
            UsageError: a tile too small for the model, threads below 1, a strength out of range or of a model
                that has no faithful one, or an unknown device or precision.
            DependencyError: the device is not there.
        """
        model = zoo.default_weights("upscale") if model is None else model
        path = zoo.find_weights(model)
        self._session = Session(
            path,
            threads=threads,
            blend=_blend(model, strength),
            device=device,
            precision=precision,
            on_note=on_note,
        )
        contract = self._session.contract
        if contract.scale is None or contract.radius is None:
            raise ModelError(f"{path} makes images ({contract.task}), it does not enlarge them")
        self.contract: Contract = contract
        self.scale: int = contract.scale
        """How many times larger the result is on each side."""
        self.radius: int = contract.radius
        """Receptive radius in pixels of the input."""
        self.tta = tta
        """Whether each result is the mean of eight runs."""
        self.on_note = on_note
        self.tile_px: int = affordable_tile(self.radius) if tile_px is None else tile_px
        """Largest side computed at once."""
        smallest = tiles.smallest_tile(self.radius)
        if self.tile_px < smallest:
            raise UsageError(f"tile must be at least {smallest} px for {contract.name}, got {self.tile_px}")

    @property
    def engine(self) -> Engine:
        """What computes, with its device and precision."""
        return self._session.engine

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
        on_progress: OnProgress = None,
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
        outlook = self.outlook(width, height, size)
        computed = width * height * self.scale ** (2 * outlook.passes)
        if outlook.passes and computed > MOST_COMPUTED:
            raise UsageError(
                f"{outlook.width} x {outlook.height} would be computed from {computed / 1e6:,.0f} megapixels,"
                f" and {MOST_COMPUTED / 1e6:,.0f} are the most: ask for less, or cut the image into parts"
            )
        for told in shares.passes(on_progress, self.scale**2, outlook.passes):
            image = self._once(image, told)
        return resample(image, outlook.width, outlook.height)

    def upscale_in_bands(
        self,
        image: Image,
        *,
        size: Size | None = None,
        band_bytes: int = 1 << 27,
        on_progress: OnProgress = None,
    ) -> Bands:
        """The pixels that `upscale` gives, from top to bottom, computed as they are asked for.

        Where the size takes two passes, the result of the first is in memory as a whole.

        Args:
            image: as for `upscale`.
            size: as for `upscale`, without its limit of pixels.
            band_bytes: that a band of the result takes, about.
            on_progress: called with the finished fraction, in (0, 1].

        Raises:
            UsageError: the size takes more than two passes.
        """
        height, width = image.pixels.shape[:2]
        outlook = self.outlook(width, height, size)
        told = shares.passes(on_progress, self.scale**2, outlook.passes) or [on_progress]
        for first in told[:-1]:
            image = self._once(image, first)
        if outlook.passes:
            enlarged = bands.enlarge(
                image,
                self._enlarge,
                scale=self.scale,
                radius=self.radius,
                rows_px=bands.rows_within(image, self.scale, self.radius, band_bytes),
                on_progress=told[-1],
            )
        else:
            enlarged = bands.as_one(image)
        return resample_rows(enlarged, outlook.width, outlook.height)

    def outlook(self, width: int, height: int, size: Size | None = None) -> Outlook:
        """What `upscale` would give for a picture of this width and height, before anything is computed.

        Raises:
            UsageError: the size takes more than two passes.
        """
        target = (self.scale * width, self.scale * height) if size is None else size.of(width, height)
        return Outlook(*target, self.scale, self._passes(max(target[0] / width, target[1] / height)))

    def _passes(self, factor: float) -> int:
        """How often the model is applied to enlarge by `factor`; one of scale 1 mends, and is always."""
        for passes in range(int(self.scale == 1), _MOST_PASSES + 1):
            if factor <= self.scale**passes:
                return passes
        most = self.scale**_MOST_PASSES
        raise UsageError(f"{self.contract.name} enlarges {most} times at most, not {factor:.4g} times")

    def _once(self, image: Image, on_progress: OnProgress) -> Image:
        """One pass: `scale` times larger."""
        if image.alpha is None:
            return replace(image, pixels=self._enlarge(image.pixels, on_progress))
        alpha = image.alpha
        constant = bool((alpha == alpha[0, 0]).all())
        colour_share = 1.0 if constant else 0.5
        visible = transparency.fill_hidden(image.pixels, alpha)
        pixels = self._enlarge(visible, shares.part(on_progress, 0.0, colour_share))
        if constant:
            larger = np.full(pixels.shape[:2], alpha[0, 0], alpha.dtype)
        else:
            larger = self._enlarge(alpha[..., None], shares.part(on_progress, colour_share, 1.0))[..., 0]
            larger = transparency.within_neighbours(larger, alpha, self.scale)
        return replace(image, pixels=pixels, alpha=larger)

    def _enlarge(self, pixels: np.ndarray, on_progress: OnProgress) -> np.ndarray:
        """[H, W, C] to [scale * H, scale * W, C], tile by tile."""
        height, width, channels = pixels.shape
        # Before ONNX Runtime takes what there is.
        result = np.empty((self.scale * height, self.scale * width, channels), pixels.dtype)
        while True:
            try:
                return tiles.apply(
                    self._run,
                    pixels,
                    scale=self.scale,
                    radius=self.radius,
                    tile_px=self.tile_px,
                    on_progress=on_progress,
                    result=result,
                )
            except (MemoryError, ModelError) as error:
                if not memory.is_out_of_memory(error):
                    raise
                self._halve_tile(pixels, error)

    def _halve_tile(self, pixels: np.ndarray, error: Exception) -> None:
        """Go on with smaller tiles, of which the result is the same, in this picture and all after it.

        Raises:
            MemoryError: they are as small as they may be.
        """
        half = tiles.halved_tile(self.tile_px, len(pixels), pixels.shape[1], self.radius)
        if half is None:
            raise MemoryError(str(error)) from error
        self.tile_px = half
        if self.on_note is not None:
            self.on_note(f"memory ran out: going on with tiles of {half} px; the result is the same")

    def _run(self, tile: np.ndarray) -> np.ndarray:
        """The network on one tile [h, w, C]; grey goes in as three equal channels and comes out as a mean."""
        if tile.dtype == np.uint8 and tile.shape[2] == 3 and not self.tta:
            feeds = {"image": np.ascontiguousarray(tile)[None]}
            upscaled: np.ndarray = self._session.run(["upscaled"], feeds)[0][0]
            return upscaled
        result = ensemble.mean_of_copies(self._run_float, tile) if self.tta else self._run_float(tile)
        most = np.iinfo(tile.dtype).max
        rounded: np.ndarray = np.rint(np.clip(result, 0, 1) * np.float32(most)).astype(tile.dtype)
        return rounded

    def _run_float(self, tile: np.ndarray) -> np.ndarray:
        """The network on one tile [h, w, C], as float32 in [0, 1] that is not rounded."""
        batch = np.repeat(tile, 3, axis=2)[None] if tile.shape[2] == 1 else np.ascontiguousarray(tile)[None]
        # 65535 = 255 * 257: the model adds what 8 bits cannot say to the picture of 8 bits.
        feeds = {"image": batch}
        if tile.dtype == np.uint16:
            whole, rest = np.divmod(batch, np.uint16(257))
            feeds = {"image": whole.astype(np.uint8), "fraction": rest.astype(np.float32) / np.float32(257)}
        result: np.ndarray = self._session.run(["upscaled_float"], feeds)[0][0]
        if tile.shape[2] == 1:
            result = (result[..., :1] + result[..., 1:2] + result[..., 2:]) / np.float32(3)
        return result


def _blend(model: str | Path, strength: float | None) -> tuple[Path, float] | None:
    if strength is None:
        return None
    if not 0 <= strength <= 1:
        raise UsageError(f"strength must be from 0 to 1, got {strength}")
    return zoo.find_weights(zoo.faithful_weights(str(model))), strength
