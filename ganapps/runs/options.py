"""What a training run began with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import CheckpointError

NAME = "options.json"


def read_options(run: Path) -> dict[str, Any]:
    """The options that a run keeps in its folder.

    Raises:
        CheckpointError: the folder holds no run, or its options are damaged.
    """
    path = run / NAME
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{run} is not the folder of a training run: it has no {NAME}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(options, dict):
        raise CheckpointError(f"{path} must hold a JSON object, not {type(options).__name__}")
    return options
