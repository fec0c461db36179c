"""What pyproject.toml says agrees with what lies on disk."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import ganapps

ROOT = Path(__file__).parents[2]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def folders_with_modules() -> set[str]:
    """Every folder of Python files, under the name that it is imported by."""
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for root in ("ganapps", "cli", "weights")
        for path in (ROOT / root).rglob("*.py")
    }
    return {f"ganapps.{name}" if name.split(".")[0] in ("cli", "weights") else name for name in found}


def test_every_package_folder_is_declared() -> None:
    assert sorted(project()["tool"]["setuptools"]["packages"]) == sorted(folders_with_modules())


def test_every_declared_package_has_an_init_file() -> None:
    mapped = project()["tool"]["setuptools"]["package-dir"]
    for name in project()["tool"]["setuptools"]["packages"]:
        folder = ROOT / mapped.get(name, name.replace(".", "/"))
        assert (folder / "__init__.py").is_file(), f"{folder} is declared as {name} and has no __init__.py"


def test_data_is_read_from_the_weights_folder() -> None:
    assert Path(str(files("ganapps.weights"))) == ROOT / "weights"


def test_every_weight_file_matches_a_pattern_that_is_packed() -> None:
    patterns = project()["tool"]["setuptools"]["package-data"]["ganapps.weights"]
    packed = {path for pattern in patterns for path in (ROOT / "weights").glob(pattern)}
    data = {
        path for path in (ROOT / "weights").iterdir() if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert data == packed


def test_base_install_has_no_training_package() -> None:
    base = {re.split(r"[^A-Za-z0-9_-]", line)[0].lower() for line in project()["project"]["dependencies"]}
    assert base == {"numpy", "opencv-python", "onnxruntime", "pillow", "rich"}


def test_version_is_the_same_everywhere() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == ganapps.__version__ == project()["project"]["version"]


def test_constraints_pin_one_opencv() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / ".ci/constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    assert pins["opencv-python"] == pins["opencv-python-headless"]


def test_all_public_names_load() -> None:
    assert ganapps.__all__ == sorted(ganapps.__all__)
    assert dir(ganapps) == ganapps.__all__
    for name in ganapps.__all__:
        assert getattr(ganapps, name) is not None


def test_public_names() -> None:
    assert set(ganapps.__all__) == {
        "CheckpointError",
        "DataError",
        "DependencyError",
        "GanappsError",
        "Image",
        "ImageError",
        "ModelError",
        "OutputError",
        "Sampler",
        "TrainingDiverged",
        "TrainingError",
        "Upscaler",
        "UsageError",
        "__version__",
        "read_image",
        "write_image",
    }
