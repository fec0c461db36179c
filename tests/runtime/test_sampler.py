from __future__ import annotations

import hashlib

import numpy as np
import onnxruntime
import pytest

from ganapps import ModelError, Sampler, UsageError


@pytest.fixture(scope="module")
def sampler(models) -> Sampler:
    return Sampler(models / "sample.onnx", threads=1)


def test_samples(sampler):
    samples = sampler(["dog", 0, "great auk"], [7, 8, 9])
    assert (samples.images.shape, samples.images.dtype) == ((3, 8, 8, 3), np.uint8)
    np.testing.assert_array_equal(samples.labels, [1, 0, 2])
    assert samples.labels.dtype == np.int64
    assert samples.seeds == (7, 8, 9)
    assert samples.confidence.shape == (3, 3)
    np.testing.assert_allclose(samples.confidence.sum(axis=1), 1, rtol=1e-6)


def test_against_onnx_runtime_by_hand(models, sampler):
    session = onnxruntime.InferenceSession(str(models / "sample.onnx"), providers=["CPUExecutionProvider"])
    latent = np.random.default_rng(11).standard_normal(6).astype(np.float32)
    expected = session.run(["image"], {"latent": latent[None], "label": np.array([2])})[0]
    difference = sampler([2], [11]).images.astype(int) - expected
    assert np.abs(difference).max() <= 1


def test_alone_equals_among_others_bit_for_bit(sampler):
    """Any place in any batch, sizes that need padding, other neighbours."""
    labels, seeds = [n % 3 for n in range(21)], list(range(100, 121))
    together = sampler(labels, seeds)
    backwards = sampler(labels[::-1], seeds[::-1])
    np.testing.assert_array_equal(backwards.images[::-1], together.images)
    np.testing.assert_array_equal(backwards.confidence[::-1], together.confidence)
    for n in (0, 7, 8, 20):
        alone = sampler([labels[n]], [seeds[n]])
        np.testing.assert_array_equal(alone.images[0], together.images[n])
        np.testing.assert_array_equal(alone.confidence[0], together.confidence[n])


def test_seed_and_label_both_matter(sampler):
    images = sampler([0, 0, 1], [1, 2, 1]).images
    assert len(np.unique(images.reshape(3, -1), axis=0)) == 3


def test_one_number_counts_up(sampler):
    assert sampler([0, 1], 5).seeds == (5, 6)
    np.testing.assert_array_equal(sampler([0, 1], 5).images, sampler([0, 1], [5, 6]).images)


def test_numpy_integers_are_integers(sampler):
    labels, seeds = np.array([1, 2]), np.array([3, 4], np.uint32)
    np.testing.assert_array_equal(sampler(labels, seeds).images, sampler([1, 2], [3, 4]).images)
    assert sampler(labels, np.int64(3)).seeds == (3, 4)


def test_none_wanted(sampler):
    samples = sampler([], [])
    assert samples.images.shape == (0, 8, 8, 3)
    assert samples.confidence.shape == (0, 3)


def test_the_hash_is_of_the_file(models, sampler):
    assert sampler.model_hash == hashlib.sha256((models / "sample.onnx").read_bytes()).hexdigest()
    assert sampler.classes == ("cat", "dog", "great auk")


@pytest.mark.parametrize(
    ("labels", "seeds", "expected"),
    [
        (["cow"], [0], "no class is called 'cow': there are cat, dog, great auk"),
        ([3], [0], "label must be 0 to 2, got 3"),
        ([-1], [0], "label must be 0 to 2, got -1"),
        ([0, 1], [0], "there must be one seed for each of the 2 labels, got 1"),
        ([0], [-4], "a seed must be 0 or more, got -4"),
    ],
)
def test_bad_requests(sampler, labels, seeds, expected):
    with pytest.raises(UsageError) as caught:
        sampler(labels, seeds)
    assert str(caught.value) == expected


def test_an_upscaler_makes_no_images(models):
    with pytest.raises(ModelError, match=r"x2\.onnx enlarges images \(upscale\), it does not make them$"):
        Sampler(models / "x2.onnx")
