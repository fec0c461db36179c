"""Head one: a folder of labelled images in, a larger one out.

Data flows down through its rooms: `sets` reads, `generator` learns, `synthetic` draws and selects,
`unlabelled` adds real images whose label is guessed, `output` and `page` write, `proof` measures, and
`benchmark` asks it of many sets.

Only `train_generator` needs PyTorch; it is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .augmentation import augment
from .expand import expand
from .output.report import ClassReport, ExpansionReport

if TYPE_CHECKING:
    from .generator.training import train_generator

__all__ = ["ClassReport", "ExpansionReport", "augment", "expand", "train_generator"]


def __getattr__(name: str) -> Any:
    """Load what needs PyTorch on first use (PEP 562)."""
    if name != "train_generator":
        raise AttributeError(f"module 'ganapps.augment' has no attribute {name!r}")
    from .generator.training import train_generator

    return train_generator
