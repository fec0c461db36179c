"""OUT/README.md: what an expanded set is, for whoever gets it without its maker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ...runtime.files import write_atomically
from . import findings
from .expansion import KINDS, Expansion

NAME = "README.md"
_SPECIAL = re.compile(r"([\\`*_\[\]|~$<>&])")


def write_card(expansion: Expansion) -> None:
    """Write the data card of a set into its folder, from what its report, manifest and proof say.

    Raises:
        OutputError: it cannot be written.
    """
    text = "\n\n".join(_parts(expansion)) + "\n"
    # A name may hold half a surrogate pair, which UTF-8 cannot.
    write_atomically(expansion.folder / NAME, text.encode("utf-8", errors="replace"))


def plain(text: str) -> str:
    """Text as Markdown that shows it as it is, on one line.

    Example:
        >>> print(plain("a|b <i> [x](y)"))
        a\\|b &lt;i&gt; \\[x\\](y)
    """
    line = " ".join(text.split())
    return _SPECIAL.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(character, f"\\{character}")


def _parts(expansion: Expansion) -> Iterator[str]:
    report = expansion.report
    source = report["source"]
    yield f"# {plain(source['name'])}, expanded"
    yield (
        f"{plain(findings.added(expansion))}. {len(expansion.classes)} classes; made by ganapps"
        f" {plain(report['version'])}. `images/` holds one folder of images a class and nothing else: any"
        " ImageFolder loader reads it as it is."
    )
    yield f"**Does it help?** {plain(findings.verdict(expansion))}."
    yield "## Images"
    yield _counts(expansion)
    shape = source["shape"]
    yield (
        f"The real images are untouched copies of the {source['images']} files of the set; they were worked"
        f" on as {shape['height']} x {shape['width']} px, {'grey' if shape['channels'] == 1 else 'colour'}."
        " Every synthetic image and every changed copy says in its own file what it is: the PNG text"
        " `ganapps.synthetic` or `ganapps.classic`, and the digital source type of the IPTC in XMP."
    )
    yield "## How it was made"
    yield _list(findings.made(expansion) or ["nothing was added"])
    yield from _choices(expansion)
    yield "## Licence"
    yield (
        f"Of the real images, and carried over to what was made of them:"
        f" {plain(findings.licence(expansion))}."
    )
    yield "## Limits"
    yield _list(findings.limits(expansion))
    yield "## Making it again"
    yield from _again(expansion)


def _counts(expansion: Expansion) -> str:
    kinds = expansion.kinds
    heading = ["class", "real", *(KINDS.get(kind, kind) for kind in kinds)]
    rows = [
        [
            entry["name"],
            str(entry["real"]),
            *(str(expansion.counts(entry["name"])[kind]) for kind in kinds),
        ]
        for entry in expansion.classes
    ]
    totals = [sum(int(row[column]) for row in rows) for column in range(1, len(heading))]
    rows.append(["all", *map(str, totals)])
    return "\n".join([_row(heading), _row(["---"] * len(heading), raw=True), *map(_row, rows)])


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else plain(cell) for cell in cells)} |"


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {plain(item)}" for item in items)


def _choices(expansion: Expansion) -> Iterator[str]:
    """What was dropped, or which policy was chosen."""
    policy = findings.policy(expansion)
    if policy is not None:
        numbers = ", ".join(f"{name} {value}" for name, value in policy["numbers"].items())
        yield f"Classic policy: {plain(policy['name'])} ({plain(numbers)}); {plain(policy['chosen'])}."
        return
    totals: Counter[str] = Counter()
    for entry in expansion.classes:
        totals.update(findings.dropped(entry))
    generated = sum(int(entry["generated"]) for entry in expansion.classes)
    yield (
        f"{generated} images were generated. Dropped: {totals['wrong label']} in which a classifier of the"
        f" real images does not see their label, {totals['near-copies']} near-copies of real images, and"
        f" {totals['repeats']} near-copies of images already added."
    )
    amount = expansion.report.get("amount")
    if amount is not None:
        yield (
            f"Of those that passed {totals['far']} were far from their class in pretrained features, and"
            f" {totals['spare']} like others that were taken. How many help was asked in cross-validation on"
            f" the real images: {plain(amount['sentence'])}; {totals['held back']} were held back."
        )
    sentence = findings.memorisation(expansion)
    if sentence is not None:
        yield f"Memorisation: {plain(sentence)}."


def _again(expansion: Expansion) -> Iterator[str]:
    report = expansion.report
    if report["command"]:
        # A fence longer than any run of backticks in the command cannot be closed by it.
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", report["command"])), default=0))
        yield f"{fence}text\n{report['command']}\n{fence}"
    model = f", model SHA-256 {report['model']}" if report["model"] else ""
    yield plain(
        f"Seed {report['seed']}{model}, real images SHA-256 {report['source']['sha256']}. Each line of"
        " manifest.jsonl holds what one added image was made from; the same generator, label and seed, or the"
        " same source image, policy and seed, give the same pixels."
    )
