"""`ganapps doctor`: is this installation sound, and what can it do?"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from .parser import Parser, add_command, add_json
from .printing import message, print_json, print_table

_DESCRIPTION = """\
Show versions, the devices that upscaling and PyTorch can run on, threads, and
whether the models that come with ganapps are whole. Exit code 1 where
something is broken; an extra that is not installed is no fault."""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "doctor",
        help="check the installation and show what it can do",
        description=_DESCRIPTION,
        examples="  ganapps doctor\n  ganapps doctor --json",
        run=run,
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print every finding and return 1 where one is a fault."""
    from .findings import examine

    findings = examine()
    faults = [finding for finding in findings if finding.state == "fault"]
    if args.json:
        print_json({"ok": not faults, "findings": [asdict(finding) for finding in findings]})
        return 1 if faults else 0
    print_table(("", "what", "found"), [(f.state, f.name, f.value) for f in findings])
    for fault in faults:
        message(f"{fault.name}: {fault.advice}")
    message("all is well" if not faults else f"{len(faults)} to mend", quiet=args.quiet)
    return 1 if faults else 0
