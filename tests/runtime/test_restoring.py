"""Strongly compressed pictures go to the model that restores, all others to the one that was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ganapps.errors import UsageError
from ganapps.runtime.images import Image, encode_image, read_image
from ganapps.runtime.restoring import RestoringUpscaler
from ganapps.runtime.upscaler import Upscaler


@pytest.fixture(scope="module")
def restoring() -> RestoringUpscaler:
    return RestoringUpscaler("photo-x4", threads=1)


@pytest.fixture(scope="module")
def picture() -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8))


@pytest.mark.parametrize(("quality", "model"), [(20, "restore-x4"), (70, "restore-x4"), (71, "photo-x4")])
def test_a_jpeg_is_restored(restoring: RestoringUpscaler, picture: Image, quality: int, model: str) -> None:
    read = read_image(encode_image(picture, "jpeg", quality=quality))
    wanted = Upscaler(model, threads=1).upscale(read).pixels
    assert restoring.restores(read.quality) == (model == restoring.partner)
    assert np.array_equal(restoring.upscale(read).pixels, wanted)
    bands = restoring.upscale_in_bands(read, band_bytes=10_000)
    assert np.array_equal(np.concatenate([band.pixels for band in bands.rows]), wanted)


def test_other_files_and_arrays_are_left_alone(restoring: RestoringUpscaler, picture: Image) -> None:
    plain = Upscaler("photo-x4", threads=1)
    read = read_image(encode_image(picture, "png"))
    assert np.array_equal(restoring.upscale(read).pixels, plain.upscale(read).pixels)
    assert np.array_equal(restoring(picture.pixels), plain(picture.pixels))


def test_the_other_model_is_opened_once_and_of_the_same_scale(
    restoring: RestoringUpscaler, picture: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed = replace(picture, quality=60)
    restoring.upscale(compressed)
    monkeypatch.setattr(restoring, "partner", "not there")
    restoring.upscale(compressed)
    assert Upscaler("restore-x4").scale == restoring.scale, "by which sizes are foreseen"


def test_a_model_without_a_partner_is_refused_at_once() -> None:
    with pytest.raises(
        UsageError, match=r"^photo-x2 has no restoring model; models that have one: photo-x4$"
    ):
        RestoringUpscaler("photo-x2")
