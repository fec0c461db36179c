from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from ganapps.errors import DependencyError, ModelError  # noqa: E402
from ganapps.export.card import ModelCard  # noqa: E402
from ganapps.export.parity import check_parity, check_radius, open_session  # noqa: E402
from ganapps.export.upscaler import OUTPUTS, UpscalerGraph, export_upscaler  # noqa: E402
from ganapps.upscale.networks import UpscalingGenerator  # noqa: E402

RANDOM = np.random.default_rng(0)
Exported = tuple[UpscalingGenerator, Path]


@pytest.fixture(scope="module")
def session(upscaler: Exported) -> Any:
    return open_session(upscaler[1].read_bytes())


def enlarged(network: UpscalingGenerator, unit: np.ndarray) -> np.ndarray:
    """What PyTorch makes of `[N, H, W, 3]` in [0, 1], in double precision."""
    with torch.no_grad():
        out = network.double()(torch.from_numpy(unit).double().permute(0, 3, 1, 2)).clamp(0, 1)
    network.float()
    return out.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 37, 21), (3, 8, 13), (2, 64, 5)])
def test_equals_torch(session: Any, upscaler: Exported, shape: tuple[int, int, int]) -> None:
    image = RANDOM.integers(0, 256, (*shape, 3), dtype=np.uint8)
    pixels, unit = session.run(None, {"image": image})
    wanted = enlarged(upscaler[0], image / 255)
    assert pixels.dtype == np.uint8 and pixels.shape == wanted.shape
    assert np.abs(pixels / 255 - wanted).max() <= 1 / 255
    assert np.abs(unit - wanted).max() < 1e-5
    np.testing.assert_array_equal(pixels, np.rint(unit * np.float32(255)))


def test_16_bit_pixels_lose_nothing(session: Any, upscaler: Exported) -> None:
    image = RANDOM.integers(0, 65536, (2, 11, 9, 3), dtype=np.uint16)
    fraction = ((image % 257) / 257).astype(np.float32)
    feeds = {"image": (image // 257).astype(np.uint8), "fraction": fraction}
    (unit,) = session.run(["upscaled_float"], feeds)
    wanted = enlarged(upscaler[0], image / 65535)
    assert np.abs(np.rint(unit * 65535) - wanted * 65535).max() <= 1
    (without,) = session.run(["upscaled_float"], {"image": feeds["image"]})
    assert np.abs(without - wanted).max() > 100 / 65535


def test_users_see_one_input(session: Any) -> None:
    assert [(i.name, i.type, i.shape[3]) for i in session.get_inputs()] == [("image", "tensor(uint8)", 3)]
    assert [i.name for i in session.get_overridable_initializers()] == ["fraction"]
    assert [(o.name, o.type) for o in session.get_outputs()] == [
        ("upscaled", "tensor(uint8)"),
        ("upscaled_float", "tensor(float)"),
    ]


def test_contract_is_in_the_file(session: Any, upscaler: Exported) -> None:
    assert session.get_modelmeta().custom_metadata_map == {
        "ganapps.task": "upscale",
        "ganapps.scale": "3",
        "ganapps.radius": str(upscaler[0].radius),
        "ganapps.name": "tiny",
        "ganapps.version": "3",
        "ganapps.licence": "Apache-2.0",
        "ganapps.trained_on": "näive noise",
        "ganapps.recipe": "tiny-x3",
    }


def test_is_one_valid_file_of_opset_18(upscaler: Exported) -> None:
    path = upscaler[1]
    assert [file.name for file in path.parent.iterdir()] == ["tiny.onnx"]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]


def test_says_nothing_of_this_machine(upscaler: Exported) -> None:
    data = upscaler[1].read_bytes()
    for told in (b"stack_trace", b".py", b"site-packages", b"torch", str(Path.home()).encode() + b"/"):
        assert told not in data
    for folder in {Path(__file__).parents[2], Path(sys.prefix), Path.cwd()}:
        assert str(folder).encode() not in data


def test_parity_check_can_fail(session: Any, upscaler: Exported) -> None:
    other = UpscalingGenerator(width=8, blocks=1, scale=3)
    feed = {"image": torch.full((1, 2, 3, 3), 128, dtype=torch.uint8), "fraction": torch.zeros(1, 1, 1, 1)}
    check_parity(session, UpscalerGraph(upscaler[0]), OUTPUTS, [feed])
    with pytest.raises(ModelError) as error:
        check_parity(session, UpscalerGraph(other), OUTPUTS, [feed])
    assert "in 'upscaled' for image (1, 2, 3, 3), fraction (1, 1, 1, 1); at most 1/255" in str(error.value)


def test_parity_check_takes_no_nan(session: Any, upscaler: Exported) -> None:
    class Broken(torch.nn.Module):
        def forward(self, image: Any, fraction: Any) -> Any:
            pixels, unit = UpscalerGraph(upscaler[0])(image, fraction)
            return pixels, unit * float("nan")

    feed = {"image": torch.zeros(1, 2, 2, 3, dtype=torch.uint8), "fraction": torch.zeros(1, 1, 1, 1)}
    with pytest.raises(ModelError, match="differs from the trained one by nan in 'upscaled_float'"):
        check_parity(session, Broken(), OUTPUTS, [feed])


def test_radius_check_can_fail(session: Any, upscaler: Exported) -> None:
    radius = upscaler[0].radius
    check_radius(session, 3, radius)
    with pytest.raises(ModelError) as error:
        check_radius(session, 3, radius - 1)
    assert str(error.value) == (
        f"the network says that its receptive radius is {radius - 1} px,"
        f" but a change {radius} px away reaches it"
    )


def test_network_must_know_its_extent(card: ModelCard, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        export_upscaler(torch.nn.Identity(), tmp_path / "no.onnx", card)
    assert str(error.value) == "Identity needs the whole numbers `scale` and `radius` for an export"
    assert not list(tmp_path.iterdir())


def test_missing_exporter(
    upscaler: Exported, card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(DependencyError) as error:
        export_upscaler(upscaler[0], tmp_path / "no.onnx", card)
    message = "writing a model file needs the package onnxscript: pip install 'ganapps[train]'"
    assert str(error.value) == message
