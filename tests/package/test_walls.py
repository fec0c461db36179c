"""Which room may import which, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("adversarial", "augment", "cli", "export", "features", "metrics", "runs", "runtime", "upscale")
FORBIDDEN = {
    "runtime": {"adversarial", "augment", "cli", "export", "features", "metrics", "runs", "upscale"},
    "runs": {"adversarial", "augment", "cli", "export", "features", "metrics", "upscale"},
    "adversarial": {"augment", "cli", "export", "features", "metrics", "runs", "upscale"},
    "features": {"adversarial", "augment", "cli", "export", "metrics", "upscale"},
    "metrics": {"adversarial", "augment", "cli", "export", "upscale"},
    "augment": {"cli", "upscale"},
    "upscale": {"augment", "cli"},
    "export": {"adversarial", "augment", "cli", "features", "runs", "upscale"},
    "cli": set(),
}
"""Room, and the rooms it must not import."""


def imported_modules(path: Path, package: str) -> Iterator[str]:
    """Full names of all modules that a file imports anywhere, `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rooms_imported_by(room: str) -> dict[str, set[str]]:
    """File of the room, and the other rooms it imports."""
    folder = ROOT / "cli" if room == "cli" else ROOT / "ganapps" / room
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        package = ".".join(["ganapps", room, *path.parent.relative_to(folder).parts])
        names = {tuple(name.split(".")[:2]) for name in imported_modules(path, package)}
        found[path.name] = {name[1] for name in names if len(name) == 2 and name[0] == "ganapps"} & set(ROOMS)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_room_keeps_to_its_walls(room: str) -> None:
    crossed = {
        name: sorted(rooms & FORBIDDEN[room])
        for name, rooms in rooms_imported_by(room).items()
        if rooms & FORBIDDEN[room]
    }
    assert not crossed


def test_the_check_sees_relative_imports(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        "from ..augment.game import Game\nfrom . import trainer\ndef f():\n    import ganapps.upscale\n"
    )
    assert set(imported_modules(source, "ganapps.adversarial")) == {
        "ganapps.augment.game.Game",
        "ganapps.adversarial.trainer",
        "ganapps.upscale",
    }


def test_every_room_is_checked() -> None:
    on_disk = {path.name for path in (ROOT / "ganapps").iterdir() if (path / "__init__.py").is_file()}
    assert on_disk | {"cli"} == set(ROOMS) == set(FORBIDDEN)
