"""The classical GANs in examples/gans learn what they are there to learn, and write what they say."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ganapps.errors import DataError

GANS = Path(__file__).parents[2] / "examples" / "gans"
MODULES = ("common", "figures", "vanilla", "ring", "dcgan", "conditional")


@pytest.fixture
def example(monkeypatch):
    """Imports an example as `python examples/gans/NAME.py` would, and forgets it afterwards."""
    monkeypatch.syspath_prepend(GANS)
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)  # layers this small only wait for each other on several
    yield importlib.import_module
    torch.set_num_threads(threads)
    torch.random.set_rng_state(before)
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def bars(tmp_path):
    """Grey images of 16 px: class 0 is bright on the left, class 1 on the right."""
    draws = np.random.default_rng(0)
    labels = np.arange(256) % 2
    images = draws.integers(0, 40, (256, 16, 16), np.uint8)
    images[labels == 0, :, :8] += 200
    images[labels == 1, :, 8:] += 200
    path = tmp_path / "bars.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:64], y_test=labels[:64])
    return path


def read(path):
    picture = cv2.imread(str(path))
    assert picture is not None, f"{path} is no picture"
    assert picture.std() > 5, "the picture is blank"
    return picture


@pytest.mark.slow
def test_density_is_met(example, tmp_path):
    figures = example("vanilla").main(["density", "-o", str(tmp_path / "d.png"), "--images", "150000"])
    # A single Gaussian of the mixture's own mean and deviation is 0.46 away from it.
    assert figures["Wasserstein-1 distance"] < 0.2
    assert figures["mean |D - 1/2|"] < 0.1
    assert read(tmp_path / "d.png").shape[1] == 2 * (470 + 12)


@pytest.mark.slow
def test_ring_is_covered(example, tmp_path):
    figures = example("ring").main(["-o", str(tmp_path / "r.png"), "--images", "250000"])
    assert figures["modes of 8"] == 8
    assert figures["share near a mode"] > 0.3
    read(tmp_path / "r.png")


def test_ring_of_a_generator_that_knows_one_mode_counts_one(example):
    ring = example("ring")
    made = ring.ring_centres(torch.zeros(500)) + 0.001
    assert ring.coverage(made) == (1, 1.0)
    assert ring.coverage(made + 1) == (0, 0.0)


def test_digits_writes_a_sheet(example, bars, tmp_path):
    example("vanilla").main(["digits", "--data", str(bars), "-o", str(tmp_path / "v.png"), "--images", "640"])
    assert read(tmp_path / "v.png").shape == (8 * 34 - 2, 16 * 34 - 2, 3)


def test_dcgan_writes_a_sheet(example, bars, tmp_path):
    arguments = ["--data", str(bars), "-o", str(tmp_path / "s.png"), "--images", "1280", "--width", "8"]
    example("dcgan").main([*arguments, "--augment"])
    assert read(tmp_path / "s.png").shape == (4 * 34 - 2, 16 * 34 - 2, 3)


def test_conditional_makes_the_class_that_is_asked_for(example, bars, tmp_path):
    arguments = ["--data", str(bars), "-o", str(tmp_path / "c.png"), "--images", "12800", "--width", "8"]
    figures = example("conditional").main([*arguments, "--judge", "2560"])
    assert figures["classifier's accuracy on real test images"] > 0.98
    assert figures["generated images of the asked class"] > 0.9
    sheet = read(tmp_path / "c.png")
    assert sheet.shape == (2 * 34 - 2, 16 * 34 - 2, 3)
    left_minus_right = [
        float(half[:, :16].mean() - half[:, 16:32].mean()) for half in (sheet[:32], sheet[34:])
    ]
    assert left_minus_right[0] > 0 > left_minus_right[1]


@pytest.mark.parametrize(
    ("side", "steps"), [(28, [7, 14, 28]), (32, [4, 8, 16, 32]), (64, [4, 8, 16, 32, 64])]
)
def test_networks_fit_every_usual_size(example, side, steps):
    dcgan = example("dcgan")
    assert dcgan.sides(side) == steps
    images = dcgan.generator(side, 3, 4)(torch.randn(2, dcgan.NOISE))
    assert images.shape == (2, 3, side, side)
    assert dcgan.features(side, 3, 4)(images).shape[2:] == (steps[0], steps[0])


def test_sizes_that_do_not_halve_are_refused(example):
    with pytest.raises(DataError, match="got 50 px"):
        example("dcgan").sides(50)
