"""Upscalers from elsewhere: what they want is found, and they enlarge as they would at home."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ganapps import Upscaler, UsageError
from ganapps.runtime.foreign.traits import BYTES, SIGNED, UNIT
from ganapps.runtime.images import Image
from ganapps.runtime.session import Session
from ganapps.runtime.sizes import Size


def beside(name: str) -> ModuleType:
    """A file of this folder as a module."""
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


Elsewhere = beside("foreign_models").Elsewhere
VARIANTS = {
    "plain": Elsewhere(),
    "x1": Elsewhere(scale=1),
    "x3": Elsewhere(scale=3),
    "x4": Elsewhere(scale=4),
    "nhwc": Elsewhere(nhwc=True, nhwc_out=True),
    "mixed layouts": Elsewhere(nhwc_out=True, scale=3),
    "undeclared": Elsewhere(declared=False, nhwc=True, nhwc_out=True),
    "bytes": Elsewhere(white=255),
    "signed": Elsewhere(black=-1, levels=16),
    "unit to bytes": Elsewhere(out_white=255),
    "unit to signed": Elsewhere(out_black=-1),
    "reversed": Elsewhere(gives_reversed=True),
    "fixed": Elsewhere(fixed=(24, 24)),
    "fixed oblong": Elsewhere(fixed=(20, 36), nhwc=True, nhwc_out=True),
    "multiple of 4": Elsewhere(multiple=4),
    "multiple of 8": Elsewhere(multiple=8, scale=4),
    "half": Elsewhere(dtype="float16"),
    "uint8": Elsewhere(dtype="uint8", white=255, nhwc=True, nhwc_out=True),
    "grey": Elsewhere(channels=1),
}


def opened(tmp_path, variant, **options):
    notes: list[str] = []
    path = variant.save(tmp_path / "other.onnx")
    upscaler = Upscaler(path, device="cpu", threads=1, on_note=notes.append, **options)
    return upscaler, notes


def traits(tmp_path, variant):
    found = Session(variant.save(tmp_path / "m.onnx"), threads=1, on_note=lambda _: None).traits
    assert found is not None
    return found


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("shape", [(40, 53), (1, 2), (7, 19)])
def test_results_are_those_of_the_network(tmp_path, photo, name, shape):
    variant = VARIANTS[name]
    upscaler, _ = opened(tmp_path, variant)
    assert upscaler.scale == variant.scale
    pixels = photo(*shape)
    result = upscaler(pixels).astype(np.int64)
    wanted = np.rint(255 * variant.expected(pixels / 255.0))
    assert result.shape == wanted.shape
    # The last row and column see mirrored pixels, not zeros, where the size is padded.
    edge = variant.scale * (variant.multiple > 1 or variant.fixed is not None)
    inner = np.s_[: len(wanted) - edge, : wanted.shape[1] - edge]
    rounding = 0 if variant.levels is None else 255 / (variant.levels - 1) / 2
    np.testing.assert_allclose(result[inner], wanted[inner], atol=1 + rounding)


@pytest.mark.parametrize("name", ["plain", "half", "bytes"])
def test_16_bits_and_grey_and_alpha_go_through(tmp_path, photo, name):
    upscaler, _ = opened(tmp_path, VARIANTS[name])
    deep = photo(dtype=np.uint16)
    wanted = 65535 * VARIANTS[name].expected(deep / 65535.0)
    steps = {"plain": 1, "half": 40, "bytes": 257}[name]
    np.testing.assert_allclose(upscaler(deep).astype(np.float64), np.rint(wanted), atol=steps)
    assert upscaler(photo(channels=1)[..., 0]).shape == (24, 34)
    assert upscaler(photo(channels=4)).shape == (24, 34, 4)


def test_each_trait_is_found(tmp_path):
    found = {name: traits(tmp_path, variant) for name, variant in VARIANTS.items()}
    for name, variant in VARIANTS.items():
        it = found[name]
        assert (it.channels_first, it.output_channels_first) == (not variant.nhwc, not variant.nhwc_out), name
        assert (it.scale, it.channels) == (variant.scale, variant.channels), name
        assert str(it.dtype) == variant.dtype, name
        assert (it.fixed, it.multiple) == (variant.fixed or (None, None), variant.multiple), name
        assert it.reach == variant.multiple, name
    ranges = {name: (it.input_range, it.output_range) for name, it in found.items()}
    assert ranges.pop("bytes") == ranges.pop("uint8") == (BYTES, BYTES)
    assert ranges.pop("signed") == (SIGNED, SIGNED)
    assert ranges.pop("unit to bytes") == (UNIT, BYTES)
    assert ranges.pop("unit to signed") == (UNIT, SIGNED)
    assert set(ranges.values()) == {(UNIT, UNIT)}
    orders = {name: (it.takes_bgr, it.gives_bgr) for name, it in found.items()}
    assert orders.pop("reversed") == (False, True)
    assert set(orders.values()) == {(False, False)}


def test_colours_that_were_learned_in_the_other_order(tmp_path):
    it = traits(tmp_path, Elsewhere(trained_on_bgr=True))
    assert (it.takes_bgr, it.gives_bgr) == (True, True)
    assert it.described()["colours"] == "BGR to BGR"


def test_tiles_of_a_plain_network_are_those_of_the_whole(tmp_path, photo):
    pixels = photo(50, 70)
    whole, notes = opened(tmp_path, Elsewhere())
    tiled, _ = opened(tmp_path, Elsewhere(), tile_px=16)
    assert whole.radius == tiled.radius == 1
    np.testing.assert_array_equal(tiled(pixels), whole(pixels))
    path = tmp_path / "other.onnx"
    assert notes == [
        f"{path} is not of ganapps: its pixels reach 1 px in a probe, its tiles overlap by 1 px, and another"
        " --tile may give slightly other values"
    ]


def test_without_a_bound_the_overlap_is_generous_and_that_is_told(tmp_path):
    upscaler, notes = opened(tmp_path, Elsewhere(pooled=True))
    assert upscaler.radius == 32
    assert "reach further than a changed pixel could be followed, its tiles overlap by 32 px" in notes[0]


def test_a_model_of_scale_1_is_applied_whatever_the_way(tmp_path, photo):
    upscaler, _ = opened(tmp_path, Elsewhere(scale=1))
    image = Image(photo())
    once = upscaler.upscale(image).pixels
    assert (once != image.pixels).any()
    (band,) = upscaler.upscale_in_bands(image).rows
    np.testing.assert_array_equal(band.pixels, once)
    np.testing.assert_array_equal(upscaler.upscale(image, size=Size(scale=1)).pixels, once)
    with pytest.raises(UsageError, match=r"^other enlarges 1 times at most, not 2 times$"):
        upscaler.upscale(image, size=Size(scale=2))


def test_grey_colours_each_by_itself(tmp_path, photo):
    upscaler, notes = opened(tmp_path, Elsewhere(channels=1))
    pixels = photo()
    planes = [upscaler(pixels[..., c]) for c in range(3)]
    np.testing.assert_allclose(upscaler(pixels).astype(int), np.stack(planes, axis=-1), atol=1)
    assert notes[0].endswith("; it takes grey, so that each colour is enlarged by itself")


def test_other_engines(tmp_path):
    path = Elsewhere().save(tmp_path / "m.onnx")
    with pytest.raises(UsageError) as caught:
        Upscaler(path, device="openvino", on_note=lambda _: None)
    assert str(caught.value) == (
        "openvino is for models exported by ganapps, not for m: ask for --device cpu"
    )
    assert Upscaler(path, device="auto", on_note=lambda _: None).engine.device in ("cpu", "cuda")
