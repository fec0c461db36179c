"""`ganapps models`: which models are here, what they are, and whether they are whole."""

from __future__ import annotations

import argparse
import functools
from dataclasses import asdict

from ganapps.errors import ModelError

from .parser import Parser, add_command, add_json
from .printing import message, print_json, print_table

_EXAMPLES = """\
  ganapps models
  ganapps models describe photo-x4
  ganapps models describe runs/mine/generator.onnx
  ganapps models verify"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command and its three actions; without one, models are listed."""
    group = add_command(
        commands,
        "models",
        help="list, describe or verify models",
        description="List the models that come with ganapps, describe one, or verify their files.",
        examples=_EXAMPLES,
        run=run_list,
    )
    actions = group.add_subparsers(title="actions", metavar="ACTION", parser_class=Parser)
    add_json(group)
    listing = add_command(
        actions,
        "list",
        help="the models that come with ganapps (what `ganapps models` does)",
        description="List the models that come with ganapps.",
        examples="  ganapps models list --json",
        run=run_list,
    )
    describe = add_command(
        actions,
        "describe",
        help="what one model is: task, size, classes, training, licence",
        description="Describe a model by what its own file says, or by probing one from elsewhere.",
        examples="  ganapps models describe photo-x4",
        run=run_describe,
    )
    describe.add_argument("model", metavar="NAME|FILE")
    verify = add_command(
        actions,
        "verify",
        help="check the SHA-256 of the models that come with ganapps",
        description="Check the SHA-256 of every shipped model; exit code 1 where one differs.",
        examples="  ganapps models verify",
        run=run_verify,
    )
    for parser in (listing, describe, verify):
        add_json(parser, argparse.SUPPRESS)


def run_list(args: argparse.Namespace) -> int:
    """Print a line a model."""
    from ganapps.runtime.zoo import list_weights

    weights = list_weights()
    if args.json:
        print_json([asdict(entry) for entry in weights])
    else:
        rows = [(entry.name, entry.task, entry.licence, entry.description) for entry in weights]
        print_table(("name", "task", "licence", "description"), rows)
    return 0


def run_describe(args: argparse.Namespace) -> int:
    """Print what a model's file says of itself."""
    from ganapps.runtime.session import Session
    from ganapps.runtime.zoo import find_weights

    path = find_weights(args.model)
    session = Session(path, on_note=functools.partial(message, quiet=args.quiet))
    described = {"file": str(path), "bytes": path.stat().st_size, **asdict(session.contract)}
    probed = {} if session.traits is None else session.traits.described()
    if args.json:
        print_json(described | ({"probed": probed} if probed else {}))
        return 0
    fields = described | probed
    print_table(
        ("field", "value"),
        [(name, _shown(value)) for name, value in fields.items() if value not in (None, "", ())],
    )
    card = path.with_suffix(".md")
    if card.is_file():
        print("\n" + card.read_text(encoding="utf-8").rstrip())
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Print whether each model's file is whole."""
    from ganapps.runtime.zoo import list_weights, verify

    whole = {entry: verify(entry) for entry in list_weights()}
    if args.json:
        print_json([{"name": entry.name, "file": entry.file, "ok": ok} for entry, ok in whole.items()])
    else:
        print_table(
            ("name", "file", ""), [(e.name, e.file, "ok" if ok else "damaged") for e, ok in whole.items()]
        )
    damaged = [entry.name for entry, ok in whole.items() if not ok]
    if damaged:
        raise ModelError(f"damaged or missing: {', '.join(damaged)}; install ganapps again")
    message("all models are whole", quiet=args.quiet)
    return 0


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
