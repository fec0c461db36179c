from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from ganapps.errors import UsageError
from ganapps.features.efficientnet import EfficientNetLite0Features
from ganapps.features.embedding import SIDE_PX, Embedding


@pytest.fixture(scope="module")
def embed() -> Embedding:
    return Embedding()


def pictures(num: int, side_px: int, channels: int) -> np.ndarray:
    random = np.random.default_rng(side_px)
    small = random.integers(0, 256, (num, 5, 5, channels), dtype=np.uint8)
    sized = [cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_CUBIC) for image in small]
    return np.stack(sized).reshape(num, side_px, side_px, channels)


def test_images_of_the_side_go_in_as_they_are(embed: Embedding) -> None:
    images = pictures(3, SIDE_PX, 3)
    with torch.no_grad():
        expected = EfficientNetLite0Features().embed(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)
    made = embed(images)
    assert made.shape == (3, 1280)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected.numpy(), atol=1e-3)


def test_an_image_is_its_own_whatever_comes_with_it(embed: Embedding) -> None:
    images = pictures(66, 16, 1)  # more than are embedded at once
    together = embed(images)
    np.testing.assert_allclose(together[[0, 63, 65]], embed(images[[0, 63, 65]]), atol=1e-4)
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_grey_is_three_equal_channels(embed: Embedding) -> None:
    grey = pictures(2, 28, 1)
    np.testing.assert_allclose(embed(grey), embed(grey.repeat(3, axis=3)), atol=1e-5)


def test_size_hardly_matters_and_content_does(embed: Embedding) -> None:
    images = pictures(2, 256, 3)
    small = np.stack([cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA) for image in images])
    large, less = embed(images), embed(small)
    same, other = np.linalg.norm(large - less, axis=1), np.linalg.norm(large[0] - large[1])
    assert (same < 0.5 * other).all()


def test_no_images_have_no_vectors(embed: Embedding) -> None:
    assert embed(np.empty((0, 8, 8, 1), dtype=np.uint8)).shape == (0, 1280)


def test_what_is_no_set_of_images(embed: Embedding) -> None:
    with pytest.raises(UsageError) as error:
        embed(np.zeros((2, 8, 8, 3), dtype=np.float32))  # type: ignore[arg-type]
    assert str(error.value) == ("images to embed must be uint8 [N, H, W, 1 or 3], got float32 [2, 8, 8, 3]")
