"""One word on a difference, and what the report says of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ganapps.augment.proof.arms import Arm
from ganapps.augment.proof.report import ArmResult, Comparison, NetworkResult, PolicyScore, ProofReport
from ganapps.augment.proof.verdict import Effect, judge
from ganapps.metrics.paired import PairedDifference


def difference(low: float, high: float, *, seeds: float = 0.001, images: float = 0.01) -> PairedDifference:
    middle = (low + high) / 2
    return PairedDifference(
        mean=middle,
        low=low,
        high=high,
        seeds_half_width=seeds,
        images_half_width=images,
        of_seeds=(middle,) * 6,
    )


@pytest.mark.parametrize(
    ("found", "p_value", "effect"),
    [
        (difference(0.001, 0.2), 0.03125, Effect.HELPS),
        (difference(-0.2, -0.001), 0.03125, Effect.HURTS),
        (difference(0.001, 0.2), 0.0625, Effect.FEW_SEEDS),
        (difference(-0.2, -0.001), 0.0625, Effect.FEW_SEEDS),
        (difference(-0.01, 0.03), 0.03125, Effect.NO_EFFECT),
        (difference(0.0, 0.0), 1.0, Effect.NO_EFFECT),
        (difference(-0.01, 0.031), 0.5, Effect.SMALL_TEST),
        (difference(-0.01, 0.031, seeds=0.02), 0.5, Effect.FEW_SEEDS),
    ],
)
def test_every_verdict(found: PairedDifference, p_value: float, effect: Effect) -> None:
    assert judge(found, p_value) is effect


def network(name: str, validation: float, found: PairedDifference | None, p_value: float) -> NetworkResult:
    arm = ArmResult(
        arm=Arm.REAL, images=20, accuracy=(0.5,) * 6, balanced_accuracy=(0.5,) * 6, recall=(0.4, 0.6)
    )
    compared = []
    if found:
        compared = [
            Comparison(
                first=Arm.CLASSIC,
                second=Arm.SELECTED,
                measure="balanced accuracy",
                difference=found,
                p_value=p_value,
                effect=judge(found, p_value),
            )
        ]
    return NetworkResult(
        network=name,
        policy="light",
        validation=validation,
        policies=(PolicyScore(name="light", score=validation, folds=3),),
        arms=(arm,),
        comparisons=tuple(compared),
    )


def report(*networks: NetworkResult) -> ProofReport:
    return ProofReport(
        classes=("a", "b"),
        real=(10, 10),
        added=((5, 5),),
        test=(60, 40),
        near_copies=0,
        seeds=6,
        seed=0,
        updates=300,
        missing={},
        networks=networks,
        labeller=None,
        seconds=1.0,
    )


HELPS = network("worse", 0.7, difference(0.02, 0.04), 0.03125)


def test_the_network_with_the_better_held_out_score_decides() -> None:
    found = report(HELPS, network("better", 0.8, difference(-0.03, -0.01), 0.03125))
    assert found.effect is Effect.HURTS
    assert found.sentence() == (
        "hurts: -2.0 points of balanced accuracy, 95 % interval -3.0 to -1.0, sign-flip p 0.031, beside tuned"
        " classic augmentation (better)"
    )
    assert report(HELPS, network("worst", 0.6, None, 1.0)).effect is Effect.HELPS


def test_a_small_test_set_is_told_how_large_it_should_be() -> None:
    found = report(network("one", 0.7, difference(-0.04, 0.04, images=0.04), 1.0))
    assert found.sentence().startswith("the test set is too small to tell: +0.0 points")
    assert found.sentence().endswith("; 100 test images leave more than 2 points open, about 400 would do")


def test_disagreeing_seeds_are_told_of() -> None:
    found = report(network("one", 0.7, difference(0.01, 0.05), 0.0625))
    assert found.sentence().endswith("; the seeds disagree: give more of them with --seeds")


def test_where_nothing_was_added_nothing_changes() -> None:
    found = replace(report(network("one", 0.7, None, 1.0)), added=((0, 0),))
    assert found.effect is Effect.NO_EFFECT
    assert found.sentence() == "no effect: nothing was added to the 20 real images"


def test_the_report_as_plain_values() -> None:
    values = json.loads(json.dumps(report(HELPS).as_json()))
    assert values["verdict"] == "helps"
    assert values["decisive_network"] == "worse"
    compared = values["networks"][0]["comparisons"][0]
    assert compared["first"] == "real + classic"
    assert compared["difference"]["low"] == 0.02
    assert values["networks"][0]["arms"][0]["recall"] == [0.4, 0.6]
