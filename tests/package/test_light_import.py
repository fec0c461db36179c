"""The base install works where no package of an extra can be imported."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = """
import sys

class Blocker:
    names = {"torch", "torchvision", "onnx", "onnxscript", "albumentations", "scipy", "skimage"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)

sys.meta_path.insert(0, Blocker())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", BLOCKED + code], capture_output=True, text=True, timeout=60)


def test_the_blocker_blocks() -> None:
    outcome = run("import torch")
    assert outcome.returncode == 1
    assert "No module named 'torch' (blocked)" in outcome.stderr


def test_every_runtime_module_and_public_name_loads() -> None:
    outcome = run("""
import importlib, pkgutil, ganapps, ganapps.runtime
for module in pkgutil.iter_modules(ganapps.runtime.__path__, "ganapps.runtime."):
    importlib.import_module(module.name)
print(len([getattr(ganapps, name) for name in ganapps.__all__]))
""")
    assert outcome.returncode == 0, outcome.stderr
    assert int(outcome.stdout) >= 10


def test_every_command_line_module_loads_and_help_is_printed() -> None:
    outcome = run("""
import importlib, pkgutil, ganapps.cli
for module in pkgutil.iter_modules(ganapps.cli.__path__, "ganapps.cli."):
    importlib.import_module(module.name)
from ganapps.cli.main import main
sys.exit(main(["--help"]))
""")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith("usage: ganapps")


def test_expanding_a_set_loads() -> None:
    outcome = run("from ganapps.augment import augment, expand")
    assert outcome.returncode == 0, outcome.stderr


def test_import_and_start_up_load_nothing_heavy() -> None:
    outcome = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, ganapps, ganapps.cli.main as cli; cli.build_parser()\n"
            "print(sorted({'cv2', 'numpy', 'onnxruntime', 'PIL', 'rich', 'torch'} & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert outcome.stdout == "[]\n"
