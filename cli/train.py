"""`ganapps train upscale` and `ganapps train augment`: make a model of your own."""

from __future__ import annotations

import argparse
from pathlib import Path

from .extras import needing_extras
from .parser import Parser, add_command, add_json, add_seed, add_threads
from .printing import message, print_json
from .progress import ProgressBar
from .training import add_budget, add_run_options, add_tensorboard, choose_device, following

_UPSCALE = """\
Train an upscaler on a folder of photographs (needs PyTorch). The state is saved
in RUN every few minutes; the model, RUN/RECIPE.onnx, is written at the end, and
ganapps export writes it at any time. RUN/report.html shows how it went."""

_UPSCALE_EXAMPLES = """\
  ganapps train upscale photos/ --recipe fidelity-x4 --minutes 60 -o runs/fidelity
  ganapps train upscale photos/ --minutes 60 --init runs/fidelity/checkpoint.pt -o runs/photo
  ganapps train upscale my-photos/ --minutes 20 --init photo-x4 -o runs/mine
  ganapps train upscale photos/ --recipe fidelity-x4 --minutes 120 -o runs/fidelity --resume
  ganapps upscale photo.jpg -o photo_x4.png --model runs/photo/photo-x4.onnx"""

_AUGMENT = """\
Train a generator of labelled images on a folder with one subfolder a class
(needs PyTorch). The state is saved in RUN every few minutes; the model,
RUN/generator.onnx, is written at the end. RUN/report.html shows how it went."""

_AUGMENT_EXAMPLES = """\
  ganapps train augment my-classes/ --minutes 15 -o runs/mine
  ganapps train augment my-classes/ --minutes 30 -o runs/mine --resume
  ganapps train augment my-classes/ --minutes 15 -o runs/mine --tensorboard
  ganapps augment my-classes/ -o my-classes-larger/ --model runs/mine/generator.onnx"""

_INTERRUPTED = "interrupted: the same command with --resume goes on from the last state that was saved"


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add both commands."""
    group = commands.add_parser(
        "train", help="train an upscaler or a generator on your own images (needs PyTorch)"
    )
    group.set_defaults(run=None, parser=group)
    trainings = group.add_subparsers(title="what to train", metavar="WHAT", parser_class=Parser)
    _add_upscale(trainings)
    _add_augment(trainings)


def _add_upscale(trainings: argparse._SubParsersAction[Parser]) -> None:
    parser = add_command(
        trainings,
        "upscale",
        help="an upscaler, on photographs",
        description=_UPSCALE,
        examples=_UPSCALE_EXAMPLES,
        run=run_upscale,
        interrupted=_INTERRUPTED,
    )
    parser.add_argument(
        "photos", type=Path, metavar="PHOTOS", help="folder of photographs, searched with its subfolders"
    )
    parser.add_argument(
        "--recipe",
        default="photo-x4",
        metavar="NAME",
        help="fidelity-x4, fidelity-x2, photo-x4, photo-x2, restore-fidelity-x4, restore-x4 or fast-x4"
        " (default: photo-x4)",
    )
    parser.add_argument(
        "--init",
        metavar="FILE|NAME",
        help="start from RUN/checkpoint.pt, an .onnx file, or a shipped model such as photo-x4",
    )
    _add_rest(parser)


def _add_augment(trainings: argparse._SubParsersAction[Parser]) -> None:
    parser = add_command(
        trainings,
        "augment",
        help="a generator of labelled images",
        description=_AUGMENT,
        examples=_AUGMENT_EXAMPLES,
        run=run_augment,
        interrupted=_INTERRUPTED,
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with one subfolder of images a class")
    parser.add_argument(
        "--discriminator",
        metavar="NAME",
        help="plain, or projected: on features of a pretrained network (default: plain; with --resume what"
        " the run began with)",
    )
    _add_rest(parser)


def _add_rest(parser: Parser) -> None:
    add_budget(parser)
    add_run_options(parser)
    add_tensorboard(parser)
    add_seed(parser)
    add_threads(parser)
    add_json(parser)


def run_upscale(args: argparse.Namespace) -> int:
    """Train an upscaler and print where its model lies."""
    with needing_extras("ganapps train upscale"):
        from ganapps.upscale.training import train_upscaler

        device = choose_device(args.device)
    with ProgressBar(quiet=args.quiet) as bar, following(args.output, bar, args) as tell:
        model = train_upscaler(
            args.photos,
            args.output,
            recipe=args.recipe,
            minutes=args.minutes,
            images=args.images,
            init=args.init,
            resume=args.resume,
            seed=args.seed,
            threads=args.threads,
            device=device,
            on_report=tell,
            on_loading=bar.stage("reading"),
        )
    return _print_model(model, device, args)


def run_augment(args: argparse.Namespace) -> int:
    """Train a generator and print where its model lies."""
    with needing_extras("ganapps train augment"):
        from ganapps.augment.generator.training import train_generator

        device = choose_device(args.device)
    with ProgressBar(quiet=args.quiet) as bar, following(args.output, bar, args) as tell:
        model = train_generator(
            args.data,
            args.output,
            minutes=args.minutes,
            images=args.images,
            resume=args.resume,
            seed=args.seed,
            threads=args.threads,
            device=device,
            discriminator=args.discriminator,
            on_report=tell,
            on_loading=bar.stage("reading"),
        )
    return _print_model(model, device, args)


def _print_model(model: Path, device: str, args: argparse.Namespace) -> int:
    message(f"trained on {device}", quiet=args.quiet)
    if args.json:
        print_json({"model": str(model), "run": str(args.output), "device": device})
    else:
        print(model)
    return 0
