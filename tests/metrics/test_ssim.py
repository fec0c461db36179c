from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from ganapps.errors import UsageError
from ganapps.metrics.ssim import ssim

RANDOM = np.random.default_rng(0)


def reference(a: np.ndarray, b: np.ndarray) -> float:
    return float(
        structural_similarity(
            a,
            b,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2 if a.ndim == 3 else None,
        )
    )


@pytest.mark.parametrize("shape", [(11, 11), (24, 31), (20, 17, 3)])
def test_matches_skimage(shape: tuple[int, ...]) -> None:
    a = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    b = np.clip(a + RANDOM.normal(0, 20, shape), 0, 255).astype(np.uint8)
    assert ssim(a, b) == pytest.approx(reference(a, b), abs=1e-9)
    assert ssim(a, b) == pytest.approx(ssim(b, a), abs=1e-12)
    assert ssim(a, a) == pytest.approx(1)


def test_closed_form_of_flat_images() -> None:
    """Without contrast only luminance is left: (2 x y + c1) / (x^2 + y^2 + c1)."""
    a, b = np.full((16, 16), 100, np.uint8), np.full((16, 16), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def test_border_is_left_out() -> None:
    a, b = RANDOM.integers(0, 256, (2, 20, 22), dtype=np.uint8)
    assert ssim(a, b, border=4) == pytest.approx(reference(a[4:-4, 4:-4], b[4:-4, 4:-4]), abs=1e-9)


def test_too_small() -> None:
    a = np.zeros((18, 40), np.uint8)
    with pytest.raises(UsageError) as error:
        ssim(a, a, border=4)
    assert str(error.value) == "ssim needs 11 px on each side, got 10 x 32"
