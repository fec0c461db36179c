"""What `ganapps prove` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from ganapps.augment.proof import proof
from ganapps.augment.proof.arms import Arm
from ganapps.augment.proof.report import ArmResult, Comparison, NetworkResult, ProofReport
from ganapps.augment.proof.verdict import Effect
from ganapps.metrics.paired import PairedDifference

ARGUMENTS = ("prove", "data", "larger", "--test", "test")


def arm(name: Arm, images: int, share: float) -> ArmResult:
    return ArmResult(
        arm=name,
        images=images,
        accuracy=(share,) * 6,
        balanced_accuracy=(share - 0.01,) * 6,
        recall=(share, share - 0.02),
    )


def compared(measure: str) -> Comparison:
    return Comparison(
        first=Arm.CLASSIC,
        second=Arm.SELECTED,
        measure=measure,
        difference=PairedDifference(
            mean=0.05,
            low=0.01,
            high=0.09,
            seeds_half_width=0.01,
            images_half_width=0.035,
            of_seeds=(0.04, 0.06) * 3,
        ),
        p_value=0.03125,
        effect=Effect.HELPS,
    )


REPORT = ProofReport(
    classes=("cat", "[dog]"),
    real=(10, 10),
    added=((5, 5),),
    test=(60, 40),
    near_copies=2,
    seeds=6,
    seed=0,
    updates=400,
    missing={Arm.UNFILTERED: "the generator is not kept beside the expanded set"},
    networks=(
        NetworkResult(
            network="from scratch",
            policy="affine, mirrored",
            validation=0.8125,
            policies=(),
            arms=(arm(Arm.CLASSIC, 20, 0.75), arm(Arm.SELECTED, 30, 0.8)),
            comparisons=(compared("balanced accuracy"), compared("accuracy")),
        ),
    ),
    labeller=0.873,
    seconds=3.0,
)

PRINTED = """\
from scratch, classic policy: affine, mirrored (held-out 81.2%)
trained on          images   accuracy   balanced   weakest class
────────────────────────────────────────────────────────────────
real + classic          20       75.0       74.0   73.0 [dog]
+ selected images       30       80.0       79.0   78.0 [dog]

balanced accuracy                          difference   95 % interval       p   verdict
───────────────────────────────────────────────────────────────────────────────────────
+ selected images against real + classic         +5.0    +1.0 to +9.0   0.031   helps

6 paired seeds, 400 updates from scratch, 100 test images, 1 expansion
one expansion says nothing of other trainings of its generator: give several
2 test images left out: nearly the same as a real image trained on
+ unfiltered synthetic: not measured, the generator is not kept beside the expanded set

"""
VERDICT = (
    "helps: +5.0 points of balanced accuracy, 95 % interval +1.0 to +9.0, sign-flip p 0.031, beside tuned"
    " classic augmentation (from scratch)\n"
)
LABELLER = "classifier.onnx itself, which labelled the unlabelled images, has 87.3% balanced accuracy\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the room was asked for; it answers with `REPORT`."""
    told: dict[str, Any] = {}

    def prove(data: Path, expanded: list[Path], test: Path, **options: Any) -> ProofReport:
        told.update(options, data=data, expanded=expanded, test=test)
        return REPORT

    monkeypatch.setattr(proof, "prove", prove)
    return told


def test_the_table_and_the_verdict(asked: dict[str, Any], ganapps: Callable[..., Any]) -> None:
    outcome = ganapps(*ARGUMENTS)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == PRINTED + VERDICT + LABELLER
    del asked["on_progress"]
    assert asked == {
        "data": Path("data"),
        "expanded": [Path("larger")],
        "test": Path("test"),
        "extra": None,
        "seeds": 8,
        "updates": None,
        "seed": 0,
        "threads": None,
    }


def test_quiet_leaves_the_verdict(asked: dict[str, Any], ganapps: Callable[..., Any]) -> None:
    outcome = ganapps(*ARGUMENTS, "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, VERDICT, "")


def test_json(asked: dict[str, Any], ganapps: Callable[..., Any]) -> None:
    outcome = ganapps(
        "prove", "data", "one", "two", "--test", "test", "--extra", "more", "--seeds", "8", "--json"
    )
    values = json.loads(outcome.out)
    assert (values["verdict"], values["decisive_network"]) == ("helps", "from scratch")
    assert values["sentence"] + "\n" == VERDICT
    assert values["networks"][0]["arms"][1]["recall"] == [0.8, 0.78]
    assert asked["expanded"] == [Path("one"), Path("two")]
    assert (asked["extra"], asked["seeds"]) == (Path("more"), 8)


def test_too_few_seeds(ganapps: Callable[..., Any]) -> None:
    outcome = ganapps(*ARGUMENTS, "--seeds", "5")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "ganapps prove: argument --seeds: must be a whole number from 6 to 20, got '5';"
        " see ganapps prove --help\n"
    )


def test_a_test_set_that_is_the_training_set(tmp_path: Path, ganapps: Callable[..., Any]) -> None:
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(3):
            pixels = random.integers(256, size=(16, 16), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "data" / name / f"{number}.png"), pixels)
    data = str(tmp_path / "data")
    outcome = ganapps("prove", data, data, "--test", data)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        f"6 of 6 images of {data} are in {data} as well, one is {tmp_path / 'data/cat/0.png'}: a test on"
        " images that were trained on proves nothing, take them out of one of the two\n"
    )
