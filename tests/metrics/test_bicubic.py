from __future__ import annotations

import numpy as np
import pytest

from ganapps.metrics.bicubic import imresize, imresize_to

RANDOM = np.random.default_rng(0)


def keys(x: float) -> float:
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def mirrored(i: int, size: int) -> int:
    while not 0 <= i < size:
        i = -1 - i if i < 0 else 2 * size - 1 - i
    return i


def resized_directly(image: np.ndarray, scale: float) -> np.ndarray:
    """Every output pixel as one double sum over the plane, from the definition."""
    height, width = image.shape
    stretch = min(scale, 1)
    out = np.zeros((int(np.ceil(height * scale)), int(np.ceil(width * scale))))
    reach = int(np.ceil(2 / stretch)) + 1
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            y, x = (row + 0.5) / scale - 0.5, (column + 0.5) / scale - 0.5
            total = weight_sum = 0.0
            for i in range(int(y) - reach, int(y) + reach + 1):
                for j in range(int(x) - reach, int(x) + reach + 1):
                    weight = keys((y - i) * stretch) * keys((x - j) * stretch)
                    total += weight * image[mirrored(i, height), mirrored(j, width)]
                    weight_sum += weight
            out[row, column] = total / weight_sum
    return out


@pytest.mark.parametrize("scale", [1 / 4, 1 / 3, 1 / 2, 2, 3])
def test_equals_the_double_sum(scale: float) -> None:
    image = RANDOM.uniform(0, 255, (12, 7))
    np.testing.assert_allclose(imresize(image, scale), resized_directly(image, scale), atol=1e-9)


def test_known_weights_of_halving() -> None:
    """Half of Keys' kernel at 7/4, 3/4, 1/4 and 5/4: row 8 seen from rows 2 to 5, at 4.5, 6.5, ..."""
    impulse = np.zeros((16, 1))
    impulse[8] = 1
    expected = np.zeros(8)
    expected[2:6] = [-0.01171875, 0.11328125, 0.43359375, -0.03515625]
    np.testing.assert_allclose(imresize(impulse, 0.5)[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64])
def test_keeps_type_and_constants(kind: type) -> None:
    image = np.full((9, 6, 3), 201, kind)
    for scale in (1 / 3, 4):
        result = imresize(image, scale)
        assert result.dtype == kind
        np.testing.assert_allclose(result, 201, rtol=1e-6)


def test_integers_are_clipped_not_wrapped() -> None:
    image = np.zeros((8, 8), np.uint8)
    image[:, 4:] = 255
    result = imresize(image, 4)  # the kernel overshoots on both sides of the edge
    exact = imresize(image.astype(np.float64), 4)
    assert exact.min() < 0 and exact.max() > 255
    np.testing.assert_array_equal(result, np.clip(np.floor(exact + 0.5), 0, 255))


def test_commutes_with_flips_and_transposition() -> None:
    image = RANDOM.uniform(0, 1, (12, 8))
    for scale in (1 / 4, 2):
        np.testing.assert_allclose(imresize(image[::-1], scale), imresize(image, scale)[::-1], atol=1e-12)
        np.testing.assert_allclose(imresize(image.T, scale), imresize(image, scale).T, atol=1e-12)


def test_channels_are_independent() -> None:
    image = RANDOM.integers(0, 256, (8, 12, 3), dtype=np.uint8)
    for channel in range(3):
        np.testing.assert_array_equal(
            imresize(image, 0.25)[..., channel], imresize(image[..., channel], 0.25)
        )


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_to_a_size_is_one_scale_per_side(kind: type) -> None:
    image = RANDOM.uniform(0, 255, (12, 20, 3)).astype(kind)
    np.testing.assert_array_equal(imresize_to(image, 3, 5), imresize(image, 1 / 4))
    np.testing.assert_array_equal(imresize_to(image, 24, 40), imresize(image, 2))


@pytest.mark.parametrize("size", [(5, 14), (24, 3), (7, 7)])
def test_to_a_size_equals_the_weights_of_both_sides(size: tuple[int, int]) -> None:
    """The response to an impulse is the product of the responses along each side."""
    image = RANDOM.uniform(0, 255, (12, 7))
    down, across = (
        np.hstack([resized_line(np.eye(length)[:, [i]], num_out) for i in range(length)])
        for length, num_out in zip(image.shape, size, strict=True)
    )
    np.testing.assert_allclose(imresize_to(image, *size), down @ image @ across.T, atol=1e-9)


def resized_line(line: np.ndarray, num_out: int) -> np.ndarray:
    """`[num_out, 1]` from `[N, 1]`, from the definition."""
    num_in = len(line)
    scale = num_out / num_in
    stretch = min(scale, 1)
    reach = int(np.ceil(2 / stretch)) + 1
    out = np.zeros((num_out, 1))
    for row in range(num_out):
        centre = (row + 0.5) / scale - 0.5
        taps = range(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 2)
        weights = np.array([keys((centre - i) * stretch) for i in taps])
        out[row, 0] = sum(w * line[mirrored(i, num_in), 0] for w, i in zip(weights, taps, strict=True))
        out[row, 0] /= weights.sum()
    return out


def test_large_pictures_are_summed_in_parts_of_no_consequence() -> None:
    image = RANDOM.integers(0, 256, (64, 1500, 3), dtype=np.uint8)
    whole = imresize(image, 1 / 4)
    left = imresize(image[:, :400], 1 / 4)
    np.testing.assert_array_equal(whole[:, :90], left[:, :90])
