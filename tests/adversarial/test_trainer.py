"""The loop: it learns, resumes exactly, averages, stops on NaN, and never leaves half a checkpoint."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from ganapps.adversarial import (
    NON_SATURATING,
    R1,
    Budget,
    Ema,
    Game,
    Match,
    RunLog,
    Trainer,
    TrainingOptions,
    load_checkpoint,
    save_checkpoint,
    warmup_cosine,
)
from ganapps.errors import CheckpointError, OutputError, TrainingDiverged, UsageError


class Density(Game):
    """A generator that must place a one-dimensional Gaussian; the data has mean 3 and deviation 0.5."""

    def __init__(self, width: int = 16, poison_at: int | None = None) -> None:
        torch.manual_seed(1)
        critic = nn.Sequential(
            nn.Linear(1, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )
        super().__init__(nn.Linear(1, 1), critic)
        self.match = Match(objective=NON_SATURATING, regularisers=[R1(0.1)])
        self.turns: list[str] = []
        self.poison_at = poison_at

    def fake(self, real):
        return self.generator(torch.randn_like(real))

    def discriminator_losses(self, batch):
        self.turns.append("D")
        fake = self.fake(batch)
        assert not fake.requires_grad, "the frozen generator must build no graph"
        return self.match.discriminator_losses(self.discriminator, batch, fake)

    def generator_losses(self, batch):
        self.turns.append("G")
        losses = self.match.generator_losses(self.discriminator, batch, self.fake(batch))
        if self.turns.count("G") == self.poison_at:
            losses["adversarial"] = losses["adversarial"] * math.nan
        return losses


def batches(index):
    return 3 + 0.5 * torch.randn(64, 1, generator=torch.Generator().manual_seed(index))


def options(images, **changes):
    return TrainingOptions(
        **{"budget": Budget(images=images), "batch_size": 64, "learning_rate": 5e-3, **changes}
    )


def weights(trainer):
    return {
        **trainer.game.state_dict(),
        **{f"ema.{k}": v for k, v in trainer.ema.network.state_dict().items()},
    }


@pytest.mark.parametrize("bf16", [False, True])
def test_learns_where_a_density_lies(bf16):
    trainer = Trainer(Density(), batches, options(64 * 1200, ema_half_life_images=3200, bf16=bf16))
    trainer.run()
    with torch.no_grad():
        made = trainer.ema.network(torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0)))
    assert made.mean().item() == pytest.approx(3, abs=0.15)
    assert made.std().item() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize(("steps", "optimizer"), [(1, "adam"), (3, "adam"), (1, "muon")])
def test_resumed_equals_unbroken_bit_for_bit(tmp_path, steps, optimizer, cut_short):
    # The schedule depends on the budget, so both halves are given the whole one and the first is cut short.
    same = options(64 * 20, discriminator_steps=steps, optimizer=optimizer, warmup=0.2)
    unbroken = Trainer(Density(), batches, same)
    unbroken.run()
    first = Trainer(Density(), batches, same, checkpoint=tmp_path / "checkpoint.pt")
    cut_short(first, 9)
    second = Trainer(Density(), batches, same, checkpoint=tmp_path / "checkpoint.pt")
    torch.manual_seed(999)
    second.resume()
    second.run()
    assert second.images == unbroken.images == 64 * 20
    for name, value in weights(unbroken).items():
        assert torch.equal(value, weights(second)[name]), name


def test_the_game_knows_its_average_and_keeps_no_copy_of_it():
    game = Density()
    assert game.average is game.generator
    names = set(game.state_dict())
    trainer = Trainer(game, batches, options(64))
    assert game.average is trainer.ema.network
    assert set(game.state_dict()) == names


def test_a_run_from_before_an_option_existed_goes_on(tmp_path, cut_short):
    path = tmp_path / "checkpoint.pt"
    cut_short(Trainer(Density(), batches, options(64 * 4), checkpoint=path), 2)
    state = load_checkpoint(path)
    del state["options"]["optimizer"]
    save_checkpoint(path, state)
    Trainer(Density(), batches, options(64 * 4), checkpoint=path).resume()
    with pytest.raises(CheckpointError, match="was started with optimizer = adam, not muon"):
        Trainer(Density(), batches, options(64 * 4, optimizer="muon"), checkpoint=path).resume()


def test_the_callers_random_state_is_left_alone():
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    trainer = Trainer(Density(), batches, options(64 * 3))
    torch.manual_seed(5)
    trainer.run()
    assert torch.equal(torch.randn(3), expected)


def test_k_steps_of_the_discriminator_come_before_each_of_the_generator():
    game = Density()
    Trainer(game, batches, options(64 * 2, discriminator_steps=3)).run()
    assert "".join(game.turns) == "DDDGDDDG"


def test_a_turn_moves_one_player_only():
    game = Density()
    trainer = Trainer(game, batches, options(64))
    before = {name: value.clone() for name, value in game.state_dict().items()}
    trainer._move("discriminator", [batches(0)])
    moved = {name for name, value in game.state_dict().items() if not torch.equal(value, before[name])}
    assert moved and all(name.startswith("discriminator") for name in moved)


def test_frozen_parts_of_a_player_stay_frozen():
    game = Density()
    game.discriminator[0].requires_grad_(False)
    frozen = game.discriminator[0].weight.clone()
    Trainer(game, batches, options(64 * 5)).run()
    assert torch.equal(game.discriminator[0].weight, frozen)


def test_a_game_without_discriminator_is_plain_training():
    class Regression(Game):
        def generator_losses(self, batch):
            return {"pixel": (self.generator(batch) - 2 * batch).square().mean()}

    trainer = Trainer(
        Regression(nn.Linear(1, 1)),
        lambda i: batches(i) - 3,
        options(64 * 400, learning_rate=0.05, final_rate=0.0),
    )
    trainer.run()
    assert trainer.game.generator.weight.item() == pytest.approx(2, abs=0.02)


def test_nan_stops_before_the_weights_are_touched():
    trainer = Trainer(Density(poison_at=4), batches, options(64 * 50))
    with pytest.raises(TrainingDiverged) as stop:
        trainer.run()
    assert str(stop.value) == (
        "generator/adversarial became nan after 192 images; training stopped, and its last checkpoint is from"
        " before; try a lower learning rate or a larger R1"
    )
    assert all(torch.isfinite(value).all() for value in trainer.game.state_dict().values())


def test_reports_are_logged_and_end_at_the_whole_budget(tmp_path):
    reports = []
    log = RunLog(tmp_path / "log.jsonl")
    trainer = Trainer(
        Density(),
        batches,
        options(64 * 10, report_every_sec=0),
        on_report=lambda r: (log(r), reports.append(r)),
        evaluate=lambda network: {"score": 7.0},
    )
    trainer.run()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["images"] for line in lines] == [64 * i for i in range(11)]
    assert lines[-1]["progress"] == 1 and lines[-1]["score"] == 7.0
    assert lines[-1]["generator/adversarial"] > 0
    assert reports[-1].seconds_left == 0


def test_errors_in_the_batch_source_surface():
    def broken(index):
        raise ValueError("no such batch")

    with pytest.raises(ValueError, match="no such batch"):
        Trainer(Density(), broken, options(64)).run()


def test_ema_is_the_geometric_average():
    """With a constant decay b, the average is b^n w_0 + sum (1 - b) b^(n - i) w_i."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 0.0)
    ema = Ema(network, half_life_images=10, ramp=1.0)
    decay = 0.5 ** (5 / 10)
    expected = 0.0
    for i in range(1, 6):
        nn.init.constant_(network.weight, float(i))
        ema.update(network, batch_size=5, images_seen=1000)
        expected = decay * expected + (1 - decay) * i
    assert ema.network.weight.item() == pytest.approx(expected)


def test_schedule_ends_at_its_final_factor():
    assert warmup_cosine(1.0, warmup=0.1, final=0.05) == pytest.approx(0.05)
    assert warmup_cosine(2.0, final=0.05) == pytest.approx(0.05)


def test_budget_needs_a_limit_above_zero():
    with pytest.raises(
        UsageError, match="training needs a budget: give minutes or images, for example --minutes 30"
    ):
        Budget()
    with pytest.raises(UsageError, match="optimizer must be one of adam, muon, got 'sgd'"):
        options(64, optimizer="sgd")
    with pytest.raises(UsageError, match="minutes must be above 0, got -1"):
        Budget(minutes=-1)


class TestCheckpoint:
    def test_another_seed_is_refused_by_name(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        Trainer(Density(), batches, options(64), checkpoint=path).run()
        other = Trainer(Density(), batches, options(64, seed=3), checkpoint=path)
        with pytest.raises(CheckpointError, match=f"the run in {tmp_path} was started with seed = 0, not 3"):
            other.resume()

    def test_a_longer_budget_goes_on(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        Trainer(Density(), batches, options(64), checkpoint=path).run()
        longer = Trainer(Density(), batches, options(128), checkpoint=path)
        longer.resume()
        longer.run()
        assert longer.images == 128

    def test_a_machine_that_computes_in_another_precision_goes_on(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        Trainer(Density(), batches, options(64), checkpoint=path).run()
        elsewhere = Trainer(Density(), batches, options(128, bf16=True), checkpoint=path)
        elsewhere.resume()
        elsewhere.run()
        assert elsewhere.images == 128
        assert all(weight.dtype == torch.float32 for weight in weights(elsewhere).values())

    def test_another_network_is_refused(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        Trainer(Density(), batches, options(64), checkpoint=path).run()
        with pytest.raises(CheckpointError, match="belongs to another network"):
            Trainer(Density(width=8), batches, options(64), checkpoint=path).resume()

    @pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"text" * 100])
    def test_damage_is_said_in_one_sentence(self, tmp_path, damage):
        path = tmp_path / "checkpoint.pt"
        save_checkpoint(path, {"step": 1})
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(CheckpointError, match="is damaged and cannot be read; start a new run$"):
            load_checkpoint(path)

    def test_a_pickle_with_code_in_it_is_not_run(self, tmp_path):
        class Evil:
            def __reduce__(self):
                return (tmp_path.joinpath("ran").touch, ())

        path = tmp_path / "checkpoint.pt"
        torch.save({"format": 1, "evil": Evil()}, path)
        with pytest.raises(CheckpointError):
            load_checkpoint(path)
        assert not (tmp_path / "ran").exists()

    def test_a_failed_write_keeps_the_old_one(self, tmp_path, monkeypatch):
        path = tmp_path / "checkpoint.pt"
        save_checkpoint(path, {"step": 1})

        def full_disk(state, file):
            file.write(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(torch, "save", full_disk)
        with pytest.raises(OutputError, match="cannot write the checkpoint .*No space left on device"):
            save_checkpoint(path, {"step": 2})
        assert load_checkpoint(path)["step"] == 1
        assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]
