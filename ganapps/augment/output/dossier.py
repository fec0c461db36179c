"""What lies beside the images of an expanded set for a person to read, kept in step with each other.

    OUT/report.json    all facts
    OUT/README.md      a data card
    OUT/report.html    a page with pictures
    OUT/proof.json     where a proof was made

The card and the page are written from the two JSON files and the images alone, so they can be written again
when a proof comes later.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...export.card import UNKNOWN_LICENCE
from ...runtime.files import write_atomically
from ..page.page import write_page
from .data_card import write_card
from .expansion import PROOF, REPORT, read_expansion
from .origin import Licence, find_licence, read_text
from .report import ExpansionReport


def write_dossier(folder: Path, report: ExpansionReport, *, run: Path | None = None) -> None:
    """Write the report, the card and the page of a set whose images and manifest are written.

    Args:
        folder: the set's.
        report: what was done.
        run: the folder of its training, for its curves; None where there was none.

    Raises:
        OutputError: something cannot be written.
    """
    _write_json(folder / REPORT, report.as_json())
    expansion = read_expansion(folder)
    write_card(expansion)
    write_page(expansion, run=run)


def add_proof(out: Path, proof: Mapping[str, Any]) -> None:
    """Add a proof to a set that is whole.

    The report names it last: while it does not, the proof counts as not made.

    Args:
        out: the set's folder.
        proof: what `ProofReport.as_json` gives, and what more there is to say.

    Raises:
        DataError: what lies in the folder is damaged.
        OutputError: something cannot be written; what was there before still stands.
    """
    _write_json(out / PROOF, proof)
    expansion = read_expansion(out)
    write_card(expansion)
    write_page(expansion, run=out / "training")
    summary = {"file": PROOF, **{key: proof[key] for key in ("verdict", "sentence")}}
    _write_json(out / REPORT, {**expansion.report, "proof": summary})


def carry_licence(data: Path, folder: Path, given: str | None) -> Licence:
    """The licence of the real images, whose file is copied where it is not given.

    Args:
        data: the real set.
        folder: where the copy goes.
        given: the licence in words; None looks for a file.
    """
    if given is not None:
        return Licence(text=given)
    path = find_licence(data)
    text = None if path is None else read_text(path)
    if path is None or text is None:
        return Licence(text=UNKNOWN_LICENCE)
    shutil.copyfile(path, folder / path.name)
    return Licence(text=text.split("\n", 1)[0].strip("# \t\r")[:120] or path.name, file=path.name)


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(values, indent=2).encode("utf-8") + b"\n")
