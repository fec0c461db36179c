"""ganapps: adversarial networks that put images to work.

Two jobs, one engine: enlarge any picture (`Upscaler`), and make labelled images
from a trained generator (`Sampler`). Both run on ONNX Runtime alone; training them is the
extra `[train]` and lives in `ganapps.adversarial`, `ganapps.upscale` and `ganapps.augment`.

The names below are loaded on first use, so that `import ganapps` stays cheap and never
imports PyTorch.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from .errors import (
    CheckpointError,
    DataError,
    DependencyError,
    GanappsError,
    ImageError,
    ModelError,
    OutputError,
    TrainingDiverged,
    TrainingError,
    UsageError,
)

if TYPE_CHECKING:
    from .runtime.images import Image, read_image, write_image
    from .runtime.sampler import Sampler
    from .runtime.upscaler import Upscaler

__version__ = "0.1.0"

# ONNX Runtime 1.29 and later writes a device number to the user's folder when it is imported, and reports
# sessions to its maker. A tool for other people's pictures does not, unless its user has said otherwise.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_LAZY = {
    "Image": "runtime.images",
    "Sampler": "runtime.sampler",
    "Upscaler": "runtime.upscaler",
    "read_image": "runtime.images",
    "write_image": "runtime.images",
}

__all__ = [
    "CheckpointError",
    "DataError",
    "DependencyError",
    "GanappsError",
    "Image",
    "ImageError",
    "ModelError",
    "OutputError",
    "Sampler",
    "TrainingDiverged",
    "TrainingError",
    "Upscaler",
    "UsageError",
    "__version__",
    "read_image",
    "write_image",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module 'ganapps' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
