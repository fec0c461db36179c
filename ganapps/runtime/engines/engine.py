"""What every engine can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

INT8_MARK = b"QuantizeLinear"
"""The operator that files of 8-bit weights have, and no others."""


class Engine(ABC):
    """A model opened on one device."""

    device: str
    """As it is typed: "cpu", "openvino", "cuda:1"."""
    precision: str
    """That it computes in: "fp32", "bf16", "fp16" or "int8"."""
    software: str
    """Name and version of what computes."""

    @abstractmethod
    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Compute the named outputs.

        Raises:
            ModelError: the model refuses the input or cannot be run here.
        """

    def __str__(self) -> str:
        return f"{self.device} in {self.precision} ({self.software})"


def is_int8(model: bytes) -> bool:
    """Whether the weights of a model file are of 8 bits, which no engine changes."""
    return INT8_MARK in model


def first_line(error: Exception) -> str:
    """Of an error's text, for a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
