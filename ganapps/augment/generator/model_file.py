"""From the folder of a generator's training to its model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from ...adversarial import best_weights, load_checkpoint
from ...errors import CheckpointError
from ...export.card import NOTHING_SAID, UNKNOWN_LICENCE, ModelCard, Said
from ...export.sampler import export_sampler
from ...runs.options import read_options
from .classifier import Classifier
from .networks import Generator
from .run_options import architecture_of


def load_generator(run: Path) -> Generator:
    """The averaged generator of a run: the best on held-out images, or the last one where none were held out.

    Raises:
        CheckpointError: the run's checkpoint is missing, damaged, or of another network.
    """
    path = run / "checkpoint.pt"
    generator = Generator(architecture_of(run))
    _load(generator, best_weights(load_checkpoint(path)), path)
    return generator.eval()


def load_classifier(run: Path) -> Classifier:
    """The classifier of a run's real images.

    Raises:
        CheckpointError: its file is missing, damaged, or of another network.
    """
    path = run / "classifier.pt"
    classifier = Classifier(architecture_of(run))
    _load(classifier, load_checkpoint(path).get("classifier"), path)
    return classifier.eval()


def write_model(run: Path, out: Path | None = None, *, said: Said = NOTHING_SAID) -> Path:
    """Write the model of a run, finished or not, and return its path.

    Args:
        run: folder with `options.json`, `checkpoint.pt`, and where there is one `classifier.pt`.
        out: the file; None means one in `run`, with the run's name.
        said: what the model's card says beside what the run knows.

    Raises:
        CheckpointError: `run` is no run, or its state is damaged.
        DependencyError: the exporter's packages are not installed.
        ModelError: the exported network differs from the trained one.
        OutputError: the file cannot be written.
    """
    generator, options = load_generator(run), read_options(run)
    own_name = str(options.get("name") or "generator")
    known = ModelCard(
        name=own_name,
        version="1",
        licence=str(options.get("licence", UNKNOWN_LICENCE)),
        trained_on=str(options.get("trained_on", "unknown images")),
        recipe=str(options.get("recipe", "unknown")),
    )
    if not isinstance(options.get("classes"), list):
        raise CheckpointError(f"{run / 'options.json'} does not say which classes there are")
    classifier = load_classifier(run) if (run / "classifier.pt").exists() else None
    path = out or run / f"{own_name}.onnx"
    latent = generator.architecture.latent
    export_sampler(
        generator, path, said.over(known), classes=options["classes"], latent=latent, classifier=classifier
    )
    return path


def _load(network: nn.Module, weights: Any, path: Path) -> None:
    try:
        network.load_state_dict(weights)
    except (RuntimeError, TypeError) as error:
        raise CheckpointError(f"{path} holds another network than its run's options say") from error
    network.requires_grad_(False)
