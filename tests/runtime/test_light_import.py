"""The runtime needs none of the training packages, and imports nothing above it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import ganapps

PROGRAM = """
import sys
for name in ("torch", "torchvision", "onnx", "onnxscript", "albumentations", "scipy", "skimage"):
    sys.modules[name] = None  # importing it raises ImportError
import numpy as np
from ganapps import Image, Sampler, Upscaler, read_image, write_image
from ganapps.runtime.batch import upscale_files
pixels = np.arange(10 * 12 * 3, dtype=np.uint8).reshape(10, 12, 3)
write_image("a.png", Image(pixels))
assert (read_image("a.png").pixels == pixels).all()
upscaler = Upscaler(sys.argv[1])
assert upscaler(pixels).shape == (20, 24, 3)
assert upscale_files(["a.png"], "out", upscaler).count("done") == 1
assert Sampler(sys.argv[2])(["cat"], 0).images.shape == (1, 8, 8, 3)
"""


def test_everything_runs_without_the_training_packages(models, tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(models / "x2.onnx"), str(models / "sample.onnx")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_importing_the_package_is_cheap():
    heavy = {"numpy", "cv2", "PIL", "onnxruntime", "torch"}
    program = f"import ganapps, sys; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_the_runtime_imports_nothing_above_it():
    allowed = {"__future__", "cv2", "numpy", "onnxruntime", "PIL"} | sys.stdlib_module_names
    for path in (Path(ganapps.__file__).parent / "runtime").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {name.name.split(".")[0] for name in node.names} <= allowed, path
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] in allowed, path
            elif isinstance(node, ast.ImportFrom) and node.level > 1:
                assert (node.level, node.module) == (2, "errors"), path
