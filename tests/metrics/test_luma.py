from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2ycbcr

from ganapps.errors import UsageError
from ganapps.metrics.luma import luma


def test_matches_skimage() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    np.testing.assert_allclose(luma(rgb), rgb2ycbcr(rgb)[..., 0], atol=1e-9)


def test_16_bit_is_the_same_scale() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    np.testing.assert_allclose(luma(rgb.astype(np.uint16) * 257), luma(rgb), atol=1e-9)


@pytest.mark.parametrize(
    ("rgb", "expected"), [((255, 0, 0), 81.481), ((0, 255, 0), 144.553), ((0, 0, 255), 40.966)]
)
def test_primaries(rgb: tuple[int, int, int], expected: float) -> None:
    assert luma(np.array([[rgb]], np.uint8)).item() == pytest.approx(expected)


def test_other_input_is_an_error() -> None:
    with pytest.raises(UsageError) as error:
        luma(np.zeros((2, 2), np.float32))
    assert str(error.value) == "luma needs [H, W, 3] of uint8 or uint16, got [2, 2] of float32"
