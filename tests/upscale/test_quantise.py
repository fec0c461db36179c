from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from ganapps.errors import DataError, DependencyError, ModelError, UsageError  # noqa: E402
from ganapps.export.upscaler import export_upscaler  # noqa: E402
from ganapps.metrics.bicubic import imresize  # noqa: E402
from ganapps.runtime.engines.onnxruntime_engine import OnnxRuntimeEngine  # noqa: E402
from ganapps.runtime.session import Session  # noqa: E402
from ganapps.runtime.upscaler import Upscaler  # noqa: E402
from ganapps.upscale.networks import UpscalingGenerator  # noqa: E402
from ganapps.upscale.quantisation import qdq, quantise  # noqa: E402
from ganapps.upscale.quantisation.calibration import cut_crops, value_ranges  # noqa: E402
from ganapps.upscale.quantisation.quantise import Quantised, quantise_upscaler  # noqa: E402


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six smooth pictures of 150 px, each of its own range of grey levels; one too small, and one broken."""
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for i in range(6):
        coarse = random.integers(40 * i, 40 * i + 40, (15, 15, 3), dtype=np.uint8)
        Image.fromarray(imresize(coarse, 10).clip(40 * i, 40 * i + 39)).save(folder / f"{i}.png")
    Image.fromarray(coarse).save(folder / "small.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def source(card: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A network with random weights and biases, and its file."""
    torch.manual_seed(0)
    network = UpscalingGenerator(width=8, blocks=2, scale=2)
    with torch.no_grad():
        for part in network.body:
            part.first.bias.normal_(0, 0.1)
            part.second.bias.normal_(0, 0.1)
    path = tmp_path_factory.mktemp("source") / "tiny.onnx"
    export_upscaler(network, path, card)
    return network, path


@pytest.fixture(scope="module")
def made(source: tuple[Any, Path], photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Quantised:
    path = tmp_path_factory.mktemp("int8") / "new" / "tiny-int8.onnx"
    return quantise_upscaler(source[1], path, photographs, crops=8)


def test_contract_is_kept(made: Quantised, source: tuple[Any, Path]) -> None:
    before, after = (OnnxRuntimeEngine(p.read_bytes(), "m", threads=1) for p in (source[1], made.path))
    assert after.metadata == dict(before.metadata) | {
        "ganapps.name": "tiny-int8",
        "ganapps.recipe": "tiny-x3; int8, calibrated on 8 crops of 4 photographs",
    }
    assert after.outputs == before.outputs
    model, was = onnx.load(made.path), onnx.load(source[1])
    onnx.checker.check_model(model, full_check=True)
    assert (model.graph.input, model.graph.output) == (was.graph.input, was.graph.output)
    assert model.opset_import == was.opset_import


def test_inner_weights_are_of_8_bits_and_no_others(made: Quantised) -> None:
    graph = onnx.load(made.path).graph
    large = {t.name: t for t in graph.initializer if len(t.dims) == 4 and t.name != "fraction"}
    inner = {f"network.body.{b}.{c}.weight_levels" for b in (0, 1) for c in ("first", "second")}
    assert set(large) == inner | {"network.head.weight", "network.tail.weight"}
    for name in inner:
        levels = numpy_helper.to_array(large[name])
        assert levels.dtype == np.int8
        np.testing.assert_array_equal(np.abs(levels.astype(int)).reshape(8, -1).max(axis=1), 64)
    biases = [numpy_helper.to_array(t).dtype for t in graph.initializer if t.name.endswith("bias_levels")]
    assert biases == [np.int32] * 4


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("tile_px", [13, 20, 37])
def test_tiles_equal_the_whole_bit_for_bit(made: Quantised, kind: Any, tile_px: int) -> None:
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, (41, 53, 3), dtype=kind)
    whole = Upscaler(made.path, tile_px=64, threads=1, device="cpu")(pixels)
    tiled = Upscaler(made.path, tile_px=tile_px, threads=1, device="cpu")(pixels)
    assert whole.dtype == kind and whole.shape == (82, 106, 3)
    np.testing.assert_array_equal(tiled, whole)


def test_loss_is_that_of_crops_not_calibrated_on(
    made: Quantised, source: tuple[Any, Path], photographs: Path
) -> None:
    cut = cut_crops(photographs, 2, 8, 0)
    shades = [{int(pair.high.min()) // 40 for pair in part} for part in (cut.calibration, cut.held_out)]
    assert shades[0] and shades[1] and not shades[0] & shades[1]
    assert (made.crops, made.held_out) == (len(cut.calibration), len(cut.held_out)) == (8, 2)
    losses = []
    for pair in cut.held_out:
        errors = [
            np.square(Upscaler(p, threads=1)(pair.low).astype(float) - pair.high)[2:-2, 2:-2].mean()
            for p in (source[1], made.path)
        ]
        losses.append(10 * np.log10(errors[1] / errors[0]))
    assert made.loss_db == pytest.approx(np.mean(losses), abs=1e-9)
    assert made.worst_loss_db == pytest.approx(max(losses), abs=1e-9)
    assert made.likeness_db > 40


def test_crops_are_shrunk_and_of_the_seed(photographs: Path) -> None:
    first, again, other = (cut_crops(photographs, 2, 8, seed) for seed in (3, 3, 4))
    for pair, same in zip(first.calibration, again.calibration, strict=True):
        np.testing.assert_array_equal(pair.high, same.high)
        np.testing.assert_array_equal(pair.low, imresize(pair.high, 0.5))
        assert pair.low.shape == (64, 64, 3)
    assert len(first.calibration) == len(other.calibration) == 8
    assert any(
        not np.array_equal(a.high, b.high) for a, b in zip(first.calibration, other.calibration, strict=True)
    )


def test_same_seed_same_file(
    made: Quantised, source: tuple[Any, Path], photographs: Path, tmp_path: Path
) -> None:
    again = quantise_upscaler(source[1], tmp_path / "again.onnx", photographs, crops=8)
    other = quantise_upscaler(source[1], tmp_path / "other.onnx", photographs, crops=8, seed=1)
    assert again.path.read_bytes() == made.path.read_bytes() != other.path.read_bytes()


def test_ranges_are_those_of_torch(source: tuple[Any, Path], photographs: Path) -> None:
    network, path = source
    lows = [pair.low for pair in cut_crops(photographs, 2, 4, 0).calibration]
    model = onnx.load(path)
    names = qdq.quantisable_values(model)
    ranges = value_ranges(model, names, lows, 1)
    with torch.no_grad():
        heads = network.head(torch.from_numpy(np.stack(lows) / np.float32(255)).permute(0, 3, 1, 2))
        hidden = torch.relu(network.body[0].first(heads))
    assert len(names) == 1 + 4 + 1  # the head's, each inner convolution's, and the sum between the blocks
    least, most = min(0.0, float(heads.min())), max(0.0, float(heads.max()))
    assert ranges[names[0]] == pytest.approx((least, most), abs=1e-5)
    assert ranges[names[1]] == pytest.approx((0, float(hidden.max())), abs=1e-5)


def ones(channels_in: int, channels_out: int, side: int) -> np.ndarray:
    return np.ones((channels_out, channels_in, side, side), np.float32)


def test_large_sums_are_not_cut_off_by_the_processor() -> None:
    weights = {"a": ones(1, 16, 1), "b": ones(16, 16, 3), "c": ones(16, 1, 1)}
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("Conv", ["image", "a"], ["x"], "first"),
                helper.make_node("Conv", ["x", "b"], ["y"], "inner"),
                helper.make_node("Conv", ["y", "c"], ["z"], "last"),
            ],
            "sums",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 1, 6, 6])],
            [numpy_helper.from_array(value, name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    qdq.quantise(model, {"x": (0.0, 1.0), "y": (0.0, 144.0)})
    engine = OnnxRuntimeEngine(model.SerializeToString(), "sums", threads=1)
    (sums,) = engine.run(["z"], {"image": np.ones((1, 1, 8, 8), np.float32)})
    np.testing.assert_allclose(sums, 16 * 16 * 9, rtol=1e-5)


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_levels_hold_the_span_and_zero(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    size, zero = qdq.step((low, high))
    least, most = (0 - int(zero)) * float(size), (255 - int(zero)) * float(size)
    slack = 0.5 * float(size) * 1.0001
    assert least - slack <= min(low, 0) and most + slack >= max(high, 0)
    assert most - least <= 1.0001 * max(max(high, 0) - min(low, 0), 255e-9)


def test_weights_are_rounded_to_the_nearest_level() -> None:
    random = np.random.default_rng(0)
    weights = random.normal(size=(5, 4, 3, 3)).astype(np.float32)
    weights *= np.float32([0.01, 0, 1, 10, 100])[:, None, None, None]
    bias = np.array([1, -2, 0, 3, 400], np.float32)
    levels, sizes, sums = qdq.round_weights(weights, bias, np.float32(0.01))
    assert sums is not None
    error = np.abs(levels * sizes[:, None, None, None] - weights).reshape(5, -1).max(axis=1)
    assert (error <= 0.5001 * sizes).all() and not levels[1].any()
    levels_of_sums = sizes.astype(float) * 0.01
    assert (np.abs(sums * levels_of_sums - bias) <= 0.5001 * levels_of_sums + 1e-6 * np.abs(bias)).all()
    assert np.abs(sums.astype(float)).max() <= 1.001 * 2**30


def test_runs_as_int8_and_in_nothing_else(made: Quantised) -> None:
    assert Session(made.path, threads=1, precision="int8").engine.precision == "int8"
    with pytest.raises(UsageError, match="tiny-int8 holds int8 weights and is not run in bf16"):
        Session(made.path, threads=1, precision="bf16")


def test_refusals(
    made: Quantised, source: tuple[Any, Path], photographs: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    out, few = tmp_path / "out.onnx", tmp_path / "few"
    few.mkdir()
    Image.open(photographs / "1.png").save(few / "one.png")
    for error, sentence, arguments in (
        (UsageError, "tiny-int8.onnx holds int8 weights already: give", (made.path, out, photographs)),
        (UsageError, "is the model itself, which stays as it is", (source[1], source[1], photographs)),
        (DataError, "few has 1 pictures with sides of 128 px or more: two are", (source[1], out, few)),
        (DataError, "is not a folder", (source[1], out, tmp_path / "none")),
        (ModelError, "does not exist", (tmp_path / "none.onnx", out, photographs)),
    ):
        with pytest.raises(error) as raised:
            quantise_upscaler(*arguments)
        assert sentence in str(raised.value)
    monkeypatch.setattr(quantise, "MOST_LOSS_DB", -100.0)
    with pytest.raises(ModelError, match=r"int8 costs tiny -?0.\d\d dB of PSNR on 1 held-out crops; at most"):
        quantise_upscaler(source[1], out, photographs, crops=2)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(DependencyError) as missing:
        quantise_upscaler(source[1], out, photographs)
    assert str(missing.value) == "an int8 model file needs the package onnx: pip install 'ganapps[train]'"
    assert not out.exists()


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    from ganapps.cli.main import main

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    yield call


def test_command(called: Any, source: tuple[Any, Path], photographs: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    arguments = ("export", source[1], "-o", out, "--int8", "--calibrate", photographs, "--crops", "2")
    code, printed, told = called(*arguments, "--name", "mine")
    assert (code, printed) == (0, f"{out}\n")
    assert "calibrated on 2 crops; on 1 held-out crops it loses" in told
    code, printed, _ = called("models", "describe", out, "--json")
    described = json.loads(printed)
    assert code == 0 and (described["name"], described["scale"], described["radius"]) == ("mine", 2, 6)
    assert described["recipe"] == "tiny-x3; int8, calibrated on 2 crops of 2 photographs"
    code, printed, _ = called(*arguments, "--json")
    figures = json.loads(printed)
    assert (figures["model"], figures["name"], figures["crops"]) == (str(out), "tiny-int8", 2)
    assert abs(figures["loss_db"]) < 0.5


def test_command_makes_a_run_int8(called: Any, photographs: Path, tmp_path: Path) -> None:
    from ganapps.adversarial import save_checkpoint

    run = tmp_path / "run"
    run.mkdir()
    recipe = {"name": "fidelity-x2", "width": 8, "blocks": 1, "scale": 2}
    options = {"task": "upscale", "recipe": recipe, "photographs": 31, "folder": "holiday"}
    (run / "options.json").write_text(json.dumps(options))
    save_checkpoint(run / "checkpoint.pt", {"ema": UpscalingGenerator(8, 1, 2).state_dict()})
    out = tmp_path / "run.onnx"
    code, _, _ = called("export", run, "-o", out, "--int8", "--calibrate", photographs, "--crops", "2", "-q")
    contract = Session(out, threads=1).contract
    assert code == 0 and contract.name == "fidelity-x2-int8"
    assert contract.trained_on == "31 photographs of the folder holiday"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--int8",), "--int8 needs photographs like those to be enlarged: --calibrate DIR"),
        (("--calibrate", "photos"), "--calibrate, --crops and --seed are of --int8: give it too"),
        (("--seed", "0"), "--calibrate, --crops and --seed are of --int8: give it too"),
        (
            ("--int8", "--calibrate", "photos", "--licence", "MIT"),
            "--licence, --trained-on and --blend are of runs: a model keeps its own",
        ),
    ],
)
def test_command_refuses(called: Any, options: tuple[str, ...], sentence: str) -> None:
    code, _, told = called("export", "no-such-folder", "-o", "out.onnx", *options)
    assert code == 2 and sentence in told
