"""`ganapps export`: a run's model as one ONNX file."""

from __future__ import annotations

import argparse
from pathlib import Path

from ganapps.errors import UsageError

from .extras import needing_extras
from .parser import Parser, add_command, add_json
from .printing import print_json

_DESCRIPTION = """\
Write the averaged generator of a run as one ONNX file that describes itself,
and check it against PyTorch (needs PyTorch). A run that is still going on can
be exported: its last saved state is taken."""

_EXAMPLES = """\
  ganapps export runs/photo -o photo.onnx
  ganapps export runs/photo -o photo.onnx --name my-photos --licence CC-BY-4.0
  ganapps export runs/photo -o calmer.onnx --blend runs/fidelity/checkpoint.pt --blend-share 0.3
  ganapps models describe photo.onnx"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        help="write a run's model as one ONNX file (needs PyTorch)",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        run=run,
    )
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a run of ganapps train")
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
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Export and print where the model lies."""
    if args.blend is None and args.blend_share is not None:
        raise UsageError("--blend-share is the share of --blend: give both of them")
    with needing_extras("ganapps export"):
        from ganapps.export.run import Blend, export_run

        share = 0.5 if args.blend_share is None else args.blend_share
        blend = None if args.blend is None else Blend(source=args.blend, share=share)

        model = export_run(
            args.run_folder,
            args.output,
            name=args.name,
            licence=args.licence,
            trained_on=args.trained_on,
            blend=blend,
        )
    if args.json:
        print_json({"model": str(model), "run": str(args.run_folder)})
    elif not args.quiet:
        print(model)
    return 0
