"""What the photographs that the shipped upscalers were trained on are like, for `metrics.niqe`.

`python -m ganapps.upscale.naturalness PHOTOS weights` learns it anew.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..metrics.niqe import Naturalness, learn_naturalness
from ..metrics.scene_statistics import NUM_FEATURES
from ..runtime.files import write_atomically
from ..runtime.zoo import weights_folder

_FILE = "niqe.json"


@cache
def shipped_naturalness() -> Naturalness:
    """Of the photographs in `weights/README.md`.

    Raises:
        DataError: the installation lacks the file, or it is damaged.
        ModelError: the weights of ganapps are not installed.
    """
    try:
        found = json.loads((weights_folder() / _FILE).read_text(encoding="utf-8"))
        mean, covariance = (np.array(found[key], dtype=float) for key in ("mean", "covariance"))
        if mean.shape != (NUM_FEATURES,) or covariance.shape != (NUM_FEATURES, NUM_FEATURES):
            raise ValueError("of another shape")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{_FILE} among the weights cannot be read ({error}); install ganapps again"
        ) from error
    return Naturalness(mean, covariance)


def write_naturalness(folder: Path, naturalness: Naturalness) -> Path:
    """Write what was learnt where `shipped_naturalness` looks for it, and return that file's path."""
    path = folder / _FILE
    rows = ",\n  ".join(json.dumps(_rounded(row)) for row in naturalness.covariance)
    text = f'{{\n "mean": {json.dumps(_rounded(naturalness.mean))},\n "covariance": [\n  {rows}\n ]\n}}\n'
    write_atomically(path, text.encode())
    return path


def _rounded(values: NDArray[Any]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


if __name__ == "__main__":
    from .held_out import SIDE_PX, split
    from .photographs import load_photographs

    training, _ = split(load_photographs(Path(sys.argv[1]), min_px=SIDE_PX))
    print(write_naturalness(Path(sys.argv[2]), learn_naturalness(training)))
