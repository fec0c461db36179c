"""Ctrl-C in the middle leaves whole files only, and the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

IMAGES = 24


def hear_ctrl_c() -> None:
    """In a child: what a shell runs in the background is deaf to it, and so is all that starts from there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_upscaling_is_interrupted_and_gone_on_with(tmp_path: Path, doubling: Path) -> None:
    (tmp_path / "in").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
    for index in range(IMAGES):
        Image.fromarray(np.roll(pixels, index, axis=0)).save(
            tmp_path / "in" / f"{index:02}.png", compress_level=0
        )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ganapps", "upscale", str(tmp_path / "in"), "-o", str(out)]
    command += ["-m", str(doubling), "--threads", "1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    ) as process:
        deadline = time.monotonic() + 60
        while not list(out.glob("*.png")) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert said == "interrupted: what is written is whole, and the same command goes on where it stopped\n"
    before = sorted(path.name for path in out.iterdir())
    assert 0 < len(before) < IMAGES
    for name in before:
        assert name.endswith(".png")
        with Image.open(out / name) as image:
            image.load()
            assert image.size == (1000, 800)
    again = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert again.returncode == 0
    assert again.stdout.startswith(f"{IMAGES - len(before)} images enlarged")
    assert f"{len(before)} skipped" in again.stdout
    assert len(list(out.iterdir())) == IMAGES
