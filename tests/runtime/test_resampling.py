"""Resampling that is fed band by band."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps.runtime import resampling
from ganapps.runtime.resampling import resample_bands

side = st.integers(1, 60)


def joined(bands: list[np.ndarray], before: tuple[int, int], after: tuple[int, int]) -> np.ndarray:
    return np.concatenate(list(resample_bands(bands, before, after)))


@settings(max_examples=60)
@given(side, side, side, side, st.lists(st.integers(0, 60)), st.sampled_from([np.uint8, np.uint16]))
def test_the_cut_does_not_matter(height, width, rows, columns, cuts, dtype):
    random = np.random.default_rng(height * 61 + width)
    pixels = random.integers(0, np.iinfo(dtype).max + 1, (height, width, 3)).astype(dtype)
    at = sorted({0, height, *(cut for cut in cuts if cut < height)})
    bands = [pixels[start:stop] for start, stop in zip(at, at[1:], strict=False)]
    whole = joined([pixels], (height, width), (rows, columns))
    np.testing.assert_array_equal(joined(bands, (height, width), (rows, columns)), whole)
    assert whole.shape == (rows, columns, 3) and whole.dtype == dtype


@pytest.mark.parametrize(("rows", "columns"), [(97, 60), (300, 31), (7, 3), (120, 80)])
def test_blocks_agree_with_one_call_of_pillow(monkeypatch, rows, columns):
    monkeypatch.setattr(resampling, "_BLOCK_ROWS", 10)
    pixels = np.random.default_rng(0).integers(0, 256, (120, 80, 1), np.uint8)
    expected = PIL.Image.fromarray(pixels[..., 0]).resize((columns, rows), PIL.Image.Resampling.LANCZOS)
    found = joined([pixels], (120, 80), (rows, columns))[..., 0]
    difference = np.abs(found.astype(int) - np.asarray(expected))
    assert difference.max() <= 1 and (difference > 0).mean() < 0.01
