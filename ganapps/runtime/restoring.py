"""The default model for what is whole, and one that cleans for what is not."""

from __future__ import annotations

from typing import Any

from . import zoo
from .bands import Bands
from .images import Image
from .upscaler import Upscaler

STRONGLY_COMPRESSED = 70
"""JPEG quality up to which the default model is behind the restoring one by error, and draws ripples beside
every edge. Above, the restoring one takes texture for damage."""


class RestoringUpscaler(Upscaler):
    """A model, and for pictures from strongly compressed JPEG files the one that restores them.

    Arrays, of which nothing is known, are taken as they are.

    Args:
        model: a shipped one that `zoo.restoring_weights` knows a partner of.
        options: of `Upscaler`.

    Raises:
        ModelError, UsageError, DependencyError: as `Upscaler` does.
    """

    def __init__(self, model: str, **options: Any) -> None:
        self.partner = zoo.restoring_weights(model)
        """Name of the model that restores."""
        super().__init__(model, **options)
        self._options = options
        self._restorer: Upscaler | None = None

    def restores(self, quality: int | None) -> bool:
        """Whether a picture is restored that comes from a JPEG file of this quality; None for other files."""
        return quality is not None and quality <= STRONGLY_COMPRESSED

    def upscale(self, image: Image, **options: Any) -> Image:
        """As `Upscaler.upscale`."""
        return Upscaler.upscale(self._suited_to(image), image, **options)

    def upscale_in_bands(self, image: Image, **options: Any) -> Bands:
        """As `Upscaler.upscale_in_bands`."""
        return Upscaler.upscale_in_bands(self._suited_to(image), image, **options)

    def _suited_to(self, image: Image) -> Upscaler:
        """This one, or the one that restores, opened when the first picture needs it."""
        if not self.restores(image.quality):
            return self
        if self._restorer is None:
            self._restorer = Upscaler(self.partner, **self._options)
        return self._restorer
