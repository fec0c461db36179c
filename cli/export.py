"""`ganapps export`: a run's model, or another program's, as one ONNX file, and an upscaler in int8."""

from __future__ import annotations

import argparse
import functools
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ganapps.errors import CheckpointError, UsageError

from .extras import needing_extras
from .parser import Parser, add_command, add_json, whole
from .printing import message, print_json

if TYPE_CHECKING:
    from ganapps.upscale.quantisation.quantise import Quantised

_DESCRIPTION = """\
Write the averaged generator of a run as one ONNX file that describes itself,
and check it against PyTorch (needs PyTorch). A run that is still going on can
be exported: its last saved state is taken.

Weights of other programs for PyTorch (.pth, .pt, .ckpt or .safetensors), of the
architectures that spandrel knows, become files for ganapps upscale. Nothing in
them is run, and code in them is refused.

With --int8 an upscaler, a run's or a finished file, gets convolutions of 8 bits:
a third of the size, and faster on a CPU. It is calibrated on random crops of
your photographs; what it loses is measured on others of them, and printed."""

_EXAMPLES = """\
  ganapps export runs/photo -o photo.onnx
  ganapps export runs/photo -o photo.onnx --name my-photos --licence CC-BY-4.0
  ganapps export runs/photo -o calmer.onnx --blend runs/fidelity/checkpoint.pt --blend-share 0.3
  ganapps export 4x-other.pth -o 4x-other.onnx --licence CC-BY-4.0
  ganapps export photo-x4 -o photo-int8.onnx --int8 --calibrate photos/
  ganapps models describe photo.onnx"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        help="write a run's model as one ONNX file, or an upscaler in int8 (needs PyTorch)",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
    )
    parser.add_argument(
        "source",
        metavar="RUN|NAME|FILE",
        help="folder of a run of ganapps train, or weights for PyTorch; with --int8 it may be a shipped model"
        " or an .onnx file",
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE.onnx", help="file to write")
    parser.add_argument("--name", metavar="TEXT", help="the model's name in its file (default: the recipe's)")
    parser.add_argument(
        "--licence", metavar="TEXT", help="the model's licence in its file, as an SPDX identifier"
    )
    parser.add_argument("--trained-on", metavar="TEXT", help="what the model's file says it was trained on")
    parser.add_argument(
        "--blend",
        metavar="FILE|NAME",
        help="mix in the weights of this upscaler: RUN/checkpoint.pt, an .onnx file, or a shipped model",
    )
    parser.add_argument(
        "--blend-share", type=float, metavar="0..1", help="share of --blend in the mean (default: 0.5)"
    )
    parser.add_argument(
        "--int8", action="store_true", help="an upscaler with convolutions of 8 bits; needs --calibrate"
    )
    parser.add_argument(
        "--calibrate", type=Path, metavar="DIR", help="folder of photographs like those to be enlarged"
    )
    parser.add_argument(
        "--crops", type=whole(1), metavar="N", help="of the photographs, to calibrate on (default: 64)"
    )
    parser.add_argument(
        "--seed", type=whole(0), metavar="N", help="of the choice of photographs and crops (default: 0)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Export and print where the model lies."""
    if args.blend is None and args.blend_share is not None:
        raise UsageError("--blend-share is the share of --blend: give both of them")
    if not args.int8 and {args.calibrate, args.crops, args.seed} != {None}:
        raise UsageError("--calibrate, --crops and --seed are of --int8: give it too")
    if args.int8 and args.calibrate is None:
        raise UsageError("--int8 needs photographs like those to be enlarged: --calibrate DIR")
    quantised = None
    with needing_extras("ganapps export"):
        if not args.int8:
            model = _exported(args, args.output)
        elif Path(args.source).is_dir():
            with tempfile.TemporaryDirectory() as folder:
                quantised = _quantised(args, _exported(args, Path(folder) / "fp32.onnx"))
        else:
            if (args.licence, args.trained_on, args.blend) != (None, None, None):
                raise UsageError("--licence, --trained-on and --blend are of runs: a model keeps its own")
            quantised = _quantised(args, args.source)
    if quantised is not None:
        model = quantised.path
        message(
            f"calibrated on {quantised.crops} crops; on {quantised.held_out} held-out crops it loses"
            f" {quantised.loss_db:.3f} dB of PSNR, {quantised.worst_loss_db:.3f} at most",
            quiet=args.quiet,
        )
    if args.json:
        print_json({"model": str(model), "run": str(args.source)} | _figures(quantised))
    elif not args.quiet:
        print(model)
    return 0


def _exported(args: argparse.Namespace, path: Path) -> Path:
    from ganapps.export.card import Said
    from ganapps.runs.options import read_options
    from ganapps.runtime.zoo import TORCH_ENDINGS

    source = Path(args.source)
    if source.suffix.lower() in TORCH_ENDINGS and not source.is_dir():
        return _converted(args, path)
    said = Said(name=args.name, licence=args.licence, trained_on=args.trained_on)
    task = read_options(source).get("task")
    if task == "upscale":
        from ganapps.upscale import model_file as upscaling

        share = 0.5 if args.blend_share is None else args.blend_share
        blend = None if args.blend is None else upscaling.Blend(source=args.blend, share=share)
        return upscaling.write_model(source, path, said=said, blend=blend)
    if task != "sample":
        raise CheckpointError(
            f"{source / 'options.json'} is of task {task!r}; upscale and sample can be exported"
        )
    if args.blend is not None:
        raise UsageError(f"{source} is the run of a generator of images: only upscalers can be blended")
    from ganapps.augment.generator import model_file as generating

    return generating.write_model(source, path, said=said)


def _converted(args: argparse.Namespace, path: Path) -> Path:
    from ganapps.export.torch_file import export_torch_file

    if args.blend is not None:
        raise UsageError("--blend is for runs of ganapps train, not for weights of another program")
    return export_torch_file(
        Path(args.source),
        path,
        name=args.name,
        licence=args.licence,
        trained_on=args.trained_on,
        tell=functools.partial(message, quiet=args.quiet),
    )


def _quantised(args: argparse.Namespace, source: str | Path) -> Quantised:
    from ganapps.runtime.session import available_threads
    from ganapps.upscale.quantisation.quantise import quantise_upscaler

    return quantise_upscaler(
        source,
        args.output,
        args.calibrate,
        crops=64 if args.crops is None else args.crops,
        seed=args.seed or 0,
        name=args.name,
        threads=available_threads(),
    )


def _figures(quantised: Quantised | None) -> dict[str, object]:
    """What --json adds for --int8."""
    if quantised is None:
        return {}
    return {key: value for key, value in asdict(quantised).items() if key != "path"}
