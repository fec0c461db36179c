"""The examples that need more than one aim: labels beside a game, and two games at once."""

from __future__ import annotations

import importlib
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ganapps import read_image

EXAMPLES = Path(__file__).parents[2] / "examples" / "gans"


@pytest.fixture(autouse=True)
def beside_the_examples(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)  # layers this small only wait for each other on several
    yield
    torch.set_num_threads(threads)
    torch.random.set_rng_state(state)
    for name in ("common", "semi_supervised", "cyclegan"):
        sys.modules.pop(name, None)


def bars(rng, count, *, upright, size=12):
    """Grey pictures of one bright bar, standing or lying, anywhere, on noise."""
    pictures = rng.uniform(0, 60, (count, size, size))
    for picture, place in zip(pictures, rng.integers(1, size - 2, count), strict=True):
        bar = picture.T if upright else picture
        bar[place : place + 2] += rng.uniform(120, 190)
    return pictures.astype(np.uint8)


def discs(rng, count, *, grey, size=12):
    """Black pictures of one disc of a grey, anywhere."""
    y, x = np.mgrid[:size, :size]
    centres, radii = rng.uniform(4, size - 4, (count, 2)), rng.uniform(2, 4, count)
    inside = [np.hypot(y - cy, x - cx) < r for (cy, cx), r in zip(centres, radii, strict=True)]
    return (np.stack(inside) * grey).astype(np.uint8)


def run(monkeypatch, capsys, script, *arguments):
    """What the example prints."""
    module = importlib.import_module(script)
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    module.main()
    return capsys.readouterr().out


def test_semi_supervised_names_what_it_was_hardly_told(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    sets = {}
    for split, count in (("train", 300), ("test", 200)):
        sets[f"x_{split}"] = np.concatenate([bars(rng, count, upright=upright) for upright in (False, True)])
        sets[f"y_{split}"] = np.repeat([0, 1], count)
    np.savez(tmp_path / "bars.npz", **sets)
    monkeypatch.setattr(importlib.import_module("semi_supervised"), "ALONE", 1_000)
    printed = run(
        monkeypatch,
        capsys,
        "semi_supervised",
        *("--data", tmp_path / "bars.npz", "-o", tmp_path / "bars.png"),
        *("--draws", 1, "--labels-per-class", 10, "--images", 12_000),
    )
    (share,) = re.findall(r"draw 0: semi-supervised: ([\d.]+)%", printed)
    assert float(share) > 80, printed
    pixels = read_image(tmp_path / "bars.png").pixels
    # A row of labelled images, what is named wrongly in some rows or none, two rows of what is made.
    rows = round((pixels.shape[0] + 2) / 14)
    wrong = math.ceil((1 - float(share) / 100) * 400 / 20)
    assert pixels.shape == (rows * 14 - 2, 20 * 14 - 2, 3)
    assert rows == 1 + 1 + wrong + 1 + 2


def test_cyclegan_finds_a_way_there_and_back(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    pictures = np.concatenate([discs(rng, 60, grey=90), discs(rng, 60, grey=255)])
    np.savez(
        tmp_path / "discs.npz",
        images=pictures,
        labels=np.repeat([0, 1], 60),
        classes=np.array(["dim", "bright"]),
    )
    printed = run(
        monkeypatch,
        capsys,
        "cyclegan",
        *("--data", tmp_path / "discs.npz", "-o", tmp_path / "discs.png"),
        *("--a", "dim", "--b", "bright", "--images", 600),
    )
    errors = {
        (when, domain): float(error)
        for when, domain, error in re.findall(r"(before|after), from ([ab]): cycle error ([\d.]+)", printed)
    }
    for domain in "ab":
        assert errors["after", domain] < 0.1 < 0.2 < errors["before", domain], printed
    shares = re.findall(r"after, from [ab]: .*: ([\d.]+)% of translations", printed)
    assert [float(share) > 80 for share in shares] == [True, True], printed
    assert read_image(tmp_path / "discs.png").pixels.shape[2] == 3
