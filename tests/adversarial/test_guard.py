"""What a training does when it goes wrong: it goes back, regularises more, says so, and stops in the end."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from ganapps.adversarial import (
    NON_SATURATING,
    R1,
    Action,
    AdaptiveAugment,
    Best,
    Budget,
    DiffAugment,
    Game,
    LeCam,
    Match,
    Trainer,
    TrainingOptions,
    Watch,
    load_checkpoint,
)
from ganapps.errors import TrainingDiverged, UsageError

BATCH = 500
DIVERGED = (
    "generator/adversarial became nan after {:,} images; training went back to {:,} images and goes on at"
    " half the learning rates; try a lower learning rate or a larger R1"
)
STOPPED = (
    "generator/adversarial became nan after {:,} images; training stopped, and its last checkpoint is from"
    " before; try a lower learning rate or a larger R1"
)
WON = (
    "after {:,} images, the discriminator tells 100 % of real and generated images apart; {}; try a larger"
    " R1, DiffAugment where images are few, or a lower rate for the discriminator"
)
STRONGER = "its regularisers are twice as strong from now on"
COLLAPSED = "the generator has collapsed: its images spread {:.0f} % as far as real ones"
LOWER = "try a relativistic objective, R1 with R2, or a lower learning rate"


class Line(Game):
    """Numbers around 10 that a generator of one weight and one bias must draw.

    Args:
        poison: which turns of the generator, counted over roll-backs, end in NaN.
        narrow_from: the step from which all generated numbers are nearly one.
    """

    def __init__(self, poison=(), rules=(), narrow_from=None):
        torch.manual_seed(1)
        critic = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
        super().__init__(nn.Linear(1, 1), critic)
        self.match = Match(objective=NON_SATURATING, regularisers=rules)
        self.poison, self.turns, self.judged, self.narrow_from = set(poison), 0, 0, narrow_from
        self.drawn = []

    def fake(self, real):
        latents = torch.randn_like(real)
        self.drawn.append(latents[0].item())
        spread = 1.0 if self.narrow_from is None or self.judged < self.narrow_from else 1e-3
        return self.generator(spread * latents)

    def discriminator_losses(self, batch):
        self.judged += 1
        return self.match.discriminator_losses(self.discriminator, batch, self.fake(batch))

    def generator_losses(self, batch):
        self.turns += 1
        losses = self.match.generator_losses(self.discriminator, batch, self.fake(batch))
        return {"adversarial": losses["adversarial"] * (math.nan if self.turns in self.poison else 1)}


def batches(index):
    return 10 + 0.5 * torch.randn(BATCH, 1, generator=torch.Generator().manual_seed(index))


def options(steps, **changes):
    given = {"budget": Budget(images=BATCH * steps), "batch_size": BATCH, "learning_rate": 1e-3}
    # A checkpoint at the start and one at the end, however slow the machine is.
    return TrainingOptions(**{**given, "checkpoint_every_sec": 1e9, **changes})


def trainer_of(game, steps, path=None, **changes):
    """A trainer and the notes of its reports."""
    notes = []
    trainer = Trainer(
        game, batches, options(steps, **changes), checkpoint=path, on_report=lambda r: notes.extend(r.notes)
    )
    return trainer, notes


class TestRollBack:
    def test_it_goes_back_halves_the_rates_and_goes_on(self, tmp_path):
        """The sixth turn fails; the checkpoint is of step 0, as none is due before the end."""
        game = Line(poison=[6])
        trainer, notes = trainer_of(game, 10, tmp_path / "checkpoint.pt")
        trainer.run()
        assert (trainer.step, trainer.images, trainer.rollbacks) == (10, 10 * BATCH, 1)
        assert game.turns == 6 + 10
        assert notes == [DIVERGED.format(5 * BATCH, 0)]
        rates = [player.optimizer.param_groups[0]["lr"] for player in trainer.players.values()]
        assert rates == [5e-4, 5e-4]
        assert game.drawn[0] != game.drawn[12], "the same draws would lead to the same end"

    def test_it_goes_back_no_further_than_the_last_checkpoint(self, tmp_path):
        trainer, notes = trainer_of(Line(poison=[6]), 10, tmp_path / "checkpoint.pt", checkpoint_every_sec=0)
        trainer.run()
        assert notes == [DIVERGED.format(5 * BATCH, 5 * BATCH)]

    def test_the_state_is_the_checkpoints(self, tmp_path):
        """Weights, optimisers and average right after going back are those of step 0."""
        path = tmp_path / "checkpoint.pt"
        trainer, _ = trainer_of(Line(poison=[6]), 10, path)
        trainer.save()
        at_start = load_checkpoint(path)
        kept = []
        played = trainer._play

        def play(source):
            if trainer.rollbacks:
                kept.append(load_checkpoint(path))
            played(source)

        trainer._play = play
        trainer.run()
        (after,) = kept
        assert after["rollbacks"] == 1 and after["step"] == 0 and after["seconds"] > 0
        for part in ("game", "ema"):
            for name, value in at_start[part].items():
                assert torch.equal(value, after[part][name]), name
        assert all(state["state"] == {} for state in after["optimizers"].values())

    def test_two_times_at_most(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        game = Line(poison=range(3, 1000))
        trainer, notes = trainer_of(game, 10, path)
        with pytest.raises(TrainingDiverged) as stop:
            trainer.run()
        assert str(stop.value) == STOPPED.format(0)
        assert game.turns == 3 + 1 + 1
        assert notes == [DIVERGED.format(2 * BATCH, 0), DIVERGED.format(0, 0)], "said before the end"
        assert load_checkpoint(path)["rollbacks"] == 2

    def test_how_often_it_went_back_survives_a_resume(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        with pytest.raises(TrainingDiverged):
            trainer_of(Line(poison=range(3, 1000)), 10, path)[0].run()
        resumed, notes = trainer_of(Line(poison=[2]), 10, path)
        resumed.resume()
        assert resumed.rollbacks == 2
        with pytest.raises(TrainingDiverged):
            resumed.run()
        assert resumed.players["generator"].optimizer.param_groups[0]["lr"] == 2.5e-4 and not notes

    def test_a_resumed_run_equals_the_unbroken_one_after_going_back(self, tmp_path, cut_short):
        """The draws and the rates of a run depend on how often it went back."""
        unbroken, _ = trainer_of(Line(poison=[6]), 10, tmp_path / "unbroken.pt")
        unbroken.run()
        path = tmp_path / "cut.pt"
        cut, _ = trainer_of(Line(poison=[6]), 10, path)
        cut_short(cut, 8)
        rest, _ = trainer_of(Line(), 10, path)
        rest.resume()
        assert (rest.step, rest.rollbacks) == (8, 1)
        rest.run()
        for name, value in unbroken.game.state_dict().items():
            assert torch.equal(value, rest.game.state_dict()[name]), name

    @pytest.mark.parametrize("guard", [True, False])
    def test_without_a_guard_or_a_checkpoint_it_stops_at_once(self, tmp_path, guard):
        game = Line(poison=[3])
        trainer, notes = trainer_of(game, 10, None if guard else tmp_path / "c.pt", guard=guard)
        with pytest.raises(TrainingDiverged) as stop:
            trainer.run()
        assert str(stop.value) == STOPPED.format(2 * BATCH)
        assert game.turns == 3 and not notes


def winning(watch, images=1000, count=100):
    """The findings of 100,000 images of a discriminator that always wins, by the images seen."""
    found = [
        (n * images, watch.see({"told apart": 1.0, "diversity": 1.0}, images)) for n in range(1, count + 1)
    ]
    return [(at, finding) for at, finding in found if finding]


class TestWatch:
    def test_a_winning_discriminator(self):
        """0.995 is passed at 2000 log2(100) = 13,288 images, then it must last for 10,000."""
        found = winning(Watch())
        assert [at for at, _ in found] == [23_000, 33_000, 43_000, 53_000], "and then it is left alone"
        assert [f.action for _, f in found] == [Action.STRENGTHEN] * 3 + [Action.NOTHING]
        assert f"after 53,000 images, {found[-1][1].sentence()}" == WON.format(53_000, "nothing was done")

    def test_it_depends_on_images_and_not_on_how_they_are_batched(self):
        found = winning(Watch(), images=100, count=1000)
        assert [at for at, _ in found] == [23_200 + 10_000 * i for i in range(4)]

    def test_one_lost_turn_in_many_starts_the_patience_anew(self):
        watch = Watch(told_apart=1.0)
        for _ in range(50):
            for _ in range(9):
                assert watch.see({"told apart": 1.0}, 1000) is None
            assert watch.see({"told apart": 0.9}, 1000) is None

    def test_an_even_match_is_left_alone(self):
        watch = Watch()
        assert not any(watch.see({"told apart": 0.6, "diversity": 0.9}, 1000) for _ in range(200))

    def test_a_collapse_is_met_by_regularising_and_then_by_stopping(self):
        watch = Watch()
        found = [watch.see({"told apart": 0.6, "diversity": d}, 1000) for d in [0.9] + [0.05] * 80]
        found = [finding for finding in found if finding]
        assert [f.action for f in found[:4]] == [Action.STRENGTHEN] * 3 + [Action.STOP]
        assert found[3].happened == COLLAPSED.format(5)
        assert found[0].sentence() == (f"{COLLAPSED.format(5)}; {STRONGER}; {LOWER}")

    def test_images_that_never_spread_have_not_collapsed(self):
        """At the start of a training all generated images are alike."""
        watch = Watch()
        assert not any(watch.see({"told apart": 0.6, "diversity": 0.05}, 1000) for _ in range(100))

    def test_without_a_diversity_only_the_verdicts_are_watched(self):
        watch = Watch()
        found = [watch.see({"told apart": 1.0}, 1000) for _ in range(30)]
        assert sum(finding is not None for finding in found) == 1

    def test_its_state_is_all_that_it_remembers(self):
        watch = Watch()
        first = winning(watch, count=37)
        other = Watch(**watch.state())
        assert other == watch and len(first) == 2
        assert winning(other, count=10) == winning(watch, count=10) != []


class TestWatchedTraining:
    """A generator of next to no learning rate stays at 0, while the data lie at 10."""

    lost = {"learning_rate": 1e-12, "discriminator_learning_rate": 1e-2}

    def test_the_discriminator_wins(self, tmp_path):
        """Regularisers are made stronger three times; then it is said once that nothing is done."""
        game = Line(rules=[R1(1e-3)])
        path = tmp_path / "checkpoint.pt"
        trainer, notes = trainer_of(game, 140, path, **self.lost)
        trainer.run()
        assert game.match.strength.item() == 8
        assert [n.split(";")[1].strip() for n in notes] == [STRONGER] * 3 + ["nothing was done"]
        first = int(notes[0].split()[1].replace(",", ""))
        assert 23_000 <= first < 30_000
        assert notes[0] == WON.format(first, STRONGER)
        assert load_checkpoint(path)["watches"]["match"]["strengthened"] == 4

    def test_a_match_without_regularisers_says_that_nothing_was_done(self):
        trainer, notes = trainer_of(Line(), 70, **self.lost)
        trainer.run()
        first = int(notes[0].split()[1].replace(",", ""))
        assert notes[0] == WON.format(first, "nothing was done, as it has no regularisers")

    def test_without_a_guard_nothing_is_said_or_done(self):
        game = Line(rules=[R1(1e-3)])
        reports = []
        trainer = Trainer(game, batches, options(70, guard=False, **self.lost), on_report=reports.append)
        trainer.run()
        assert game.match.strength.item() == 1 and not any(report.notes for report in reports)
        assert reports[-1].scalars["match/told apart"] > 0.9, "but it is seen"

    def test_a_collapse_stops_the_training_in_the_end(self):
        """No checkpoint to go back to; the generator draws nearly one number from the eleventh turn on."""
        game = Line(rules=[R1(1e-3)], narrow_from=11)
        with torch.no_grad():
            game.generator.weight.fill_(0.5)
            game.generator.bias.fill_(10.0)
        trainer, notes = trainer_of(game, 500, learning_rate=1e-12)
        with pytest.raises(TrainingDiverged) as stop:
            trainer.run()
        assert [f"; {STRONGER}; {LOWER}" in note for note in notes] == [True] * 3
        assert all("the generator has collapsed: its images spread " in note for note in notes)
        assert str(stop.value) == (
            f"after {trainer.images:,} images, {COLLAPSED.format(0)}; training stopped, and its last"
            f" checkpoint is from before; {LOWER}"
        )
        assert game.match.strength.item() == 8

    def test_a_resumed_run_acts_as_the_unbroken_one(self, tmp_path):
        """Cut between two interventions, it makes the second at the same image."""
        _, unbroken = run_to_end(trainer_of(Line(rules=[R1(1e-3)]), 80, **self.lost))
        path = tmp_path / "checkpoint.pt"
        first, early = trainer_of(Line(rules=[R1(1e-3)]), 55, path, **self.lost)
        first.run()
        second, late = trainer_of(Line(rules=[R1(1e-3)]), 80, path, **self.lost)
        second.resume()
        assert (
            second.guard.watches == first.guard.watches and second.guard.watches["match"].winning_images > 0
        )
        second.run()
        assert early + late == unbroken and len(early) == len(late) == 1
        assert second.game.match.strength.item() == 4


def run_to_end(pair):
    pair[0].run()
    return pair


class Pictures(Game):
    """All that remembers something, in one game."""

    def __init__(self):
        torch.manual_seed(2)
        critic = nn.Sequential(nn.Conv2d(2, 8, 3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(32, 1))
        super().__init__(
            nn.Sequential(nn.Linear(3, 32), nn.BatchNorm1d(32), nn.Unflatten(1, (2, 4, 4))), critic
        )
        augment = AdaptiveAugment(DiffAugment(translation=0.25), target=0.0, images_to_certain=500, every=3)
        self.match = Match(objective=NON_SATURATING, regularisers=[R1(0.1), LeCam()], augment=augment)
        self.stop_at, self.turns = None, 0

    def fake(self, real):
        return self.generator(torch.randn(len(real), 3))

    def discriminator_losses(self, real):
        return self.match.discriminator_losses(self.discriminator, real, self.fake(real))

    def generator_losses(self, real):
        self.turns += 1
        if self.turns == self.stop_at:
            raise KeyboardInterrupt
        return self.match.generator_losses(self.discriminator, real, self.fake(real))


def pictures(index):
    return 1 + torch.randn(8, 2, 4, 4, generator=torch.Generator().manual_seed(index))


def full(path, steps=14):
    """A score that rises and falls, so that the best is neither the first nor the last."""
    given = TrainingOptions(
        budget=Budget(images=8 * 3 * steps),
        batch_size=8,
        accumulate=3,
        discriminator_steps=2,
        learning_rate=1e-2,
        warmup=0.2,
        final_rate=0.1,
        clip=1.0,
        checkpoint_every_sec=0,
    )

    def evaluate(network):
        return {"score": -abs(network[0].bias.mean().item() - 0.01)}

    best = Best("score")
    return Trainer(Pictures(), pictures, given, checkpoint=path, evaluate=evaluate, best=best)


def test_a_resumed_run_equals_the_unbroken_one_with_all_that_remembers(tmp_path):
    """It is cut in the middle of a generator's turn, and goes on from the checkpoint of before."""
    unbroken = full(tmp_path / "unbroken.pt")
    unbroken.run()
    cut = full(tmp_path / "cut.pt")
    cut.game.stop_at = 3 * 7 + 2  # the second of three batches of the eighth turn
    with pytest.raises(KeyboardInterrupt):
        cut.run()
    resumed = full(tmp_path / "cut.pt")
    torch.manual_seed(77)
    resumed.resume()
    assert resumed.step == 7
    resumed.run()
    ours, theirs = (load_checkpoint(tmp_path / f"{name}.pt") for name in ("cut", "unbroken"))
    assert ours["step"] == 14 and ours["watches"] == theirs["watches"]
    game = ours["game"]
    assert game["match.augment.probability"] > 0 and game["match.regularisers.1.started"]
    for part in ("game", "ema"):
        for name, value in theirs[part].items():
            assert torch.equal(value, ours[part][name]), name
    best, best_unbroken = ours["best"], theirs["best"]
    assert (best["value"], best["images"]) == (best_unbroken["value"], best_unbroken["images"])
    for name, value in best_unbroken["weights"].items():
        assert torch.equal(value, best["weights"][name]), name


class TestBest:
    def see(self, best, *values):
        network = nn.Linear(1, 1)
        for images, value in enumerate(values, 1):
            nn.init.constant_(network.weight, float(images))
            best.see({"score": value, "other": 100.0}, images, network)
        return best.value, best.images, best.weights["weight"].item() if best.weights else None

    def test_the_highest_or_the_lowest_with_its_weights(self):
        assert self.see(Best("score"), 1.0, 3.0, 2.0, 3.0) == (3.0, 2, 2.0), "the first of equals"
        assert self.see(Best("score", highest=False), 2.0, 3.0, 1.0, 1.0) == (1.0, 3, 3.0)

    def test_nan_and_other_scores_change_nothing(self):
        assert self.see(Best("score"), math.nan, 1.0, math.nan) == (1.0, 2, 2.0)
        assert self.see(Best("missing"), 1.0) == (None, 0, None)

    def test_it_survives_a_checkpoint(self):
        best, other = Best("score"), Best("score")
        self.see(best, 1.0, 5.0)
        other.load(best.state())
        assert self.see(other, 4.0) == (5.0, 2, 2.0)


def test_accumulated_batches_are_one_large_batch():
    """Without anything random, the mean of the gradients of two batches is that of both together."""

    class Given(Line):
        def fake(self, real):
            return self.generator(real - 10)

    halves, _ = trainer_of(Given(rules=[R1(0.1)]), 10, accumulate=2)
    halves.run()
    whole = Trainer(
        Given(rules=[R1(0.1)]),
        lambda i: torch.cat([batches(2 * i), batches(2 * i + 1)]),
        options(10, batch_size=2 * BATCH),
    )
    whole.run()
    assert halves.step == whole.step == 5 and halves.images == whole.images
    for name, value in whole.game.state_dict().items():
        torch.testing.assert_close(halves.game.state_dict()[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["clip", "discriminator_learning_rate", "accumulate"])
def test_what_would_silently_do_nothing_is_refused(name):
    with pytest.raises(UsageError, match=rf"^{name} must be above 0( or None)?, got 0$"):
        options(1, **{name: 0})
