"""Help, wrong options, and what each failure prints and returns."""

from __future__ import annotations

import argparse
import errno
import os
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any

import pytest

import ganapps as package
from ganapps.cli import doctor
from ganapps.cli.main import build_parser
from ganapps.cli.parser import Parser
from ganapps.errors import DataError, UsageError

COMMANDS = {
    ("upscale",),
    ("augment",),
    ("prove",),
    ("train", "upscale"),
    ("train", "augment"),
    ("export",),
    ("models",),
    ("models", "list"),
    ("models", "describe"),
    ("models", "verify"),
    ("benchmark", "upscale"),
    ("benchmark", "augment"),
    ("benchmark", "core"),
    ("benchmark", "speed"),
    ("benchmark", "startup"),
    ("doctor",),
}


def commands_of(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Parser]:
    """Every command that can be run, with its parser."""
    found: dict[tuple[str, ...], Parser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                found |= commands_of(child, (*path, name))
    if parser.get_default("run") is not None:
        found[path] = parser  # type: ignore[assignment]
    return found


def test_commands() -> None:
    assert set(commands_of(build_parser())) == COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS), ids=" ".join)
def test_help_shows_examples_that_parse(command: tuple[str, ...], ganapps: Callable[..., Any]) -> None:
    outcome = ganapps(*command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: ganapps {' '.join(command)} ")
    _, _, examples = outcome.out.partition("\nexamples:\n")
    lines = [line for line in examples.splitlines() if line.strip()]
    assert lines
    for line in lines:
        _, _, typed = line.partition("ganapps ")
        arguments = typed.partition(" > ")[0].split()
        _, extras = build_parser().parse_known_args(arguments)
        assert not extras, line


@pytest.mark.parametrize("command", sorted(COMMANDS), ids=" ".join)
def test_every_option_is_explained(command: tuple[str, ...]) -> None:
    for action in commands_of(build_parser())[command]._actions:
        if action.option_strings:
            assert action.help, action.option_strings


def test_version(ganapps: Callable[..., Any]) -> None:
    outcome = ganapps("--version")
    assert (outcome.code, outcome.out) == (0, f"ganapps {package.__version__}\n")


def test_no_command_prints_the_help_as_an_error(ganapps: Callable[..., Any]) -> None:
    outcome = ganapps()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: ganapps")


@pytest.mark.parametrize("group", ["train", "benchmark"])
def test_a_group_without_its_command_prints_the_help_as_an_error(
    group: str, ganapps: Callable[..., Any]
) -> None:
    outcome = ganapps(group)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"usage: ganapps {group}")


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        ("upscale", "in.png -o out.png --ovrwrite", "unknown option --ovrwrite (did you mean --overwrite?)"),
        ("upscale", "in.png -o out.png --over", "unknown option --over (did you mean --overwrite?)"),
        ("train upscale", "photos -o run --batch=3", "unknown option --batch"),
        (
            "upscale",
            "a.png -o out b.png",
            "unexpected argument 'b.png'; inputs stand together, before or after the options",
        ),
        ("upscale", "in.png", "the following arguments are required: -o/--output"),
        (
            "upscale",
            "in.png -o out.png --quality 101",
            "argument --quality: must be a whole number from 1 to 100, got '101'",
        ),
        (
            "upscale",
            "in.png -o out.png --tile none",
            "argument --tile: must be a whole number of at least 16, got 'none'",
        ),
        ("augment", "data -o out --minutes 0", "argument --minutes: must be a number above 0, got '0'"),
        ("augment", "data -o out --minutes nan", "argument --minutes: must be a number above 0, got 'nan'"),
        (
            "augment",
            "data -o out --seed -1",
            "argument --seed: must be a whole number of at least 0, got '-1'",
        ),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(
    command: str, arguments: str, sentence: str, ganapps: Callable[..., Any]
) -> None:
    outcome = ganapps(*command.split(), *arguments.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"ganapps {command}: {sentence}; see ganapps {command} --help\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "augment data -o out --model g.onnx --minutes 3",
            "--minutes is a budget of training and --model trains nothing: give one of them",
        ),
        (
            "augment data -o out --model g.onnx --images 3",
            "--images is a budget of training and --model trains nothing: give one of them",
        ),
        ("upscale - a.png -o out.png", "a stream is one image: give one input with -, got 2"),
        ("upscale - -o - --json", "--json describes files: leave it out where an image goes through -"),
    ],
)
def test_options_that_make_no_sense_together(
    arguments: str, sentence: str, ganapps: Callable[..., Any]
) -> None:
    outcome = ganapps(*arguments.split())
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"{sentence}\n")


def test_an_unknown_option_before_the_command(ganapps: Callable[..., Any]) -> None:
    outcome = ganapps("--frob", "doctor")
    assert outcome.code == 2
    assert outcome.err == "ganapps doctor: unknown option --frob; see ganapps doctor --help\n"


def test_an_unknown_command_is_named(ganapps: Callable[..., Any]) -> None:
    outcome = ganapps("enlarge")
    assert outcome.code == 2
    assert outcome.err.startswith("ganapps: argument COMMAND: invalid choice: 'enlarge'")
    assert outcome.err.count("\n") == 1


def failing(error: BaseException) -> Callable[[Any], int]:
    def run(args: Any) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (DataError("photos/ has no images"), 1, "photos/ has no images"),
        (UsageError("a is b"), 2, "a is b"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(errno.EACCES, "Permission denied", "a.png"), 1, "a.png: Permission denied"),
        (
            MemoryError(),
            1,
            "out of memory: close other programs, or give smaller images or a smaller --tile",
        ),
        (
            ValueError("first\nsecond"),
            1,
            "unexpected ValueError: first; set GANAPPS_DEBUG=1 for the traceback",
        ),
        (RuntimeError(), 1, "unexpected RuntimeError; set GANAPPS_DEBUG=1 for the traceback"),
    ],
)
def test_every_failure_is_one_sentence(
    error: BaseException,
    code: int,
    sentence: str,
    ganapps: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GANAPPS_DEBUG", raising=False)
    monkeypatch.setattr(doctor, "run", failing(error))
    outcome = ganapps("doctor")
    assert (outcome.code, outcome.out, outcome.err) == (code, "", f"{sentence}\n")


def test_debugging_shows_the_traceback_of_the_unexpected_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganapps.cli.main import main

    monkeypatch.setenv("GANAPPS_DEBUG", "1")
    monkeypatch.setattr(doctor, "run", failing(ValueError("odd")))
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("Traceback")
    assert printed.endswith("ValueError: odd\n")
    monkeypatch.setattr(doctor, "run", failing(DataError("photos/ has no images")))
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err == "photos/ has no images\n"


PRINTING = """
import sys
from ganapps.cli import doctor
from ganapps.cli.main import main
doctor.run = lambda args: print("x" * 100_000) or 0
sys.exit(main(["doctor"]))
"""


def start_printing(stdout: int | IO[Any], unbuffered: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRINTING],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_error_to_speak_of(unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    outcome = start_printing(writing, unbuffered)
    os.close(writing)
    assert (outcome.returncode, outcome.stderr) == (1, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_device_behind_standard_output_is_named(unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        outcome = start_printing(full, unbuffered)
    assert outcome.returncode == 1
    assert outcome.stderr == "cannot write to standard output: no space left on the device\n"
