"""The package builds, and its wheel runs in an environment that has nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import ganapps

ROOT = Path(__file__).parents[2]
PACKED = ("ganapps", "cli", "weights", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source distribution, and the wheel that is built from it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in PACKED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.mark.slow
def test_wheel_holds_all_packages_and_data_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert wheel.name == f"ganapps-{ganapps.__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {
        (f"ganapps/{path.relative_to(ROOT)}" if folder != "ganapps" else str(path.relative_to(ROOT)))
        for folder in ("ganapps", "cli", "weights")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == code
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_source_distribution_holds_the_models_and_the_licence(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "cli/main.py", "ganapps/py.typed"} <= names
    models = {f"weights/{path.name}" for path in (ROOT / "weights").glob("*.onnx")}
    assert {"weights/manifest.json", *models} <= names


@pytest.mark.slow
def test_wheel_runs_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    venv.create(tmp_path / "venv")
    folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    # This environment's pip installs into the empty one, which spares it a pip of its own.
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "python"), "--disable-pip-version-check"]
    installed = subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", str(wheel)], capture_output=True, text=True, timeout=300
    )
    assert installed.returncode == 0, installed.stderr
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def run(*command: str) -> str:
        program, *arguments = command
        outcome = subprocess.run(
            [str(folder / program), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=clean,
            timeout=300,
        )
        assert outcome.returncode == 0, f"{command}\n{outcome.stdout}{outcome.stderr}"
        return outcome.stdout

    assert run("ganapps", "--version") == f"ganapps {ganapps.__version__}\n"
    run(
        "python",
        "-c",
        "import importlib.util as u, PIL.Image\n"
        "assert u.find_spec('torch') is None\n"
        "PIL.Image.linear_gradient('L').convert('RGB').resize((9, 7)).save('small.png')",
    )
    run("ganapps", "upscale", "small.png", "-o", "large.png")
    size = run("python", "-c", "import PIL.Image; print(PIL.Image.open('large.png').size)")
    assert size == "(36, 28)\n"
    assert json.loads(run("ganapps", "doctor", "--json"))["ok"] is True
