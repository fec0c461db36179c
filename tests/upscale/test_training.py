"""From photographs to a model: sampling, learning, resuming, and what is said when it cannot be done."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from ganapps.adversarial import Budget, Trainer, load_checkpoint, save_checkpoint
from ganapps.errors import CheckpointError, DataError, ModelError, UsageError
from ganapps.runtime.images import read_image
from ganapps.runtime.upscaler import Upscaler
from ganapps.upscale import recipes, training
from ganapps.upscale.game import UpscalingGame
from ganapps.upscale.held_out import HeldOut, split
from ganapps.upscale.model_file import load_generator
from ganapps.upscale.photographs import CropSampler, load_photographs
from ganapps.upscale.recipes import FIDELITY_X2, FIDELITY_X4, PHOTO_X4
from ganapps.upscale.starting_point import recipe_of, start_from
from ganapps.upscale.training import PairSource, train_upscaler, training_options

TINY = replace(
    FIDELITY_X4, name="tiny", scale=2, width=8, blocks=1, low_px=12, batch_size=4, learning_rate=4e-3
)


def clouds(seed):
    """A smooth random picture: easy to enlarge for whoever has learned to interpolate."""
    coarse = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(10):
        cv2.imwrite(str(folder / f"{i}.png"), clouds(i))
    return folder


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(recipes, "RECIPES", (TINY,))


def test_pairs_are_aligned_and_a_function_of_seed_and_index():
    source = PairSource((clouds(0), clouds(1)), TINY, seed=3)
    low, high = source(5)
    assert low.shape == (4, 3, 12, 12) and high.shape == (4, 3, 24, 24) and low.dtype == torch.uint8
    again = source(5)
    assert torch.equal(low, again.low) and torch.equal(high, again.high)
    assert not torch.equal(low, source(6).low)
    assert not torch.equal(low, PairSource((clouds(0), clouds(1)), TINY, seed=4)(5).low)
    shrunk = high.float().unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
    assert (shrunk - low.float()).abs().mean() < 3, "the low picture must be the high one, shrunk in place"


def test_crops_prefer_detail_and_keep_the_grid():
    flat = np.zeros((64, 64, 3), np.uint8)
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :, None], (64, 64, 3)).copy()
    random = np.random.default_rng(0)
    assert all(CropSampler((ramp,), 8, 4)._cut(random)[0, 0, 0] % 4 == 0 for _ in range(20))
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    sampler = CropSampler((flat, noise), 8, 4)
    detailed = np.mean([sampler.draw(random).any() for _ in range(300)])
    assert detailed == pytest.approx(0.75, abs=0.08), "the better of two draws from two pictures"


def test_training_beats_nearest_neighbour_and_writes_a_model(photos, tmp_path, tiny):
    reports = []
    model = train_upscaler(photos, tmp_path / "run", recipe="tiny", images=4 * 100, on_report=reports.append)
    held_out = HeldOut(tuple(clouds(i) for i in (20, 21)), 2)
    trained = held_out(load_generator(tmp_path / "run"))["held-out PSNR"]
    untrained = UpscalingGame(TINY).generator
    torch.nn.init.zeros_(untrained.tail.weight)
    torch.nn.init.zeros_(untrained.tail.bias)
    assert trained > held_out(untrained)["held-out PSNR"] + 5
    assert model == tmp_path / "run" / "tiny.onnx" and model.stat().st_size > 1000
    assert reports[-1].progress == 1 and "held-out PSNR" in reports[-1].scalars
    # Three crops of 160 px beside each other, for each of two held-out photographs.
    assert read_image(tmp_path / "run" / "samples.png").pixels.shape == (320, 480, 3)
    options = json.loads((tmp_path / "run" / "options.json").read_text())
    assert options["task"] == "upscale" and options["recipe"]["width"] == 8 and options["folder"] == "photos"


def test_the_sheet_shows_bicubic_the_upscaler_and_the_truth(tmp_path):
    pictures = tuple(clouds(i) for i in (20, 21))
    held_out = HeldOut(pictures, 2, sheet=tmp_path / "sheet.png")
    nearest = torch.nn.Upsample(scale_factor=2, mode="nearest")
    nearest.register_parameter("unused", torch.nn.Parameter(torch.zeros(())))
    held_out(nearest)
    bicubic, enlarged, truth = np.split(read_image(tmp_path / "sheet.png").pixels.astype(int), 3, axis=1)
    edge = (clouds(20).shape[0] - 160) // 2
    assert np.array_equal(truth[:160], clouds(20)[edge : edge + 160, edge : edge + 160])
    assert np.array_equal(enlarged[::2, ::2], enlarged[1::2, 1::2])
    assert np.abs(bicubic - truth).mean() < np.abs(enlarged - truth).mean()


def test_the_loss_is_scored_on_the_same_windows_every_time():
    def at_a_random_place(fake, real):
        row, column = torch.randint(256, (2,)).tolist()
        return (fake - real)[..., row, column].abs().mean()

    held_out = HeldOut((clouds(20), clouds(21)), 2, loss=at_a_random_place)
    nearest = torch.nn.Upsample(scale_factor=2, mode="nearest")
    nearest.register_parameter("unused", torch.nn.Parameter(torch.zeros(())))
    state = torch.random.get_rng_state()
    first, second = held_out(nearest), held_out(nearest)
    assert first == second and first["held-out loss"] > 0
    assert torch.equal(state, torch.random.get_rng_state()), "training draws what it would have drawn"


def test_a_perceptual_recipe_is_scored_by_its_own_weights():
    recipe = replace(TINY, pixel=2.0, perceptual=0.5)
    loss = training._held_out_loss(recipe, lambda fake, real: (fake - real).square().mean())
    fake, real = torch.full((1, 3, 4, 4), 0.7), torch.full((1, 3, 4, 4), 0.3)
    assert loss(fake, real).item() == pytest.approx(2 * 0.4 + 0.5 * 0.16)


def test_the_best_state_of_a_run_is_what_is_exported_and_gone_on_with(photos, tmp_path, tiny):
    """Here the last state is spoilt by hand."""
    run = tmp_path / "run"
    train_upscaler(photos, run, recipe="tiny", images=4 * 40)
    state = load_checkpoint(run / "checkpoint.pt")
    assert state["best"]["value"] == pytest.approx(
        HeldOut(split(load_photographs(photos, min_px=256))[1], 2)(load_generator(run))["held-out PSNR"]
    )
    state["ema"] = {name: torch.zeros_like(value) for name, value in state["ema"].items()}
    save_checkpoint(run / "checkpoint.pt", state)
    start = UpscalingGame(TINY).generator
    start_from(start, run / "checkpoint.pt")
    best = state["best"]["weights"]
    for generator in (start, load_generator(run)):
        assert all(torch.equal(value, best[name]) for name, value in generator.state_dict().items())


def test_held_out_photographs_are_spread_and_not_trained_on():
    pictures = tuple(np.full((1, 1, 3), i, np.uint8) for i in range(100))
    training, held_out = split(pictures)
    numbers = [int(p[0, 0, 0]) for p in held_out]
    assert numbers == list(range(0, 100, 8))
    assert sorted(numbers + [int(p[0, 0, 0]) for p in training]) == list(range(100))
    assert len(split(pictures * 4)[1]) == 16


def test_resumed_equals_unbroken(photos, tmp_path):
    adversarial = replace(TINY, adversarial=0.05, discriminator_width=4)
    source = PairSource(load_photographs(photos, min_px=64), adversarial, seed=0)

    def trainer(images, path):
        torch.manual_seed(0)
        options = replace(
            training_options(adversarial, Budget(images=images), 0, "cpu"), warmup=0.0, final_rate=1.0
        )
        return Trainer(UpscalingGame(adversarial), source, options, checkpoint=path)

    unbroken = trainer(4 * 8, tmp_path / "a.pt")
    unbroken.run()
    trainer(4 * 5, tmp_path / "b.pt").run()
    resumed = trainer(4 * 8, tmp_path / "b.pt")
    resumed.resume()
    resumed.run()
    for name, value in unbroken.game.state_dict().items():
        assert torch.equal(value, resumed.game.state_dict()[name]), name
    for name, value in unbroken.ema.network.state_dict().items():
        assert torch.equal(value, resumed.ema.network.state_dict()[name]), name


def test_an_adversarial_run_starts_from_a_fidelity_run(photos, tmp_path, monkeypatch):
    adversarial = replace(TINY, name="vivid", adversarial=0.05, discriminator_width=4)
    monkeypatch.setattr(recipes, "RECIPES", (TINY, adversarial))
    train_upscaler(photos, tmp_path / "first", recipe="tiny", images=4 * 5)
    start = torch.load(tmp_path / "first" / "checkpoint.pt", weights_only=True)["best"]["weights"]
    game = UpscalingGame(adversarial)
    start_from(game.generator, tmp_path / "first" / "checkpoint.pt")
    assert all(torch.equal(value, start[name]) for name, value in game.generator.state_dict().items())
    train_upscaler(
        photos, tmp_path / "second", recipe="vivid", images=4 * 2, init=tmp_path / "first" / "checkpoint.pt"
    )
    assert (tmp_path / "second" / "vivid.onnx").exists()
    with pytest.raises(CheckpointError, match="holds another network than this recipe's"):
        start_from(UpscalingGame(PHOTO_X4).generator, tmp_path / "first" / "checkpoint.pt")


def test_a_model_of_the_same_recipe_goes_on_at_a_fifth_of_its_rate(photos, tmp_path, monkeypatch):
    other = replace(TINY, name="other")
    monkeypatch.setattr(recipes, "RECIPES", (TINY, other))

    def rate(run):
        return json.loads((tmp_path / run / "options.json").read_text())["recipe"]["learning_rate"]

    model = train_upscaler(photos, tmp_path / "first", recipe="tiny", images=4)
    checkpoint = tmp_path / "first" / "checkpoint.pt"
    train_upscaler(photos, tmp_path / "by-run", recipe="tiny", images=4, init=checkpoint)
    train_upscaler(photos, tmp_path / "by-model", recipe="tiny", images=4, init=model)
    train_upscaler(photos, tmp_path / "other", recipe="other", images=4, init=checkpoint)
    assert rate("first") == rate("other") == TINY.learning_rate
    assert rate("by-run") == rate("by-model") == pytest.approx(TINY.learning_rate / 5)
    # What is resumed keeps its rate; with another, the trainer would refuse.
    train_upscaler(photos, tmp_path / "by-run", recipe="tiny", images=8, resume=True)
    assert rate("by-run") == pytest.approx(TINY.learning_rate / 5)


def test_a_model_that_fine_tuning_makes_no_better_comes_out_as_it_was(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "RECIPES", (TINY,))
    train_upscaler(photos, tmp_path / "first", recipe="tiny", images=4 * 60)
    monkeypatch.setattr(recipes, "RECIPES", (replace(TINY, learning_rate=5.0),))
    again = tmp_path / "again"
    train_upscaler(photos, again, recipe="tiny", images=4 * 3, init=tmp_path / "first" / "checkpoint.pt")
    ours, theirs = (load_generator(run).state_dict() for run in (tmp_path / "first", again))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    spoilt = load_checkpoint(again / "checkpoint.pt")["ema"]
    assert any(not torch.equal(value, spoilt[name]) for name, value in ours.items())


def test_a_starting_point_says_its_recipe(tmp_path):
    assert recipe_of("photo-x4") == "photo-x4", "without what was mixed in"
    assert recipe_of(tmp_path / "checkpoint.pt") is None, "a checkpoint that was taken out of its run"


@pytest.mark.parametrize("source", ["fidelity-x4", "photo-x4"])
def test_a_shipped_model_is_a_starting_point(source):
    """Training can go on from the model file alone: it gives back the network that it was exported from."""
    generator = UpscalingGame(FIDELITY_X4).generator
    start_from(generator, source)
    low = np.random.default_rng(0).integers(0, 256, (20, 23, 3), dtype=np.uint8)
    with torch.no_grad():
        high = generator(torch.from_numpy(low).permute(2, 0, 1)[None] / 255).clamp(0, 1)
    ours = high[0].permute(1, 2, 0).mul(255).round().byte().numpy()
    assert np.abs(ours.astype(int) - Upscaler(source)(low).astype(int)).max() <= 1
    with pytest.raises(CheckpointError, match=f"^{source} holds another network than this recipe's$"):
        start_from(UpscalingGame(TINY).generator, source)


def test_damaged_and_foreign_starting_points_are_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError, match=r"text\.onnx is not an ONNX model$"):
        start_from(UpscalingGame(TINY).generator, str(tmp_path / "text.onnx"))
    with pytest.raises(ModelError, match=r"^no model is called 'best'"):
        start_from(UpscalingGame(TINY).generator, "best")
    torch.save({"format": 1, "step": 3}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=r"other\.pt holds no averaged generator$"):
        start_from(UpscalingGame(TINY).generator, tmp_path / "other.pt")
    save_checkpoint(tmp_path / "named.pt", {"ema": {"body.first.weight": torch.zeros(3)}})
    with pytest.raises(CheckpointError, match=r"named\.pt holds another network than this recipe's$"):
        start_from(UpscalingGame(TINY).generator, tmp_path / "named.pt")


def test_fidelity_and_photo_generators_can_be_blended():
    """They share their shape, so any mean of their weights is a generator, too."""
    assert (FIDELITY_X4.width, FIDELITY_X4.blocks, FIDELITY_X4.scale) == (
        PHOTO_X4.width,
        PHOTO_X4.blocks,
        PHOTO_X4.scale,
    )


class TestSentences:
    def test_missing_folder(self, tmp_path):
        with pytest.raises(DataError, match=r"/none is not a folder; give a folder of photographs$"):
            train_upscaler(tmp_path / "none", tmp_path / "run", minutes=1)

    def test_folder_without_images(self, tmp_path):
        (tmp_path / "notes.txt").write_text("no picture")
        with pytest.raises(DataError, match=r"^there are no images under .*; accepted: .*\.png"):
            train_upscaler(tmp_path, tmp_path / "run", minutes=1)

    def test_pictures_too_small(self, tmp_path):
        cv2.imwrite(str(tmp_path / "small.png"), clouds(0)[:40, :40])
        with pytest.raises(DataError, match=r"can be used: each side must be at least 256 pixels$"):
            train_upscaler(tmp_path, tmp_path / "run", minutes=1)

    def test_too_few_pictures(self, tmp_path):
        cv2.imwrite(str(tmp_path / "one.png"), clouds(0))
        with pytest.raises(DataError, match=r"has 1 usable photographs; at least 8 are needed$"):
            train_upscaler(tmp_path, tmp_path / "run", minutes=1)

    def test_unknown_recipe(self, photos, tmp_path):
        names = "fidelity-x4, fidelity-x2, photo-x4, photo-x2, restore-fidelity-x4, restore-x4, fast-x4"
        with pytest.raises(UsageError, match=f"^there is no recipe 'best'; recipes: {names}$"):
            train_upscaler(photos, tmp_path / "run", recipe="best", minutes=1)

    def test_a_run_is_not_overwritten(self, photos, tmp_path, tiny):
        train_upscaler(photos, tmp_path / "run", recipe="tiny", images=4)
        with pytest.raises(
            UsageError, match=r"run already holds a run: add --resume to go on with it, or choose"
        ):
            train_upscaler(photos, tmp_path / "run", recipe="tiny", images=4)

    def test_resume_without_a_run(self, photos, tmp_path, tiny):
        with pytest.raises(
            CheckpointError, match=r"run is not the folder of a training run: it has no options\.json$"
        ):
            train_upscaler(photos, tmp_path / "run", recipe="tiny", images=4, resume=True)


def test_a_smaller_scale_starts_from_a_larger_one_with_the_mean_of_its_pixels(tmp_path):
    torch.manual_seed(0)
    four, two = UpscalingGame(FIDELITY_X4).generator, UpscalingGame(FIDELITY_X2).generator
    torch.nn.init.normal_(four.tail.weight)
    torch.nn.init.normal_(four.tail.bias)
    save_checkpoint(tmp_path / "checkpoint.pt", {"ema": four.state_dict()})
    start_from(two, tmp_path / "checkpoint.pt")
    low = torch.rand(1, 3, 9, 7)
    with torch.no_grad():
        shrunk = torch.nn.functional.avg_pool2d(four(low), 2)
        torch.testing.assert_close(two(low), shrunk, atol=1e-5, rtol=1e-5)


def test_a_larger_scale_does_not_start_from_a_smaller_one(tmp_path):
    two = UpscalingGame(FIDELITY_X2).generator
    save_checkpoint(tmp_path / "checkpoint.pt", {"ema": two.state_dict()})
    with pytest.raises(CheckpointError, match="holds another network than this recipe's"):
        start_from(UpscalingGame(FIDELITY_X4).generator, tmp_path / "checkpoint.pt")


def test_a_deeper_network_starts_as_the_trained_one_and_learns_in_all_its_blocks(
    photos, tmp_path, monkeypatch
):
    deeper = replace(TINY, name="deeper", blocks=3)
    monkeypatch.setattr(recipes, "RECIPES", (TINY, deeper))
    model = train_upscaler(photos, tmp_path / "first", recipe="tiny", images=4 * 5)
    trained, grown = UpscalingGame(TINY).generator, UpscalingGame(deeper).generator
    for source in (tmp_path / "first" / "checkpoint.pt", model):
        start_from(trained, source)
        start_from(grown, source)
        low = torch.rand(2, 3, 9, 7)
        with torch.no_grad():
            assert torch.equal(grown(low), trained(low))
    train_upscaler(photos, tmp_path / "second", recipe="deeper", images=4 * 5, init=model)
    moved = load_generator(tmp_path / "second").state_dict()
    for name, value in grown.state_dict().items():
        assert not torch.equal(value, moved[name]), name
    with pytest.raises(CheckpointError, match="holds another network than this recipe's"):
        start_from(trained, tmp_path / "second" / "checkpoint.pt")
