"""The shipped statistics of photographs: whole, and readable again as they were written."""

from __future__ import annotations

import numpy as np
import pytest

from ganapps.errors import DataError
from ganapps.metrics.niqe import Naturalness
from ganapps.upscale import naturalness
from ganapps.upscale.naturalness import shipped_naturalness, write_naturalness


@pytest.fixture
def forgetful(monkeypatch, tmp_path):
    """A folder in the place of the installed weights."""
    monkeypatch.setattr(naturalness, "weights_folder", lambda: tmp_path)
    shipped_naturalness.cache_clear()
    yield tmp_path
    shipped_naturalness.cache_clear()


def test_the_shipped_one_is_a_distribution():
    shipped = shipped_naturalness()
    assert shipped.mean.shape == (36,)
    assert np.array_equal(shipped.covariance, shipped.covariance.T)
    assert np.linalg.eigvalsh(shipped.covariance).min() > 0
    # Shapes lie near the Gaussian's at both resolutions once contrast is taken out (Ruderman 1994).
    assert shipped.mean[[0, 18]] == pytest.approx([3, 3], abs=0.5)


def test_written_and_read_again(forgetful):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(36, 36))
    known = Naturalness(random.normal(size=36), vectors @ vectors.T)
    assert write_naturalness(forgetful, known) == forgetful / "niqe.json"
    again = shipped_naturalness()
    assert again.mean == pytest.approx(known.mean, rel=1e-5)
    assert again.covariance == pytest.approx(known.covariance, rel=1e-5)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"mean": [1]}', '{"mean": [1], "covariance": [[1]]}'])
def test_a_damaged_installation(forgetful, text):
    if text is not None:
        (forgetful / "niqe.json").write_text(text)
    with pytest.raises(
        DataError, match=r"niqe.json among the weights cannot be read .*; install ganapps again"
    ):
        shipped_naturalness()
