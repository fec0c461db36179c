"""`ganapps`: reads the command line, runs one command, turns every failure into a sentence and an exit code.

0    done
1    failed, in whole or in part
2    the command line asks for something that cannot be
130  stopped with Ctrl-C
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

from ganapps import __version__
from ganapps.errors import GanappsError

from . import augment, benchmark, doctor, export, models, prove, train, upscale
from .parser import Parser, add_quiet

_DESCRIPTION = """\
Enlarge pictures, and grow small labelled sets of them, with adversarial
networks. Upscaling and sampling run on ONNX Runtime alone; training needs
PyTorch: pip install 'ganapps[train]'."""

_EXAMPLES = """\
examples:
  ganapps upscale photo.jpg -o photo_x4.png
  ganapps augment my-classes/ -o my-classes-larger/
  ganapps prove my-classes/ my-classes-larger/ --test my-test/
  ganapps models
  ganapps doctor
  ganapps upscale --help"""


def build_parser() -> Parser:
    """The parser of all commands. Building it imports nothing outside the standard library."""
    parser = Parser(prog="ganapps", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"ganapps {__version__}")
    add_quiet(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for command in (upscale, augment, prove, train, export, models, benchmark, doctor):
        command.add_to(commands)
    parser.set_defaults(run=None, parser=parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: arguments without the program's name; None means those of the process.
    """
    args = argparse.Namespace(interrupted="interrupted")
    try:
        _survive_odd_names()
        # About odd tags in a picture: what matters of them is reported by the rooms, in sentences.
        warnings.filterwarnings("ignore", module="PIL")
        code = _run(argv, args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _fail(args.interrupted, 130)
    except GanappsError as error:
        return _fail(str(error), error.exit_code)
    except OSError as error:
        return _fail_for_system(error)
    except MemoryError:
        return _fail("out of memory: close other programs, or give smaller images or a smaller --tile", 1)
    except Exception as error:
        return _fail_unexpectedly(error)


def _run(argv: Sequence[str] | None, args: argparse.Namespace) -> int:
    """Parse into `args`, run the command, and return its exit code."""
    parser = build_parser()
    try:
        _, extras = parser.parse_known_args(argv, args)
    except SystemExit:  # after --help and --version
        return 0
    if extras:
        args.parser.refuse(extras)
    if args.run is None:
        args.parser.print_help(sys.stderr)
        return 2
    code: int = args.run(args)
    return code


def _survive_odd_names() -> None:
    """Let file names that the terminal's encoding cannot show be printed with escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _fail(sentence: str, code: int) -> int:
    # Standard error may be gone as well; the exit code still tells.
    with contextlib.suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)
    return code


def _fail_for_system(error: OSError) -> int:
    """An error of the operating system that no room has put into words of its own."""
    # Files are written by the rooms, whose errors name them; what has no name here is standard output.
    if isinstance(error, BrokenPipeError):  # as in `ganapps models | head -1`: nobody wants to know more
        _abandon_output()
        return 1
    if error.errno == errno.ENOSPC and error.filename is None:
        _abandon_output()
        return _fail("cannot write to standard output: no space left on the device", 1)
    if os.environ.get("GANAPPS_DEBUG"):
        traceback.print_exc()
    where = f"{error.filename}: " if error.filename is not None else ""
    return _fail(f"{where}{error.strerror or error}", 1)


def _abandon_output() -> None:
    """Point standard output at nothing, so that the interpreter's own flush at exit does not complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail_unexpectedly(error: Exception) -> int:
    if os.environ.get("GANAPPS_DEBUG"):
        traceback.print_exc()
        return 1
    first = (str(error).strip().splitlines() or [""])[0]
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return _fail(f"unexpected {what}; set GANAPPS_DEBUG=1 for the traceback", 1)


if __name__ == "__main__":
    sys.exit(main())
