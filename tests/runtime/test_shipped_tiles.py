"""Every shipped model gives the same bytes at any tile size and with none."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps import Upscaler
from ganapps.runtime.zoo import list_weights

NAMES = [weights.name for weights in list_weights() if weights.task == "upscale"]


@functools.cache
def whole(name: str) -> Upscaler:
    return Upscaler(name, tile_px=10_000, threads=1, device="cpu")


@functools.cache
def tiled(name: str) -> Upscaler:
    return Upscaler(name, threads=1, device="cpu")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8)
@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    extra=st.integers(1, 60),
    kind=st.sampled_from([np.uint8, np.uint16]),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 2**32 - 1),
)
def test_tiles_change_nothing(name, height, width, extra, kind, channels, seed):
    random = np.random.default_rng(seed)
    pixels = random.integers(0, np.iinfo(kind).max + 1, (height, width, channels)).astype(kind)
    upscaler = tiled(name)
    upscaler.tile_px = 2 * upscaler.radius + extra
    np.testing.assert_array_equal(upscaler(pixels), whole(name)(pixels))
