from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from ganapps.errors import UsageError
from ganapps.metrics.psnr import psnr

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(("kind", "most"), [(np.uint8, 255), (np.uint16, 65535)])
def test_matches_skimage(kind: type[np.unsignedinteger], most: int) -> None:
    a, b = (RANDOM.integers(0, most + 1, (13, 17, 3)).astype(kind) for _ in range(2))
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b), abs=1e-9)


def test_unsigned_differences_do_not_wrap() -> None:
    a = np.zeros((4, 4), np.uint8)
    assert psnr(a, a + 2) == psnr(a + 2, a) == pytest.approx(20 * math.log10(255 / 2))


def test_border_is_left_out() -> None:
    a = RANDOM.integers(0, 256, (12, 10), dtype=np.uint8)
    b = a.copy()
    b[0], b[-1], b[:, 1], b[:, -2] = 0, 0, 0, 0
    b[5, 5] = a[5, 5] ^ 1  # one level wrong in the 8 x 6 pixels that count
    assert psnr(a, b, border=2) == pytest.approx(10 * math.log10(255**2 * 8 * 6))


def test_equal_images_are_infinite() -> None:
    a = np.ones((4, 4), np.uint8)
    assert psnr(a, a) == math.inf


def test_float_needs_a_peak() -> None:
    a, b = np.zeros((4, 4)), np.full((4, 4), 0.1)
    assert psnr(a, b, peak=1) == pytest.approx(20)
    message = "peak must be given for images of float64: 1 for [0, 1], 255 for luma"
    with pytest.raises(UsageError) as error:
        psnr(a, b)
    assert str(error.value) == message


def test_other_shape_is_an_error() -> None:
    with pytest.raises(UsageError) as error:
        psnr(np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint8))
    assert (
        str(error.value) == "two images of one shape and type are needed, got 4 x 4 uint8 and 4 x 4 x 3 uint8"
    )


@pytest.mark.parametrize("border", [-1, 2])
def test_border_must_leave_pixels(border: int) -> None:
    a = np.zeros((4, 9), np.uint8)
    with pytest.raises(
        UsageError, match=f"border must leave pixels of an image of 4 x 9 uint8, got {border}"
    ):
        psnr(a, a, border=border)
