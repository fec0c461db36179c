"""`ganapps augment` from a folder to a verdict: what is asked first, what is printed, what goes on."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganapps.augment import augment
from ganapps.cli import augment_report
from ganapps.cli.augment_options import typed
from ganapps.cli.main import build_parser

Run = Callable[..., Any]


class Coin:
    """A classifier that guesses: right in 9 of 10 cases, by the image's own luck."""

    name = "coin"

    def keep_only(self, policy: Any) -> None:
        pass

    def predict(self, pool: Any, policy: Any, asked: Any, rows: Any, *, seed: int) -> np.ndarray:
        sums = asked.pixels[rows].sum(axis=(1, 2, 3), dtype=np.int64)
        return np.array([np.random.default_rng((seed, int(total))).integers(2) for total in sums])


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    """Twelve test images of each class of `labelled`."""
    random = np.random.default_rng(9)
    for name in ("circle", "line 2"):
        (tmp_path / "held out" / name).mkdir(parents=True)
        for index in range(12):
            pixels = random.integers(0, 256, (16, 16), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "held out" / name / f"{index}.png")
    return tmp_path / "held out"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from ganapps.augment.proof import proof

    monkeypatch.setattr(proof, "_learners", lambda *args: [Coin()])


@pytest.mark.usefixtures("quick")
def test_from_a_folder_to_a_verdict(
    ganapps: Run, labelled: Path, held_out: Path, tmp_path: Path, drawing: Path
) -> None:
    out = tmp_path / "larger"
    outcome = ganapps("augment", labelled, "-o", out, "-m", drawing, "--test", held_out, "--seeds", "7")
    assert (outcome.code, outcome.err) == (0, "")
    proof = json.loads((out / "proof.json").read_text())
    assert proof["seeds"] == 7
    said = outcome.out.split("\n")
    # The verdict goes before the tables it rests on.
    verdict = said.index(proof["sentence"])
    assert said[verdict - 2] == f"look at {out / 'report.html'}"
    assert said[verdict - 3] == f"10 synthetic images added to 10 real ones: {out / 'images'}"
    assert said[verdict + 2].startswith("coin, classic policy: ")
    assert said[-2] == f"written: {out / 'proof.json'}, {out / 'report.html'}"
    assert "7 paired seeds" in outcome.out
    typed_again = shlex.split(json.loads((out / "report.json").read_text())["command"])
    assert typed_again[:3] == ["ganapps", "augment", str(labelled)]
    assert typed_again[-2:] == ["--seeds", "7"]
    again = ganapps(*typed_again[1:])
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith(f"{out} is finished, its proof too: see {out / 'report.html'}; ")


@pytest.mark.usefixtures("quick")
def test_a_proof_that_is_stopped_is_all_that_the_same_command_makes(
    ganapps: Run,
    labelled: Path,
    held_out: Path,
    tmp_path: Path,
    drawing: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ganapps.augment.proof import proof

    def stop(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "larger"
    arguments = ("augment", labelled, "-o", out, "-m", drawing, "--test", held_out)
    with monkeypatch.context() as patch:
        patch.setattr(proof, "prove", stop)
        stopped = ganapps(*arguments)
    assert stopped.code == 130
    assert stopped.err == (
        f"interrupted: {out} is whole, and the same command makes the proof that is missing\n"
    )
    files = {path: path.read_bytes() for path in (out / "images").rglob("*.png")}
    assert len(files) == 20
    assert "Not measured" in (out / "report.html").read_text()
    other = ganapps(*arguments, "--seed", "1")
    assert (other.code, other.out) == (1, "")
    assert f"{out} holds a set that was made with another --seed; " in other.err
    going_on = ganapps(*arguments)
    assert (going_on.code, going_on.err) == (0, "")
    sentence = json.loads((out / "proof.json").read_text())["sentence"]
    assert going_on.out.startswith(
        f"{out} holds this set already: what is left is its proof\n\n{sentence}\n\ncoin, classic policy: "
    )
    assert files == {path: path.read_bytes() for path in (out / "images").rglob("*.png")}
    assert sentence[1:] in (out / "report.html").read_text()


@pytest.mark.usefixtures("quick")
def test_quiet_and_json(ganapps: Run, labelled: Path, held_out: Path, tmp_path: Path, drawing: Path) -> None:
    quiet = ganapps("augment", labelled, "-o", tmp_path / "a", "-m", drawing, "--test", held_out, "-q")
    sentence = json.loads((tmp_path / "a" / "proof.json").read_text())["sentence"]
    added = f"10 synthetic images added to 10 real ones: {tmp_path / 'a' / 'images'}"
    assert quiet.out == f"{added}\n{sentence}\n"
    told = ganapps("augment", labelled, "-o", tmp_path / "b", "-m", drawing, "--test", held_out, "--json")
    values = json.loads(told.out)
    assert values["out"] == str(tmp_path / "b")
    assert values["proof"] == json.loads((tmp_path / "b" / "proof.json").read_text())
    assert (values["added"], values["check"]["test"]["images"]) == (10, 24)
    assert values["memorisation"]["reference"] == "held-out"
    assert values["kind"] == "synthetic"


def test_the_proof_can_be_left_out(
    ganapps: Run, labelled: Path, held_out: Path, tmp_path: Path, drawing: Path
) -> None:
    out = tmp_path / "larger"
    arguments = ("-o", out, "-m", drawing, "--test", held_out, "--no-proof", "--licence", "CC0")
    outcome = ganapps("augment", labelled, *arguments)
    assert outcome.code == 0
    assert outcome.out.endswith(f"look at {out / 'report.html'}\n")
    assert not (out / "proof.json").exists()
    assert "CC0" in (out / "README.md").read_text()


def test_a_proof_that_cannot_be_made_is_refused_before_any_work(
    ganapps: Run,
    labelled: Path,
    held_out: Path,
    tmp_path: Path,
    drawing: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "larger"
    arguments = ("augment", labelled, "-o", out, "-m", drawing, "--test", held_out)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        outcome = ganapps(*arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "the proof of ganapps augment --test needs PyTorch: pip install 'ganapps[train]', or leave the proof"
        " out with --no-proof\n"
    )
    pytest.importorskip("torch")
    for path in (held_out / "circle").iterdir():
        path.unlink()
    (held_out / "circle").rmdir()
    outcome = ganapps(*arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"{held_out} has no image of class 'circle', which {labelled} has;")
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--classic-only", "-m", "a"), "--classic-only uses no generator: leave out --model"),
        (("--classic-only", "--minutes", "3"), "--classic-only uses no generator: leave out --minutes"),
        (("--policy", "light"), "--policy is for --classic-only: give it as well, or leave out --policy"),
        (
            ("--extra", "more"),
            "--extra is about the proof, which needs --test TEST: give it, or leave out --extra",
        ),
        (
            ("--no-proof",),
            "--no-proof is about the proof, which needs --test TEST: give it, or leave out --no-proof",
        ),
        (
            ("--test", "t", "--no-proof", "--seeds", "6"),
            "--seeds is for the proof and --no-proof leaves it out: give one of them",
        ),
    ],
)
def test_options_that_do_not_go_together(
    ganapps: Run, labelled: Path, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    outcome = ganapps("augment", labelled, "-o", tmp_path / "larger", *options)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"{sentence}\n")


def test_classic_copies_and_their_policy(ganapps: Run, labelled: Path, tmp_path: Path) -> None:
    pytest.importorskip("albumentations")
    out = tmp_path / "larger"
    arguments = ("--classic-only", "--policy", "affine, mirrored", "--per-class", "7")
    checked = ganapps("augment", labelled, "--check", *arguments)
    assert checked.out.endswith(
        "\nplan: change copies of the real images by the policy 'affine, mirrored', and add 4 of them (7 a"
        " class with the real ones)\n"
    )
    assert "expect:" not in checked.out
    outcome = ganapps("augment", labelled, "-o", out, *arguments)
    assert outcome.code == 0
    assert (
        "\nclassic policy: affine, mirrored (move 0.1, turn_deg 15, zoom 0.15, shear_deg 5, mirror True,"
        " colour 0.0, random_changes 0)\nnamed with --policy, not tuned; best applied afresh in training, the"
        f" copies are a fixed sample\n4 classic-augmented copies added to 10 real ones: {out / 'images'}\n"
    ) in outcome.out
    assert (out / "images" / "circle" / "classic-000002.png").is_file()
    wrong = ganapps("augment", labelled, "-o", tmp_path / "b", "--classic-only", "--policy", "afine")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("--policy must be one of 'light'; ")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    "line",
    [
        "ganapps augment 'my data' --output out",
        "ganapps augment d --output 'o o' --minutes 2.5 --per-class 9 --test t --extra e --seeds 8",
        "ganapps augment d --output o --classic-only --policy 'affine, mirrored' --test t --no-proof",
        "ganapps augment d --output o --model m.onnx --licence 'CC0; \"free\"' --threads 2",
    ],
)
def test_the_command_that_is_kept_can_be_typed_again(line: str) -> None:
    first = build_parser().parse_args(shlex.split(line)[1:])
    second = build_parser().parse_args(shlex.split(typed(first))[1:])
    kept = [
        {name: value for name, value in vars(args).items() if name not in ("parser", "run")}
        for args in (first, second)
    ]
    assert kept[0] == kept[1]
    assert len(shlex.split(typed(first))) == len(shlex.split(line))


def test_where_nothing_was_added_the_ways_that_are_left_are_named(
    labelled: Path, tmp_path: Path, drawing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = augment(labelled, tmp_path / "larger", model=drawing)
    assert report.added
    none = replace(report, classes=tuple(replace(entry, added=0) for entry in report.classes))
    full = replace(none, classes=tuple(replace(entry, wanted=0) for entry in none.classes))
    unlabelled, classic = (
        "real images without labels (--unlabeled DIR)",
        "classic augmentation (--classic-only)",
    )
    for case, ways in (
        (report, None),
        (full, None),
        (none, f"{unlabelled}, or {classic}"),
        (replace(none, unlabelled={"precision_expected": 0.9}), classic),
        (replace(none, kind="classic"), unlabelled),
    ):
        args = build_parser().parse_args(["augment", str(labelled), "-o", str(tmp_path / "larger")])
        augment_report.print_expansion(case, args)
        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("what is left")]
        assert said == ([] if ways is None else [f"what is left to try: {ways}"])
