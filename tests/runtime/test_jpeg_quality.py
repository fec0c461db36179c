"""How strongly a JPEG is compressed is read off its tables, to the number that it was written with."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ganapps.runtime.images import encode_image, read_image
from ganapps.runtime.jpeg_quality import jpeg_quality


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_quality_is_found_again(mode: str) -> None:
    picture, found = Image.new(mode, (16, 16)), []
    for quality in range(1, 101):
        stream = io.BytesIO()
        picture.save(stream, "jpeg", quality=quality)
        found.append(read_image(stream.getvalue()).quality)
    assert found == list(range(1, 101))


def test_tables_of_another_program_are_compared_by_how_coarse_they_are() -> None:
    flat = [jpeg_quality({0: [step] * 64}) for step in (1, 2, 5, 20, 58, 255)]
    assert flat == sorted(flat, reverse=True) and flat[0] == 100 and flat[-1] == 1
    assert flat[4] == pytest.approx(50, abs=1), "the mean of table K.1 is 57.6"


@pytest.mark.parametrize("tables", [{}, {1: [9] * 64}, {0: [9] * 63}])
def test_a_file_without_a_table_of_luma_has_no_quality(tables: dict[int, list[int]]) -> None:
    assert jpeg_quality(tables) is None


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "avif"])
def test_other_formats_have_none(format: str) -> None:
    picture = read_image(_jpeg())
    assert picture.quality == 30
    assert read_image(encode_image(picture, format)).quality is None


def _jpeg() -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "jpeg", quality=30)
    return stream.getvalue()
