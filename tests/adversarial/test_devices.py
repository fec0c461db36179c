"""Two processes play the game that one would: the same gradients, the same decisions, one checkpoint.

Run as a script, this file is one of the two processes; the tests read what both wrote down.
"""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from ganapps.adversarial import (
    NON_SATURATING,
    R1,
    R2,
    AdaptiveAugment,
    Budget,
    Game,
    LeCam,
    Match,
    Trainer,
    TrainingOptions,
    devices,
    place,
    share_of,
)
from ganapps.errors import TrainingDiverged, UsageError

STEPS, BATCH = 6, 8
LOGITS = torch.tensor([[3.0, 1.0, 2.0, 1.0], [1.0, 5.0, 1.0, -2.0]])
"""Real logits of the two processes; r is 1 in the first, 1/2 in the second."""


class Latents(Game):
    """A batch is images and latents, so that nothing random differs between one process and two.

    Args:
        rules: regularisers of the match.
        seed: the weights'; the processes start from different ones.
        poison_at: the turn of the generator at which this process has a NaN.
    """

    def __init__(self, rules=(), seed=1, poison_at=None):
        torch.manual_seed(seed)
        critic = nn.Sequential(nn.Conv2d(2, 8, 3), nn.Tanh(), nn.Flatten(), nn.Linear(32, 1))
        super().__init__(nn.Sequential(nn.Linear(3, 32), nn.Unflatten(1, (2, 4, 4))), critic)
        self.match = Match(objective=NON_SATURATING, regularisers=rules)
        self.turns, self.poison_at = 0, poison_at

    def discriminator_losses(self, batch):
        real, latents = batch
        return self.match.discriminator_losses(self.discriminator, real, self.generator(latents))

    def generator_losses(self, batch):
        self.turns += 1
        real, latents = batch
        losses = self.match.generator_losses(self.discriminator, real, self.generator(latents))
        return {"adversarial": losses["adversarial"] * (math.nan if self.turns == self.poison_at else 1)}


def batches(index):
    dice = torch.Generator().manual_seed(index)
    return 2 + torch.randn(BATCH, 2, 4, 4, generator=dice), torch.randn(BATCH, 3, generator=dice)


def doubled(index):
    return tuple(torch.cat(pair) for pair in zip(batches(2 * index), batches(2 * index + 1), strict=True))


def options(budget=None, **changes):
    budget = budget or Budget(images=2 * BATCH * STEPS)
    changes = {
        "batch_size": BATCH,
        "learning_rate": 2e-3,
        "discriminator_steps": 2,
        "clip": 0.5,
        "checkpoint_every_sec": 1e9,
        **changes,
    }
    return TrainingOptions(budget=budget, **changes)


def rules(name):
    return [R1(0.7), R2(0.3)] if name == "slopes" else [LeCam(0.3, decay=0.75)]


def found(trainer):
    """Weights, buffers, the averaged generator, and the gradients of the last turns."""
    network = trainer.game
    return {
        **network.state_dict(),
        **{f"ema.{name}": value for name, value in trainer.ema.network.state_dict().items()},
        **{f"{name}.grad": weight.grad for name, weight in network.named_parameters()},
    }


def trained(name, source=batches, **changes):
    trainer = Trainer(Latents(rules(name), seed=1 + place()[0]), source, options(**changes))
    trainer.run()
    return found(trainer)


def one_of_two(folder):
    """What each process does. Nothing here may hang where the other one fails: then its connection breaks."""
    rank, size = place()
    results = {"place": (rank, size), "share": share_of(10)}
    try:
        share_of(9)
    except UsageError as error:
        results["refusal"] = str(error)
    results["slopes"], results["LeCam"] = trained("slopes"), trained("LeCam")
    results["channels last"] = trained("slopes", channels_last=True)

    augment = AdaptiveAugment(lambda x: x, images_to_certain=100, every=2)
    for _ in range(4):
        augment.observe(LOGITS[rank])
    results["probability"] = augment.probability

    reports = []
    trainer = Trainer(
        Latents(), batches, options(), checkpoint=folder / f"{rank}.pt", on_report=reports.append
    )
    trainer.run()
    results["reports"] = len(reports)

    # The second process is slower and has an hour more on its clock: the first one's counts.
    pause, clock = 0.02 * rank, time.monotonic
    if rank:
        time.monotonic = lambda: clock() + 3600 * (clock() % 2 > 1)
    slow = Trainer(Latents(), lambda i: (time.sleep(pause), batches(i))[1], options(Budget(minutes=0.01)))
    slow.run()
    time.monotonic = clock
    results["minutes"] = (slow.step, slow.seconds)

    # Only the second process meets the NaN; both go back.
    game = Latents(rules("slopes"), poison_at=4 if rank else None)
    saved = folder / "shared.pt"
    unsteady = Trainer(game, batches, options(), checkpoint=saved, on_report=reports.append)
    unsteady.run()
    results["rolled back"] = (unsteady.rollbacks, unsteady.step, found(unsteady))
    results["notes"] = [note for report in reports for note in report.notes]
    try:
        poisoned = Latents(poison_at=4 if rank else None)
        Trainer(poisoned, batches, options(guard=False)).run()
    except TrainingDiverged as error:
        results["stopped"] = str(error)

    # Only the first process sees its discriminator win; both regularise more strongly.
    watched = Trainer(Latents(rules("slopes")), batches, options(batch_size=1000))
    for _ in range(13):
        watched.game.match.observed = {"told apart": torch.tensor(1.0 - rank)}
        watched.guard.look(watched.images, watched._images_a_step)
    results["strength"] = watched.game.match.strength.item()
    torch.save(results, folder / f"results{rank}.pt")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What the two processes wrote down, and their folder."""
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {
        **os.environ,
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=300)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(errors)
    return folder, [torch.load(folder / f"results{rank}.pt") for rank in range(2)]


def test_the_processes_know_their_places_and_shares(both):
    _, results = both
    assert [r["place"] for r in results] == [(0, 2), (1, 2)]
    assert [r["share"] for r in results] == [5, 5]
    assert results[0]["refusal"] == (
        "a batch of 9 images cannot be shared evenly among 2 devices: make it a multiple of 2"
    )


@pytest.mark.parametrize("name", ["slopes", "LeCam", "channels last"])
def test_both_end_with_identical_weights(both, name):
    first, second = (r[name] for r in both[1])
    for key, value in first.items():
        assert torch.equal(value, second[key]), key


def compare(two, one):
    assert set(two) == set(one)
    started = Latents().state_dict()
    moved = [key for key, value in started.items() if key in two and not torch.allclose(value, two[key])]
    assert {key.split(".")[0] for key in moved} >= {"generator", "discriminator"}
    for key, value in one.items():
        torch.testing.assert_close(two[key], value, rtol=1e-4, atol=1e-6, msg=lambda m, k=key: f"{k}: {m}")


@pytest.mark.parametrize("name", ["slopes", "LeCam"])
def test_two_processes_equal_one_with_the_doubled_batch(both, name):
    """Gradient penalties, clipping, LeCam's moving averages and the averaged generator included."""
    one = trained(name, doubled, batch_size=2 * BATCH)
    compare(both[1][0][name], one)


def test_two_processes_equal_one_that_accumulates_two_batches(both):
    compare(both[1][0]["slopes"], trained("slopes", accumulate=2))


def test_two_processes_differ_from_one_with_the_single_batch(both):
    """The comparisons above would fail if the second process's batches did not count."""
    alone = trained("slopes", lambda index: batches(2 * index), budget=Budget(images=BATCH * STEPS))
    with pytest.raises(AssertionError, match="not close"):
        compare(both[1][0]["slopes"], alone)


def test_weights_kept_in_another_order_are_shared_alike(both):
    compare(both[1][0]["channels last"], trained("slopes", accumulate=2))


def test_adaptive_augmentation_counts_the_images_of_all_devices(both):
    """Every second turn it moves by 2 * 8 / 100, as one process that sees all eight logits would."""
    one = AdaptiveAugment(lambda x: x, images_to_certain=100, every=2)
    for _ in range(4):
        one.observe(LOGITS.flatten())
    assert one.probability.item() == pytest.approx(0.32)
    assert [r["probability"].item() for r in both[1]] == pytest.approx([0.32, 0.32])


def test_only_the_first_writes_and_reports(both):
    folder, results = both
    assert (folder / "0.pt").exists() and not (folder / "1.pt").exists()
    assert results[0]["reports"] > 0 and results[1]["reports"] == 0


def test_a_budget_of_minutes_ends_both_at_the_same_step(both):
    first, second = (r["minutes"] for r in both[1])
    assert first == second and first[0] >= 1 and first[1] >= 0.6


def test_a_nan_in_one_process_takes_both_back(both):
    first, second = (r["rolled back"] for r in both[1])
    assert first[:2] == second[:2] == (1, STEPS)
    for key, value in first[2].items():
        assert torch.equal(value, second[2][key]), key
    assert both[1][0]["notes"] == [
        f"generator/adversarial became nan after {3 * 2 * BATCH} images; training went back to 0 images and"
        " goes on at half the learning rates; try a lower learning rate or a larger R1"
    ]
    stopped = [r["stopped"] for r in both[1]]
    assert stopped[0] == stopped[1] and stopped[0].startswith(
        "generator/adversarial became nan after 48 images"
    )


def test_what_the_first_process_sees_decides_for_both(both):
    assert [r["strength"] for r in both[1]] == [2.0, 2.0]


def test_without_torchrun_the_block_is_a_single_process(monkeypatch):
    for name in ("WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    with devices() as number:
        assert number == 0 and place() == (0, 1) and share_of(9) == 9


if __name__ == "__main__":
    torch.set_num_threads(1)
    with devices("gloo"):
        one_of_two(Path(sys.argv[1]))
