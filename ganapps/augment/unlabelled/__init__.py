"""Real images without labels: a classifier labels those that it is sure of.

Only `label_unlabelled` needs PyTorch; it is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pseudo import Accepted, PseudoLabelled, Training
from .reasons import Reason
from .source import find_unlabelled

if TYPE_CHECKING:
    from .labelling import label_unlabelled

__all__ = ["Accepted", "PseudoLabelled", "Reason", "Training", "find_unlabelled", "label_unlabelled"]


def __getattr__(name: str) -> Any:
    """Load what needs PyTorch on first use (PEP 562)."""
    if name != "label_unlabelled":
        raise AttributeError(f"module 'ganapps.augment.unlabelled' has no attribute {name!r}")
    from .labelling import label_unlabelled

    return label_unlabelled
