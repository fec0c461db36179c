"""From a generator's run to its model file: what the card says, and runs that do not fit."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

torch = pytest.importorskip("torch")

from ganapps.adversarial import save_checkpoint  # noqa: E402
from ganapps.augment.generator import model_file  # noqa: E402
from ganapps.augment.generator.classifier import Classifier  # noqa: E402
from ganapps.augment.generator.model_file import load_classifier, write_model  # noqa: E402
from ganapps.augment.generator.networks import Architecture, Generator  # noqa: E402
from ganapps.errors import CheckpointError  # noqa: E402
from ganapps.export.card import ModelCard, Said  # noqa: E402

ARCHITECTURE = Architecture(num_classes=2, height=8, width=8, channels=1)
OPTIONS = {
    "task": "sample",
    "name": "shapes",
    "licence": "CC0-1.0",
    "trained_on": "shapes: 40 images of 2 classes",
    "recipe": "labelled game",
    "classes": ["across", "up and down"],
    "architecture": asdict(ARCHITECTURE),
}


@pytest.fixture
def run(tmp_path):
    """The folder of a run whose generator has not learnt anything."""
    (tmp_path / "options.json").write_text(json.dumps(OPTIONS))
    save_checkpoint(tmp_path / "checkpoint.pt", {"ema": Generator(ARCHITECTURE).state_dict()})
    return tmp_path


@pytest.fixture
def exports(monkeypatch):
    """What is handed to the exporter, which is not run."""
    calls = []
    monkeypatch.setattr(model_file, "export_sampler", lambda *args, **named: calls.append((*args, named)))
    return calls


def test_card_says_what_the_run_knows(run, exports):
    assert write_model(run) == run / "shapes.onnx"
    ((network, path, card, named),) = exports
    assert isinstance(network, Generator) and path == run / "shapes.onnx"
    assert named == {"classes": ["across", "up and down"], "latent": ARCHITECTURE.latent, "classifier": None}
    assert card == ModelCard(
        name="shapes",
        version="1",
        licence="CC0-1.0",
        trained_on="shapes: 40 images of 2 classes",
        recipe="labelled game",
    )


def test_card_can_be_given_and_the_classifier_comes_along(run, exports):
    save_checkpoint(run / "classifier.pt", {"classifier": Classifier(ARCHITECTURE).state_dict()})
    write_model(run, run / "mine.onnx", said=Said(name="mine", licence="MIT"))
    ((_, path, card, named),) = exports
    assert (path, card.name, card.licence, card.version) == (run / "mine.onnx", "mine", "MIT", "1")
    weights = load_classifier(run).state_dict()
    for name, weight in named["classifier"].state_dict().items():
        assert torch.equal(weight, weights[name])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({**OPTIONS, "classes": None}, "does not say which classes there are$"),
        ({**OPTIONS, "architecture": {}}, "holds no run of ganapps train augment"),
        ({**OPTIONS, "architecture": asdict(ARCHITECTURE) | {"channels": 3}}, "holds another network"),
    ],
)
def test_runs_that_do_not_fit(run, exports, options, message):
    (run / "options.json").write_text(json.dumps(options))
    with pytest.raises(CheckpointError, match=message):
        write_model(run)
    assert exports == []
