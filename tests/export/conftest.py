"""A small upscaling network with the file it is exported to; an export takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def upscaler(card: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A network with random weights, and its file."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    from ganapps.export.upscaler import export_upscaler
    from ganapps.upscale.networks import UpscalingGenerator

    torch.manual_seed(0)
    network = UpscalingGenerator(width=8, blocks=1, scale=3)
    path = tmp_path_factory.mktemp("export") / "new folder" / "tiny.onnx"
    export_upscaler(network, path, card)
    return network, path
