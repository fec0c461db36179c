"""From the options of `ganapps upscale` to the model that they ask for."""

from __future__ import annotations

import argparse
import functools
from typing import TYPE_CHECKING, Any

from .printing import message

if TYPE_CHECKING:
    from ganapps.runtime.upscaler import Upscaler


def open_upscaler(args: argparse.Namespace) -> Upscaler:
    """The model that is asked for, or the default for the scale, which restores JPEG files as needed."""
    from ganapps.runtime import zoo
    from ganapps.runtime.restoring import RestoringUpscaler
    from ganapps.runtime.upscaler import Upscaler

    options: dict[str, Any] = {
        "tta": args.tta,
        "tile_px": args.tile,
        "threads": args.threads,
        "device": args.device,
        "precision": args.precision,
        "on_note": functools.partial(message, quiet=args.quiet),
    }
    model = args.model
    if model is None:
        model = zoo.default_weights("upscale") if args.scale is None else zoo.default_upscaler(args.scale)
        if args.strength is None and zoo.has_restoring_weights(model):
            return RestoringUpscaler(model, **options)
    return Upscaler(model, strength=args.strength, **options)
