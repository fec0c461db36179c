"""From the folder of a training run to its model file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, UsageError
from ..runs.options import read_options
from .card import ModelCard

_OWN_LICENCE = "unknown: that of your data"


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Another network's weights mixed into a run's, weight by weight.

    Between a fidelity and an adversarial network of one origin lie networks that keep most of the texture and
    drop most of the artefacts (network interpolation, ESRGAN, arXiv 1809.00219, section 3.4).

    Raises:
        UsageError: the share is outside 0 to 1.
    """

    source: str | Path
    """What `start_from` takes: a checkpoint, a model file, or a shipped model's name."""
    share: float
    """Share of the source in the mean, 0 to 1; at 0 it has no part."""

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"the share of a blend must be from 0 to 1, got {self.share}")


def export_run(
    run: Path,
    out: Path | None = None,
    *,
    name: str | None = None,
    version: str = "1",
    licence: str | None = None,
    trained_on: str | None = None,
    blend: Blend | None = None,
) -> Path:
    """Write the model of a run, finished or not, and return its path.

    Args:
        run: folder with `options.json` and `checkpoint.pt`.
        out: the file; None means one in `run`, named after the recipe.
        name, version, licence, trained_on: what the model's card says; None means what the run knows.
        blend: another upscaler to mix in; None for none.

    Raises:
        CheckpointError: `run` is no run, its state is damaged, or the blend is of another network.
        DependencyError: the exporter's packages are not installed.
        ModelError: the exported network differs from the trained one.
        OutputError: the file cannot be written.
        UsageError: a blend with a run that is not an upscaler's.
    """
    options = read_options(run)
    task = options.get("task")
    if task not in ("upscale", "sample"):
        raise CheckpointError(
            f"{run / 'options.json'} is of task {task!r}; upscale and sample can be exported"
        )
    recipe = options.get("recipe", task)
    recipe_name = str(recipe["name"] if isinstance(recipe, dict) else recipe)
    own_name = options.get("name") or (recipe_name if task == "upscale" else "generator")
    card = ModelCard(
        name=name or str(own_name),
        version=version,
        licence=licence or str(options.get("licence", _OWN_LICENCE)),
        trained_on=trained_on or str(options.get("trained_on") or _photographs(options)),
        recipe=recipe_name,
    )
    path = out or run / f"{own_name}.onnx"
    if task == "upscale":
        _export_upscaler(run, path, card, blend)
    elif blend is not None:
        raise UsageError(f"{run} is the run of a generator of images: only upscalers can be blended")
    else:
        _export_sampler(run, path, card, options)
    return path


def _photographs(options: dict[str, Any]) -> str:
    return f"{options.get('photographs', 'unknown')} photographs of the folder {options.get('folder', '?')}"


def _export_upscaler(run: Path, path: Path, card: ModelCard, blend: Blend | None) -> None:
    from ..upscale.starting_point import mix_in, origin
    from ..upscale.training import load_generator
    from .upscaler import export_upscaler

    generator = load_generator(run)
    if blend is not None:
        mix_in(generator, blend.source, blend.share)
        card = replace(card, recipe=f"{card.recipe}, blended with {blend.share:g} of {origin(blend.source)}")
    export_upscaler(generator, path, card)


def _export_sampler(run: Path, path: Path, card: ModelCard, options: dict[str, Any]) -> None:
    from ..augment.generator.training import load_classifier, load_generator
    from .sampler import export_sampler

    classifier = load_classifier(run) if (run / "classifier.pt").exists() else None
    try:
        classes, latent = options["classes"], int(options["architecture"]["latent"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{run / 'options.json'} does not say {error}") from error
    export_sampler(load_generator(run), path, card, classes=classes, latent=latent, classifier=classifier)
