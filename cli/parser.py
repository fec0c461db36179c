"""The argument parser of every command: one-sentence errors, exact option names, values with their limits."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ganapps.errors import UsageError


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, and that takes no abbreviated option names."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}; see {self.prog} --help")

    def refuse(self, extras: Sequence[str]) -> NoReturn:
        """Say what is wrong with the arguments that nothing has asked for.

        Raises:
            UsageError: always.
        """
        unknown = next((extra for extra in extras if extra.startswith("-") and extra != "-"), None)
        if unknown is None:
            self.error(
                f"unexpected argument {extras[0]!r}; inputs stand together, before or after the options"
            )
        name = unknown.partition("=")[0]
        known = [option for action in self._actions for option in action.option_strings]
        close = difflib.get_close_matches(name, known, n=1)
        self.error(f"unknown option {name}" + (f" (did you mean {close[0]}?)" if close else ""))


def add_command(
    commands: argparse._SubParsersAction[Parser],
    name: str,
    *,
    help: str,
    description: str,
    examples: str,
    run: Callable[[argparse.Namespace], int],
    interrupted: str = "interrupted",
) -> Parser:
    """A parser for one command, with what every command takes.

    Args:
        commands: what `add_subparsers` returned.
        name: the word that is typed.
        help: the line in the list of commands.
        description: what the command does, in full.
        examples: lines to type, shown under the options.
        run: does the command and returns its exit code.
        interrupted: the sentence to say after Ctrl-C.
    """
    parser = commands.add_parser(name, help=help, description=description, epilog=f"examples:\n{examples}")
    add_quiet(parser, argparse.SUPPRESS)
    parser.set_defaults(run=run, parser=parser, interrupted=interrupted)
    return parser


def add_quiet(parser: argparse.ArgumentParser, default: Any = False) -> None:
    """`--quiet`. A command suppresses its own default, which would undo `ganapps --quiet COMMAND`."""
    parser.add_argument(
        "-q", "--quiet", action="store_true", default=default, help="print errors and asked-for results only"
    )


def add_json(parser: argparse.ArgumentParser, default: Any = False) -> None:
    """`--json`. An action of a command suppresses its own default, as with `--quiet`."""
    parser.add_argument("--json", action="store_true", default=default, help="print the result as JSON")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """`--threads`."""
    parser.add_argument(
        "--threads", type=whole(1), metavar="N", help="CPU threads (default: the cores this process may use)"
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed`."""
    parser.add_argument(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="the same seed gives the same result (default: 0)",
    )


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type for whole numbers between two limits, both allowed.

    Example:
        >>> whole(1, 100)("95")
        95
    """
    wanted = (
        f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    )

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"must be {wanted}, got {text!r}")
        return value

    return parse


def positive(text: str) -> float:
    """A type for finite numbers above zero.

    Example:
        >>> positive("0.5")
        0.5
    """
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return value


def share(text: str) -> float:
    """A type for numbers from 0 to 1, both allowed.

    Example:
        >>> share("0.25")
        0.25
    """
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got {text!r}")
    return value


def _number(text: str) -> float:
    """NaN, which lies between no limits, where the text is no number."""
    try:
        return float(text)
    except ValueError:
        return math.nan
