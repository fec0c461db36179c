from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganapps import DependencyError, ModelError, Upscaler, UsageError
from ganapps.runtime import initializers
from ganapps.runtime.engines import openvino_engine
from ganapps.runtime.engines.openvino_engine import OpenVinoEngine
from ganapps.runtime.session import Session

pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def other(models):
    """The upscaler of scale 2 in OpenVINO."""
    return Upscaler(models / "x2.onnx", device="openvino", threads=1)


@pytest.fixture(scope="module")
def shipped():
    return Upscaler("photo-x4", device="openvino", threads=1, tile_px=60)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_gives_what_onnx_runtime_gives(double, other, photo, dtype, channels):
    pixels = photo(20, 31, dtype, channels=channels)
    ours, theirs = other(pixels).astype(int), double(pixels).astype(int)
    # 2e-6 of the range may round the other way: a grey level, of 255 or of 65535.
    assert np.abs(ours - theirs).max() <= 1
    assert (ours != theirs).mean() < 0.02


def test_the_fraction_is_heard(other):
    """A ramp of one step of 8 bits in all must not come out flat."""
    ramp = np.linspace(30_000, 30_256, 40).astype(np.uint16)[None, :, None].repeat(8, 0).repeat(3, 2)
    assert len(np.unique(other(ramp))) > 30


@settings(max_examples=8)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    tile_px=st.integers(7, 70),
    deep=st.booleans(),
)
def test_tiles_give_the_whole_bit_for_bit(models, other, height, width, tile_px, deep):
    pixels = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)
    if deep:
        pixels = pixels.astype(np.uint16) * 250
    (feeds, most) = ({"image": pixels[None]}, 255)
    if deep:
        whole, rest = np.divmod(pixels[None], np.uint16(257))
        feeds = {"image": whole.astype(np.uint8), "fraction": (rest / np.float32(257)).astype(np.float32)}
        most = 65535
    (untiled,) = other._session.run(["upscaled_float"], feeds)
    expected = np.rint(untiled[0] * np.float32(most)).astype(pixels.dtype)
    other.tile_px = tile_px
    np.testing.assert_array_equal(other(pixels), expected)


def test_tiles_of_shipped_weights_give_the_whole_bit_for_bit(shipped):
    pixels = np.random.default_rng(0).integers(0, 256, (83, 70, 3), np.uint8)
    tiled = shipped(pixels)
    (whole,) = shipped._session.run(["upscaled"], {"image": pixels[None]})
    np.testing.assert_array_equal(tiled, whole[0])


def test_blended_weights():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 3), np.uint8)
    ours, theirs = (
        Upscaler("photo-x4", strength=0.4, device=device, threads=1)(pixels).astype(int)
        for device in ("openvino", "cpu")
    )
    assert np.abs(ours - theirs).max() <= 1
    full = Upscaler("photo-x4", device="cpu", threads=1)(pixels).astype(int)
    assert np.abs(ours - full).max() > 3


def test_a_shape_that_comes_back_has_a_run_of_its_own_and_few_are_kept(models):
    engine = Session(models / "x2.onnx", device="openvino", threads=1).engine
    assert isinstance(engine, OpenVinoEngine)
    engine._one_shape.clear()
    tile = np.random.default_rng(0).integers(0, 256, (1, 9, 8, 3), np.uint8)
    first, second, third = (engine.run(["upscaled"], {"image": tile})[0] for _ in range(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)
    assert first is not second and not np.shares_memory(first, second)
    (compiled,) = engine._one_shape.values()
    assert compiled is not None
    for width in range(1, 9):
        engine.run(["upscaled"], {"image": tile[:, :, :width]})
    assert len(engine._one_shape) == openvino_engine._SHAPES_KEPT


def test_several_threads(other, photo):
    pictures = [photo(9 + i, 12) for i in range(4)]
    expected = [other(picture) for picture in pictures]
    results: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        for _ in range(5):
            results[i] = other(pictures[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        np.testing.assert_array_equal(results[i], expected[i])


def test_errors_are_sentences(models):
    session = Session(models / "x2.onnx", device="openvino", threads=1)
    for feeds in ({"image": np.zeros((1, 4, 4, 5), np.uint8)}, {"picture": np.zeros((1, 4, 4, 3), np.uint8)}):
        with pytest.raises(ModelError, match=r"^tiny-upscale cannot be run: [^\n]+$"):
            session.run(["upscaled"], feeds)
    with pytest.raises(ModelError, match="^m is not read by OpenVINO: "):
        OpenVinoEngine(b"hello", "m", threads=1)
    with pytest.raises(DependencyError, match="^openvino:npu cannot be used: OpenVINO finds CPU"):
        OpenVinoEngine((models / "x2.onnx").read_bytes(), "m", threads=1, unit="npu")


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_lower_precision_is_used_or_refused_never_passed_over(models, precision):
    import openvino

    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision.upper() in able:
        engine = Session(models / "x2.onnx", device="openvino", precision=precision, threads=1).engine
        assert engine.precision == precision
    else:
        with pytest.raises(UsageError, match=f"^openvino does not compute in {precision} on this processor"):
            Session(models / "x2.onnx", device="openvino", precision=precision, threads=1)


def test_it_writes_no_files(models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = (models / "x2.onnx").read_bytes()
    assert initializers.read_initializers(data, "m")
    OpenVinoEngine(data, "m", threads=1).run(["upscaled"], {"image": np.zeros((1, 4, 4, 3), np.uint8)})
    assert list(tmp_path.iterdir()) == []
