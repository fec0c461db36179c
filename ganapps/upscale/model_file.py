"""From the folder of an upscaler's training to its model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckpointError, UsageError
from ..export.card import NOTHING_SAID, UNKNOWN_LICENCE, ModelCard, Said
from ..export.upscaler import export_upscaler
from ..runs.options import read_options
from .networks import UpscalingGenerator
from .starting_point import mix_in, origin, start_from


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


def load_generator(run: Path) -> UpscalingGenerator:
    """The best averaged generator of a run, finished or not.

    Raises:
        CheckpointError: it is no run, or its checkpoint is missing, damaged, or of another network.
    """
    recipe = read_options(run).get("recipe")
    try:
        generator = UpscalingGenerator(recipe["width"], recipe["blocks"], recipe["scale"])  # type: ignore[index]
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{run} holds no run of ganapps train upscale") from error
    start_from(generator, run / "checkpoint.pt")
    return generator.eval()


def write_model(
    run: Path, out: Path | None = None, *, said: Said = NOTHING_SAID, blend: Blend | None = None
) -> Path:
    """Write the model of a run, finished or not, and return its path.

    Args:
        run: folder with `options.json` and `checkpoint.pt`.
        out: the file; None means one in `run`, named after the recipe.
        said: what the model's card says beside what the run knows.
        blend: another upscaler to mix in; None for none.

    Raises:
        CheckpointError: `run` is no run, its state is damaged, or the blend is of another network.
        DependencyError: the exporter's packages are not installed.
        ModelError: the exported network differs from the trained one.
        OutputError: the file cannot be written.
    """
    generator, options = load_generator(run), read_options(run)
    recipe = own_name = str(options["recipe"].get("name", "upscaler"))
    if blend is not None:
        mix_in(generator, blend.source, blend.share)
        recipe = f"{recipe}, blended with {blend.share:g} of {origin(blend.source)}"
    photographs = f"{options.get('photographs', 'unknown')} photographs"
    known = ModelCard(
        name=own_name,
        version="1",
        licence=UNKNOWN_LICENCE,
        trained_on=f"{photographs} of the folder {options.get('folder', '?')}",
        recipe=recipe,
    )
    path = out or run / f"{own_name}.onnx"
    export_upscaler(generator, path, said.over(known))
    return path
