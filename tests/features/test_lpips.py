from __future__ import annotations

import sys
import types
from typing import Literal

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("stlpips_pytorch")

from ganapps.errors import DependencyError, UsageError  # noqa: E402
from ganapps.features import frozen  # noqa: E402
from ganapps.features.lpips import ShiftTolerantLpips  # noqa: E402
from ganapps.features.trunks import BlurPool  # noqa: E402

Net = Literal["vgg", "alex"]


@pytest.fixture(scope="module", params=["vgg", "alex"])
def net(request: pytest.FixtureRequest) -> Net:
    return request.param


@pytest.fixture(scope="module")
def distance(net: Net) -> ShiftTolerantLpips:
    return ShiftTolerantLpips(net)


def pair(num: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(height)
    a = torch.rand(num, 3, height, width, generator=random)
    return a, (a + 0.2 * torch.randn(a.shape, generator=random)).clamp(0, 1)


def test_equals_the_package(net: Net, distance: ShiftTolerantLpips, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torchvision")
    # It imports two packages that it does not use and does not declare.
    for name, attribute in (("IPython", "embed"), ("torchsummary", "summary")):
        stub = types.ModuleType(name)
        setattr(stub, attribute, None)
        monkeypatch.setitem(sys.modules, name, stub)
    stlpips = pytest.importorskip("stlpips_pytorch.stlpips")
    reference = stlpips.LPIPS(net=net, variant="shift_tolerant", verbose=False)
    for size in ((2, 32, 32), (1, 35, 50)):
        a, b = pair(*size)
        with torch.no_grad():
            wanted = reference(2 * a - 1, 2 * b - 1).flatten()
        torch.testing.assert_close(distance(a, b), wanted, rtol=1e-5, atol=1e-6)
        assert distance(a, b).shape == (size[0],)


def test_a_distance(distance: ShiftTolerantLpips) -> None:
    a, b = pair(2, 32, 36)
    assert torch.equal(distance(a, a), torch.zeros(2))
    torch.testing.assert_close(distance(a, b), distance(b, a))
    assert (distance(a, 0.9 * a + 0.1 * b) < distance(a, b)).all()
    assert torch.equal(distance(a, b), distance.between(distance.features(a), distance.features(b)))


def test_gradients_reach_both_images_and_stay_finite(distance: ShiftTolerantLpips) -> None:
    a, b = (image.requires_grad_() for image in pair(1, 32, 32))
    distance(a, b).sum().backward()
    for image in (a, b):
        assert image.grad is not None and image.grad.abs().amax() > 0
    black = torch.zeros(1, 3, 32, 32, requires_grad=True)  # many feature vectors of length 0
    distance(black, b).sum().backward()
    assert black.grad is not None and black.grad.isfinite().all() and black.grad.abs().amax() < 1


def test_frozen(distance: ShiftTolerantLpips) -> None:
    assert not any(parameter.requires_grad for parameter in distance.parameters())
    assert not distance.train().training


def test_small_images(distance: ShiftTolerantLpips) -> None:
    with pytest.raises(UsageError) as error:
        distance(*pair(1, 31, 40))
    assert str(error.value) == "the perceptual distance needs images of 32 px on each side, got 31 x 40"


def test_blur_pool_of_a_ramp_is_the_ramp() -> None:
    """1 2 1 leaves straight lines as they are; the outermost centres lie in the mirror, at -1 and 9."""
    ramp = torch.arange(9.0).view(1, 1, 1, 9).expand(1, 2, 9, 9)
    out = BlurPool()(ramp)
    assert out.shape == (1, 2, 6, 6)
    assert (out == torch.tensor([1.0, 1.0, 3.0, 5.0, 7.0, 7.0])).all()


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "find_spec", lambda name: None)
    with pytest.raises(DependencyError) as error:
        ShiftTolerantLpips("vgg", "ganapps benchmark upscale")
    assert str(error.value) == (
        "ganapps benchmark upscale needs the package stlpips-pytorch: pip install 'ganapps[metrics]'"
    )
