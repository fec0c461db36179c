"""What every reader stands behind: a limit of pixels, one kind of error, and silence on standard error."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import math
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import PIL._imaging

from ..errors import ImageError, UsageError

MAX_PIXELS = 2**26
"""Largest picture read by default, 67 megapixels: enlarged by 4 it takes 3.2 GB in memory."""

LIMIT_VARIABLE = "GANAPPS_MAX_MEGAPIXELS"
"""Environment variable that holds another limit, in millions of pixels."""

_REASON_CHARACTERS = 200


class TooManyPixels(ImageError):
    """A picture over the limit, which was not decoded."""


def pixel_limit() -> int:
    """Pixels of the largest picture that is read: `MAX_PIXELS`, or what the environment says.

    Raises:
        UsageError: the variable holds something else than a number above 0.
    """
    text = os.environ.get(LIMIT_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    try:
        megapixels = float(text)
    except ValueError:
        megapixels = math.nan
    if not (megapixels > 0 and math.isfinite(megapixels)):
        raise UsageError(f"{LIMIT_VARIABLE} must be a number of megapixels above 0, got {text!r}")
    return int(megapixels * 1e6)


def check_size(width: int, height: int, name: str, max_pixels: int | None) -> None:
    """Refuse a picture before it is decoded; `max_pixels` None is the limit of this machine.

    Raises:
        ImageError: empty, or over the limit.
    """
    if width < 1 or height < 1:
        raise ImageError(f"{name} is damaged: its header says {width} x {height} pixels")
    limit = pixel_limit() if max_pixels is None else max_pixels
    if width * height <= limit:
        return
    megapixels = width * height / 1e6
    advice = "make it smaller or cut it into parts"
    if max_pixels is None:
        advice = f"set {LIMIT_VARIABLE}={math.ceil(megapixels)} to read it, or {advice}"
    found = f"{name} has {width} x {height} = {megapixels:.1f} megapixels"
    raise TooManyPixels(f"{found}, the limit is {limit / 1e6:.1f}: {advice}")


@contextmanager
def damage_reported(name: str) -> Iterator[None]:
    """Errors met inside the block become ImageError, and nothing is printed by the decoders.

    Raises:
        ImageError: whatever went wrong; a lack of memory too.
    """
    try:
        with silence:
            yield
    except (ImageError, UsageError):
        raise
    except MemoryError as error:
        raise ImageError(f"{name} is too large for the memory of this machine: cut it into parts") from error
    except Exception as error:
        # On damaged files the decoders raise OSError, SyntaxError, RuntimeError, struct.error and more.
        raise ImageError(
            f"{name} is truncated or damaged ({reason(error)}): get a whole copy of the file"
        ) from error


def reason(error: BaseException) -> str:
    """What a decoder complains of, on one short line."""
    text = error.err if isinstance(error, cv2.error) else str(error)
    line = next((line.strip() for line in str(text).splitlines() if line.strip()), "")
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line[:_REASON_CHARACTERS].rstrip(".:, ") or type(error).__name__


def _tiff_handler_setter() -> Callable[[int | None], int | None]:
    """libtiff's own function to set what prints its errors; Pillow turns off its warnings alone."""
    with contextlib.suppress(OSError, AttributeError):  # a Pillow with libtiff inside does not show it
        setter = ctypes.CDLL(PIL._imaging.__file__).TIFFSetErrorHandler
        setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
        return lambda handler: setter(handler)
    return lambda handler: None


class _Silence:
    """Decoders' warnings held back while any thread is reading; the errors are raised in any case.

    Counted, because Python's filters, OpenCV's level and libtiff's handler belong to the process: the first
    thread in sets them and the last one out puts back what was there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._filters = warnings.catch_warnings()
        self._level = 0
        self._set_tiff_handler = _tiff_handler_setter()
        self._tiff_handler: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|pillow_jxl)\b")
                self._level = cv2.utils.logging.getLogLevel()
                cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
                self._tiff_handler = self._set_tiff_handler(None)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self._set_tiff_handler(self._tiff_handler)
                cv2.utils.logging.setLogLevel(self._level)
                self._filters.__exit__(None, None, None)


silence = _Silence()
"""`with silence:` around whatever a decoder may complain of."""

# Else Pillow's complaints are printed where a program has set up no logging.
logging.getLogger("PIL").addHandler(logging.NullHandler())
