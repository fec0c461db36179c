"""`ganapps benchmark core`: its table, loops that train alike, and what is said without torchgan."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ganapps.adversarial.benchmark import core as benchmark
from ganapps.adversarial.benchmark import loops
from ganapps.adversarial.benchmark.core import count_operations
from ganapps.adversarial.benchmark.loops import CoreLoop, PlainLoop, Setting

Run = Callable[..., Any]
TINY = Setting(width=2, batch=4)
COMMAND = ["benchmark", "core", "--seconds", "0.05", "--width", "2", "--batch", "4"]


@pytest.fixture
def no_torchgan(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ModuleNotFoundError("No module named 'torchgan'", name="torchgan.models")

    def refuse(name: str) -> Any:
        raise missing

    monkeypatch.setattr(loops, "importlib", SimpleNamespace(import_module=refuse))


@pytest.mark.parametrize("penalty", [False, True])
def test_both_loops_train_the_same_networks_alike(monkeypatch: pytest.MonkeyPatch, penalty: bool) -> None:
    # The core draws from a new seed every round, a plain loop does not; here all draws are alike.
    noise = torch.randn(4, 100, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(torch, "randn", lambda *shape, **_: noise[: shape[0]])
    setting = Setting(width=2, batch=4, penalty=penalty)
    core, plain = CoreLoop(setting), PlainLoop(setting)
    start = {name: value.clone() for name, value in plain.discriminator.state_dict().items()}
    for loop in (core, plain):
        loop.play(3)
        loop.play(2)
    game = core.trainer.game
    assert core.trainer.step == plain.step == 5
    for ours, theirs in (
        (game.generator, plain.generator),
        (game.discriminator, plain.discriminator),
        (core.trainer.ema.network, plain.average),
    ):
        assert ours is not None
        for name, value in ours.state_dict().items():
            torch.testing.assert_close(value, theirs.state_dict()[name], rtol=1e-4, atol=1e-5, msg=name)
    assert any(
        not torch.equal(value, start[name]) for name, value in plain.discriminator.state_dict().items()
    )


def test_the_penalty_changes_the_game() -> None:
    plain, penalised = (PlainLoop(Setting(width=2, batch=4, penalty=p)) for p in (False, True))
    for loop in (plain, penalised):
        torch.manual_seed(0)
        loop.play(1)
    assert not torch.equal(plain.discriminator[0].weight, penalised.discriminator[0].weight)


def test_operations_are_those_that_pytorch_counts() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    loop = PlainLoop(TINY)
    with FlopCounterMode(display=False) as counter:
        loop.play(1)
    assert count_operations(TINY) == counter.get_total_flops() > 0
    assert count_operations(Setting(width=2, batch=4, penalty=True)) > count_operations(TINY)
    assert count_operations(Setting(width=2, batch=8)) == 2 * count_operations(TINY)


def test_the_overhead_is_the_median_over_pairs() -> None:
    speeds = [(90.0, 100.0), (98.0, 100.0), (50.0, 110.0), (99.0, 90.0)]
    core, plain = benchmark._rows("game", ["ganapps", PlainLoop.name], speeds, 2e9, 0.5)
    assert (core.images_a_second, plain.images_a_second) == (94.0, 100.0)
    assert core.overhead == pytest.approx(median([100 / 90, 100 / 98, 110 / 50, 90 / 99]) - 1)
    assert core.overhead_quartiles is not None
    pairs = sorted(b / a - 1 for a, b in speeds)
    assert pairs[0] < core.overhead_quartiles[0] < median(pairs) < core.overhead_quartiles[1] < pairs[-1]
    assert (plain.overhead, plain.overhead_quartiles, plain.repeats) == (None, None, 4)
    assert plain.tflops == pytest.approx(0.2)
    assert plain.peak_share == pytest.approx(0.4)


def test_turns_are_taken_by_all_and_in_both_orders() -> None:
    played: list[str] = []

    class Noted(loops.Loop):
        def __init__(self, name: str) -> None:
            self.name = name

        def play(self, rounds: int) -> None:
            played.append(self.name)

    turns = list(benchmark._turns([Noted("a"), Noted("b")], TINY, 1e-9))
    assert len(turns) == 3
    assert all(len(speeds) == 2 for _, speeds in turns)
    assert turns[-1][0] == 1.0
    # Two to warm up, one to see how long a round takes, then the turns.
    assert "".join(played) == "ab" + "b" + "ba" + "ab" + "ba"


def test_the_table(ganapps: Run, no_torchgan: None) -> None:
    outcome = ganapps(*COMMAND)
    assert outcome.code == 0
    assert outcome.err == "torchgan is not installed, so its row is left out: pip install torchgan\n"
    heading, _, *rows = outcome.out.splitlines()
    assert heading.split("  ")[0] == "game" and "% of peak" not in heading
    assert [("DCGAN 32 x 32" in row, "the same with R1" in row) for row in rows] == [
        (True, False),
        (True, False),
        (False, True),
        (False, True),
    ]
    assert ["ganapps" in row for row in rows] == [True, False, True, False]
    assert ["PyTorch by hand" in row for row in rows] == [False, True, False, True]


def test_as_json_with_a_peak(ganapps: Run, no_torchgan: None) -> None:
    answer = json.loads(ganapps(*COMMAND, "--json", "--peak-tflops", "0.5").out)
    assert answer["device"] == "cpu"
    rows = answer["rows"]
    assert len(rows) == 4
    for core, plain in (rows[:2], rows[2:]):
        low, high = core["overhead_quartiles"]
        assert low <= core["overhead"] <= high
        assert plain["overhead"] is None
        for row in (core, plain):
            assert row["repeats"] >= 3
            assert row["peak_share"] == pytest.approx(row["tflops"] / 0.5)
        assert core["tflops"] / plain["tflops"] == pytest.approx(
            core["images_a_second"] / plain["images_a_second"]
        )
    assert "% of peak" in ganapps(*COMMAND, "--peak-tflops", "0.5").out.splitlines()[0]


def test_a_torchgan_that_does_not_work_is_a_note(ganapps: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SimpleNamespace(import_module=lambda name: SimpleNamespace())
    monkeypatch.setattr(loops, "importlib", broken)
    outcome = ganapps(*COMMAND)
    assert outcome.code == 0
    assert outcome.err.startswith("torchgan does not work here, so its row is left out (AttributeError: ")


def test_torchgan_trains_both_players() -> None:
    pytest.importorskip("torchgan", reason="torchgan is not installed")
    assert importlib.import_module("torchgan.trainer")
    loop = loops.TorchganLoop(TINY)
    players = (loop._trainer.generator, loop._trainer.discriminator)
    before = [next(player.parameters()).clone() for player in players]
    loop.play(2)
    assert all(not torch.equal(next(p.parameters()), b) for p, b in zip(players, before, strict=True))


def test_limits_are_said(ganapps: Run) -> None:
    assert ganapps("benchmark", "core", "--seconds", "0").code == 2
    assert ganapps("benchmark", "core", "--batch", "1").code == 2
    outcome = ganapps("benchmark", "core", "--device", "frob")
    assert outcome.code == 2 and outcome.err.startswith("--device frob cannot be used here (")
