"""Between a picture in [0, 1] and the arrays that a model from elsewhere takes and gives."""

from __future__ import annotations

import numpy as np

from .traits import Traits


def encode(picture: np.ndarray, traits: Traits) -> np.ndarray:
    """A batch of one, in the model's layout, order, range and type.

    Args:
        picture: float32 [h, w, C] in [0, 1], RGB where C is 3.
        traits: of the model.
    """
    black, white = traits.input_range.black, traits.input_range.white
    values = picture[..., ::-1] if traits.takes_bgr else picture
    values = values * np.float32(white - black) + np.float32(black)
    if traits.dtype == np.uint8:
        values = np.rint(values)
    if traits.channels_first:
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None].astype(traits.dtype))


def decode(result: np.ndarray, traits: Traits) -> np.ndarray:
    """The picture in a result, float32 [s * h, s * w, C] in [0, 1], not clipped."""
    black, white = traits.output_range.black, traits.output_range.white
    values = result[0].astype(np.float32)
    if traits.output_channels_first:
        values = values.transpose(1, 2, 0)
    if traits.gives_bgr:
        values = values[..., ::-1]
    picture: np.ndarray = (values - np.float32(black)) / np.float32(white - black)
    return picture


def padded(picture: np.ndarray, traits: Traits) -> np.ndarray:
    """The picture, mirrored at its bottom and right until the model takes its size.

    Args:
        picture: [h, w, C], no larger than a fixed size.
        traits: of the model.
    """
    after = [_wanted(n, side, traits) - n for n, side in zip(picture.shape[:2], traits.fixed, strict=True)]
    if not any(after):
        return picture
    return np.pad(picture, ((0, after[0]), (0, after[1]), (0, 0)), mode="reflect")


def _wanted(length: int, fixed: int | None, traits: Traits) -> int:
    if fixed is not None:
        return fixed
    return -(-max(length, traits.least) // traits.multiple) * traits.multiple
