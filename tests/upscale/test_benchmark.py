from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.color import rgb2ycbcr
from skimage.metrics import structural_similarity

from ganapps.errors import DataError, DependencyError
from ganapps.metrics.bicubic import imresize
from ganapps.upscale import benchmark
from ganapps.upscale.benchmark import benchmark_upscale
from ganapps.upscale.scoreboard import Row, Table


def picture(seed: int, height: int, width: int) -> np.ndarray:
    """Smooth coloured noise."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height // 6, width // 6, 3))
    return np.clip(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


@pytest.fixture(scope="module")
def nearest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that repeats each pixel 2 x 2 times: a network without detail."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    from ganapps.export.card import ModelCard
    from ganapps.export.upscaler import export_upscaler
    from ganapps.upscale.networks import UpscalingGenerator

    network = UpscalingGenerator(width=4, blocks=1, scale=2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_()  # the exporter stores equal tensors once, and then there is less to count
        network.tail.weight.zero_()
        network.tail.bias.fill_(1e-7)  # a bias of zero is left out
    path = tmp_path_factory.mktemp("models") / "nearest.onnx"
    card = ModelCard(name="nearest", version="1", licence="Apache-2.0", trained_on="nothing", recipe="none")
    export_upscaler(network, path, card)
    return path


def scores(high: np.ndarray, larger: np.ndarray, scale: int) -> tuple[float, float, float]:
    """Y-PSNR, Y-SSIM and RGB PSNR from the definitions."""

    def decibels(a: np.ndarray, b: np.ndarray) -> float:
        return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))

    inner = (slice(scale, -scale),) * 2
    ours, theirs = rgb2ycbcr(larger)[..., 0][inner], rgb2ycbcr(high)[..., 0][inner]
    similarity = structural_similarity(
        ours, theirs, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    return decibels(ours, theirs), float(similarity), decibels(larger[inner], high[inner])


def found(row: Row) -> tuple[float, float, float]:
    return row.psnr_y, row.ssim_y, row.psnr_rgb


def test_rows_equal_the_definitions(nearest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    first, second = picture(0, 61, 54), picture(1, 72, 49)
    save(folder / "a.png", first)
    save(folder / "deeper" / "b.png", second)
    progress: list[float] = []
    table = benchmark_upscale(
        [folder], models=[nearest], perceptual=False, threads=1, on_progress=progress.append
    )
    bicubic, model = table.rows
    assert (bicubic.folder, bicubic.model, bicubic.scale, bicubic.images) == ("set", "bicubic", 2, 2)
    assert (model.model, model.scale, model.lpips_vgg, model.lpips_alex) == (str(nearest), 2, None, None)
    cropped = [first[:60, :54], second[:72, :48]]
    lows = [imresize(high, 1 / 2) for high in cropped]
    for row, larger in (
        (bicubic, [imresize(low, 2) for low in lows]),
        (model, [low.repeat(2, 0).repeat(2, 1) for low in lows]),
    ):
        wanted = [scores(high, large, 2) for high, large in zip(cropped, larger, strict=True)]
        assert found(row) == pytest.approx(np.mean(wanted, axis=0))
        assert row.seconds_per_megapixel > 0
    convolutions = ((3, 4), (4, 4), (4, 4), (4, 12))
    assert (bicubic.parameters, model.parameters) == (0, sum(9 * i * o + o for i, o in convolutions))
    assert progress == [0.25, 0.5, 0.75, 1.0]


def test_without_models_bicubic_is_measured_at_4(tmp_path: Path) -> None:
    save(tmp_path / "set" / "a.png", picture(0, 60, 64))
    (row,) = benchmark_upscale([tmp_path / "set"], models=[], perceptual=False).rows
    assert (row.model, row.scale) == ("bicubic", 4)


def test_grey_deep_and_transparent_pictures_count_as_8_bit_rgb(tmp_path: Path) -> None:
    high = picture(0, 60, 64)
    grey = np.repeat(high[..., :1], 3, axis=2)
    save(tmp_path / "rgb" / "a.png", grey)
    save(tmp_path / "grey" / "a.png", grey[..., 0])
    save(tmp_path / "deep" / "a.png", grey[..., 0].astype(np.uint16) * 257)
    alpha = np.full((60, 64, 1), 99, np.uint8)
    assert cv2.imwrite(str(tmp_path / "rgb" / "a.png"), grey)
    (tmp_path / "alpha").mkdir()
    assert cv2.imwrite(str(tmp_path / "alpha" / "a.png"), np.concatenate([grey, alpha], axis=2))
    folders = [tmp_path / name for name in ("rgb", "grey", "deep", "alpha")]
    table = benchmark_upscale(folders, models=[], perceptual=False)
    assert len({found(row) for row in table.rows}) == 1


def test_perceptual_columns(tmp_path: Path) -> None:
    pytest.importorskip("stlpips_pytorch")
    torch = pytest.importorskip("torch")
    from ganapps.features.lpips import ShiftTolerantLpips

    high = picture(0, 48, 51)
    save(tmp_path / "set" / "a.png", high)
    (row,) = benchmark_upscale([tmp_path / "set"], models=[], perceptual=True).rows
    high = high[:, :48]
    pair = [
        torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        for image in (high.copy(), imresize(imresize(high, 1 / 4), 4))
    ]
    assert row.lpips_vgg == pytest.approx(float(ShiftTolerantLpips("vgg")(*pair)), rel=1e-4)
    assert row.lpips_alex == pytest.approx(float(ShiftTolerantLpips("alex")(*pair)), rel=1e-4)


def no_package(missing: str) -> Callable[[str], object]:
    return lambda name: None if name == missing else object()


def test_missing_perceptual_package_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "set" / "a.png", picture(0, 48, 48))
    monkeypatch.setattr(benchmark, "find_spec", no_package("stlpips_pytorch"))
    note = (
        "the perceptual column of ganapps benchmark upscale needs stlpips-pytorch:"
        " pip install 'ganapps[metrics]'"
    )
    table = benchmark_upscale([tmp_path / "set"], models=[])
    assert table.notes == (note,)
    assert str(table).endswith(note) and "LPIPS" not in str(table)
    with pytest.raises(DependencyError) as error:
        benchmark_upscale([tmp_path / "set"], models=[], perceptual=True)
    assert str(error.value) == note


def test_folders_that_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        benchmark_upscale([tmp_path / "gone"], models=[], perceptual=False)
    assert str(error.value) == f"{tmp_path / 'gone'} is not a folder: give folders of full-size pictures"
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match="has no pictures; accepted: .*png"):
        benchmark_upscale([tmp_path], models=[], perceptual=False)
    save(tmp_path / "small.png", picture(0, 47, 80))
    with pytest.raises(DataError) as error:
        benchmark_upscale([tmp_path], models=[], perceptual=False)
    message = f"{tmp_path / 'small.png'} is 80 x 47: a picture to measure needs 48 px on each side"
    assert str(error.value) == message


def test_table_as_text() -> None:
    row = Row(
        folder="Set5",
        model="bicubic",
        scale=4,
        images=5,
        psnr_y=28.431,
        ssim_y=0.81134,
        psnr_rgb=26.7,
        lpips_vgg=0.3775,
        lpips_alex=0.3263,
        seconds_per_megapixel=0.434,
        parameters=0,
    )
    assert str(Table((row,), ("a note",))).splitlines() == [
        "folder  model    scale  images  Y-PSNR  Y-SSIM   PSNR  LPIPS VGG  LPIPS Alex  s/MP  weights",
        "Set5    bicubic     x4       5   28.43  0.8113  26.70      0.378       0.326  0.43        0",
        "a note",
    ]
