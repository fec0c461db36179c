from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from ganapps.errors import CheckpointError, UsageError  # noqa: E402
from ganapps.export.card import ModelCard, Said  # noqa: E402
from ganapps.upscale import model_file  # noqa: E402
from ganapps.upscale.model_file import Blend, write_model  # noqa: E402

OPTIONS = {
    "task": "upscale",
    "recipe": {"name": "fidelity-x4", "width": 8, "blocks": 1, "scale": 4},
    "photographs": 31,
    "folder": "holiday",
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of an upscaling run."""
    from ganapps.adversarial import save_checkpoint
    from ganapps.upscale.networks import UpscalingGenerator

    (tmp_path / "options.json").write_text(json.dumps(OPTIONS))
    save_checkpoint(tmp_path / "checkpoint.pt", {"ema": UpscalingGenerator(8, 1, 4).state_dict()})
    return tmp_path


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Path, ModelCard]]:
    """What is handed to the exporter, which is not run."""
    calls: list[tuple[Any, Path, ModelCard]] = []
    monkeypatch.setattr(model_file, "export_upscaler", lambda *arguments: calls.append(arguments))
    return calls


def test_card_says_what_the_run_knows(run: Path, exports: list[tuple[Any, Path, ModelCard]]) -> None:
    assert write_model(run) == run / "fidelity-x4.onnx"
    ((network, path, card),) = exports
    assert path == run / "fidelity-x4.onnx" and network.radius == 4
    assert card == ModelCard(
        name="fidelity-x4",
        version="1",
        licence="unknown: that of your data",
        trained_on="31 photographs of the folder holiday",
        recipe="fidelity-x4",
    )


def test_card_can_be_given(run: Path, exports: list[tuple[Any, Path, ModelCard]], tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    assert (
        write_model(run, out, said=Said(name="mine", version="7", licence="MIT", trained_on="my own")) == out
    )
    card = exports[0][2]
    assert (card.name, card.version, card.licence, card.trained_on) == ("mine", "7", "MIT", "my own")


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as error:
        write_model(tmp_path)
    message = f"{tmp_path} is not the folder of a training run: it has no options.json"
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('{"task": "sample"}', "holds no run of ganapps train upscale$"),
        ('{"recipe": {"width": 8}}', "holds no run of ganapps train upscale$"),
        ("[1]", "must hold a JSON object, not list"),
        ("{", "cannot be read"),
    ],
)
def test_damaged_options(tmp_path: Path, options: str, message: str) -> None:
    (tmp_path / "options.json").write_text(options)
    with pytest.raises(CheckpointError, match=message):
        write_model(tmp_path)


def test_checkpoint_of_another_network(run: Path, exports: list[tuple[Any, Path, ModelCard]]) -> None:
    wider = OPTIONS | {"recipe": {**OPTIONS["recipe"], "width": 16}}  # type: ignore[dict-item]
    (run / "options.json").write_text(json.dumps(wider))
    with pytest.raises(CheckpointError):
        write_model(run)
    assert not exports


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_blend_is_the_weighted_mean(
    run: Path, exports: list[tuple[Any, Path, ModelCard]], tmp_path: Path, share: float
) -> None:
    import torch

    from ganapps.adversarial import load_checkpoint, save_checkpoint
    from ganapps.upscale.networks import UpscalingGenerator

    other = tmp_path / "other" / "checkpoint.pt"
    save_checkpoint(other, {"ema": UpscalingGenerator(8, 1, 4).state_dict()})
    write_model(run, blend=Blend(source=other, share=share))
    network, _, card = exports[0]
    mine, theirs = load_checkpoint(run / "checkpoint.pt")["ema"], load_checkpoint(other)["ema"]
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, (1 - share) * mine[name] + share * theirs[name])
    assert card.recipe == f"fidelity-x4, blended with {share:g} of other"


def test_blends_that_make_no_sense_are_refused(run: Path) -> None:
    with pytest.raises(UsageError, match=r"^the share of a blend must be from 0 to 1, got 1.5$"):
        Blend(source="photo-x4", share=1.5)
