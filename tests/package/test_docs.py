"""Commands in the documentation are ones that the program takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ganapps.cli.main import build_parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*.md"))]


def commands(page: Path) -> list[str]:
    """Command lines in the page's code blocks, without what a shell does with their output."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.split("#")[0] for language, block in blocks if not language for line in block.splitlines()]
    parts = [part for line in lines for part in re.split(r"[|>]", line)]
    return [part.strip() for part in parts if part.strip().startswith("ganapps ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_parse(page: Path) -> None:
    for command in commands(page):
        assert build_parser().parse_args(shlex.split(command)[1:]).run is not None, command


def test_the_pages_show_commands() -> None:
    assert len(commands(ROOT / "docs" / "upscale.md")) > 15 and len(commands(ROOT / "README.md")) > 8
