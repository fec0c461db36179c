"""Weights of other programs: read without running anything, and written as files for `ganapps upscale`."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("spandrel")

from ganapps import ModelError, Upscaler  # noqa: E402
from ganapps.export import torch_file  # noqa: E402
from ganapps.export.receptive_field import is_shift_invariant, measure_radius  # noqa: E402
from ganapps.export.torch_file import export_torch_file  # noqa: E402

# Underscores, because spandrel keeps the classes of its architectures to itself.
Compact = importlib.import_module("spandrel.architectures.Compact.__arch.SRVGG").SRVGGNetCompact


def compact(path: Path, **options: int) -> torch.nn.Module:
    """A network with random weights, whose convolutions are saved as its authors save them."""
    torch.manual_seed(0)
    network = Compact(num_feat=8, upscale=2, **options).eval()
    with torch.no_grad():  # a small residual, as of a trained one
        network.body[-1].weight.mul_(0.01)
        network.body[-1].bias.mul_(0.01)
    torch.save({"params_ema": network.state_dict()}, path)
    return network


def refusal(path: Path, tmp_path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        export_torch_file(path, tmp_path / "out.onnx", tell=pytest.fail)
    assert not (tmp_path / "out.onnx").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torch")
    network = compact(folder / "2x.pth", num_conv=3)
    return network, export_torch_file(
        folder / "2x.pth", folder / "2x.onnx", licence="CC0-1.0", tell=pytest.fail
    )


def test_a_small_network_keeps_our_contract(exported):
    network, path = exported
    upscaler = Upscaler(path, device="cpu", threads=1, tile_px=24, on_note=pytest.fail)
    contract = upscaler.contract
    assert (contract.name, contract.licence, contract.trained_on) == ("2x", "CC0-1.0", "unknown")
    assert contract.recipe == "SRVGGNetCompact from 2x.pth"
    assert (contract.scale, contract.radius) == (2, 5)  # five convolutions of 3 x 3
    pixels = np.random.default_rng(0).integers(0, 256, (41, 37, 3), np.uint8)
    with torch.no_grad():
        wanted = network(torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None])[0]
    wanted = (wanted.clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(upscaler(pixels) - wanted).max() <= 1
    np.testing.assert_array_equal(upscaler(pixels), Upscaler(path, device="cpu", threads=1)(pixels))


def test_the_same_from_safetensors(exported, tmp_path):
    from safetensors.torch import save_file

    network, _ = exported
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    found, scale, channels = torch_file._load(tmp_path / "a.safetensors")
    assert (scale, channels) == (2, 3)
    for key, weights in network.state_dict().items():
        assert torch.equal(found.state_dict()[key], weights)


def test_a_network_that_reaches_far_becomes_a_plain_file(tmp_path):
    compact(tmp_path / "deep.pth", num_conv=64)
    notes: list[str] = []
    path = export_torch_file(tmp_path / "deep.pth", tmp_path / "deep.onnx", tell=notes.append)
    assert notes == [
        f"a pixel of {tmp_path}/deep.pth depends on 66 px around, or on its place, so that tiles are not"
        " exact: a plain file is written, which is probed when it is opened"
    ]
    upscaler = Upscaler(path, device="cpu", threads=1, on_note=notes.append)
    assert (upscaler.scale, len(notes)) == (2, 2)
    assert upscaler(np.zeros((9, 13, 3), np.uint8)).shape == (18, 26, 3)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("ending", ["pth", "pt", "ckpt"])
@pytest.mark.parametrize("protocol", ["torch", "pickle"])
def test_code_is_refused_and_not_run(tmp_path, ending, protocol):
    path, ran = tmp_path / f"evil.{ending}", tmp_path / "ran"
    if protocol == "torch":
        torch.save({"params": Bomb(ran)}, path)
    else:
        path.write_bytes(pickle.dumps({"params": Bomb(ran)}))
    assert refusal(path, tmp_path) == (
        f"{path} is refused: it is damaged or would run code when it is loaded, and only tensors are"
        " accepted; ask for it as .safetensors"
    )
    assert not ran.exists()


def test_what_cannot_be_read(tmp_path):
    path = tmp_path / "m.pth"
    assert refusal(path, tmp_path) == f"the file {path} does not exist"
    torch.save([torch.zeros(1)], path)
    assert refusal(path, tmp_path) == f"{path} holds no named tensors"
    torch.save({"a.weight": torch.zeros(3, 3)}, path)
    assert refusal(path, tmp_path).startswith(f"{path} holds no network that spandrel ")
    for name, data in {"a.safetensors": b"hello", "b.pth": b"", "c.pth": b"PK\3\4 cut"}.items():
        (tmp_path / name).write_bytes(data)
        assert str(tmp_path / name) in refusal(tmp_path / name, tmp_path)
    (tmp_path / "m.bin").write_bytes(b"")
    assert refusal(tmp_path / "m.bin", tmp_path) == (
        f"{tmp_path}/m.bin must end in .pth, .pt, .ckpt, .safetensors"
    )


@pytest.mark.parametrize(("kernels", "radius"), [((1,), 0), ((3, 5), 3), ((7, 1, 3), 4)])
def test_the_radius_of_convolutions_is_their_sum(kernels, radius):
    layers = [torch.nn.Conv2d(3, 3, k, padding=k // 2) for k in kernels]
    network = torch.nn.Sequential(*layers, torch.nn.ReLU())
    assert measure_radius(network, 1) == radius
    assert is_shift_invariant(network, 1, radius)


def test_what_looks_at_all_or_at_blocks_is_seen():
    class Pooled(torch.nn.Module):
        def forward(self, image):
            return image + image.mean((2, 3), keepdim=True)

    blocks = torch.nn.Sequential(
        torch.nn.PixelUnshuffle(2), torch.nn.Conv2d(12, 12, 1), torch.nn.PixelShuffle(2)
    )
    assert measure_radius(Pooled(), 1) is None
    assert measure_radius(blocks, 1) == 1
    assert not is_shift_invariant(blocks[0:3], 1, 1)
