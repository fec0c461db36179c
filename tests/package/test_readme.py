"""What the README shows does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_with(word: str) -> str:
    """The one Python block in which `word` stands."""
    (found,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if word in block]
    return found


def test_the_upscaler_of_the_readme() -> None:
    names: dict[str, Any] = {"pixels": np.zeros((5, 6, 3), np.uint8)}
    exec(block_with("Upscaler"), names)
    assert names["larger"].shape == (20, 24, 3)


def test_the_game_of_the_readme_learns_the_circle() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    exec(block_with("class Ring"), names)
    points = names["points"].detach()
    radius = points.norm(dim=1)
    assert abs(radius.median().item() - 1) < 0.1, radius.median()
    quadrants = {(x > 0, y > 0) for x, y in points.tolist()}
    assert len(quadrants) == 4


def test_files_that_the_readme_names_are_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links and [link for link in links if not (ROOT / link).exists()] == []
