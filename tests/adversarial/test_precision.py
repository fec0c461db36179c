"""Which precision is chosen for a device, whatever units this machine has."""

from __future__ import annotations

import pytest
import torch

from ganapps.adversarial import prefers_bf16


@pytest.mark.parametrize(
    ("avx512", "amx", "wanted"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_a_cpu_with_units_for_bf16_uses_them(monkeypatch, avx512, amx, wanted):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    assert prefers_bf16("cpu") is wanted
    assert prefers_bf16("cuda:1") and not prefers_bf16("mps")


def test_a_pytorch_that_does_not_say_computes_in_float32(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not prefers_bf16("cpu")
