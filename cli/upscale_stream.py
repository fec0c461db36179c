"""`ganapps upscale` with - for input or output: one image through a stream."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import OutputError, UsageError

from .printing import message
from .progress import ProgressBar
from .upscale_report import tell_restored

if TYPE_CHECKING:
    from ganapps.runtime.sizes import Size
    from ganapps.runtime.upscaler import Upscaler

STREAM = "-"
"""Stands for standard input or output."""


def run_stream(
    args: argparse.Namespace, size: Size | None, open_upscaler: Callable[[argparse.Namespace], Upscaler]
) -> int:
    """Enlarge one image, from or to a stream.

    Args:
        args: the command line.
        size: of the result; None is the model's.
        open_upscaler: opens the model.
    """
    _check_stream(args)
    if args.skip and args.output != STREAM and Path(args.output).exists():
        message(f"{args.output} exists already", quiet=args.quiet)
        return 0
    from ganapps.runtime.images import OUTPUT_FORMATS, encode_image, losses, read_image, write_image

    image = read_image(sys.stdin.buffer.read() if args.inputs[0] == STREAM else args.inputs[0])
    upscaler = open_upscaler(args)
    with ProgressBar(quiet=args.quiet) as bar:
        enlarged = upscaler.upscale(image, size=size, on_progress=bar.stage("upscaling"))
    message(f"enlarged on {upscaler.engine}", quiet=args.quiet)
    if args.output != STREAM:
        lost = write_image(args.output, enlarged, quality=args.quality)
    else:
        format = args.format or (image.format if image.format in OUTPUT_FORMATS.values() else "png")
        sys.stdout.buffer.write(encode_image(enlarged, format, quality=args.quality))
        sys.stdout.buffer.flush()
        lost = losses(enlarged, format)
    for remark in image.remarks + lost:
        message(remark, quiet=args.quiet)
    tell_restored(args, upscaler, [image.quality])
    return 0


def _check_stream(args: argparse.Namespace) -> None:
    """Check what can be before anything is read.

    Raises:
        UsageError: options that mean nothing for a stream.
        OutputError: the output is there already.
    """
    if len(args.inputs) != 1:
        raise UsageError(f"a stream is one image: give one input with -, got {len(args.inputs)}")
    if args.json:
        raise UsageError("--json describes files: leave it out where an image goes through -")
    for name in ("dry_run", "watch", "memory"):
        if getattr(args, name):
            option = "--" + name.replace("_", "-")
            raise UsageError(f"{option} is about files: leave it out where an image goes through -")
    if args.output == STREAM:
        if args.overwrite or args.skip:
            option = "--overwrite" if args.overwrite else "--skip"
            raise UsageError(f"{option} is about files: leave it out with -o -")
        if sys.stdout.isatty():
            raise UsageError(
                "-o - would write an image to the terminal: redirect it, as in -o - > photo_x4.png"
            )
        return
    from ganapps.runtime.images import format_of

    target = Path(args.output)
    if target.is_dir():
        raise UsageError(f"{target} is a folder and an image from - has no name: give the name of a file")
    written = format_of(target.suffix)
    if args.format is not None and format_of(args.format) != written:
        raise UsageError(f"{target} would be written as {written}, but --format is {args.format}")
    if target.exists() and not args.overwrite and not args.skip:
        raise OutputError(f"{target} is there already: add --overwrite to replace it")
