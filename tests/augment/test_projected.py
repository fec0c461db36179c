from __future__ import annotations

from typing import Any

import pytest
import torch

from ganapps.adversarial import Budget, Trainer, TrainingOptions
from ganapps.augment.generator.game import Labelled, LabelledGame, ProjectedGame, game_with, signed
from ganapps.augment.generator.networks import Architecture
from ganapps.augment.generator.projected import ProjectedDiscriminator, Projector
from ganapps.errors import UsageError
from ganapps.features.efficientnet import EfficientNetLite0Features


def architecture(height: int, width: int, channels: int = 1) -> Architecture:
    return Architecture(num_classes=2, height=height, width=width, channels=channels)


@pytest.mark.parametrize(
    ("height", "width", "channels", "side_px"),
    [(28, 28, 1, 64), (64, 64, 3, 64), (16, 65, 1, 96), (96, 90, 3, 96), (300, 20, 1, 128)],
)
def test_every_size_is_projected(height: int, width: int, channels: int, side_px: int) -> None:
    discriminator = ProjectedDiscriminator(architecture(height, width, channels))
    assert discriminator.project.side_px == side_px
    assert [shape[1] for shape in discriminator.project.shapes] == [side_px // s for s in (2, 4, 8, 16)]
    projected = discriminator.project(torch.rand(2, channels, height, width) * 2 - 1)
    assert discriminator(projected, torch.tensor([0, 1])).shape == (2, 4)


def test_projecting_is_pretrained_features_mixed_by_a_fixed_matrix() -> None:
    torch.manual_seed(0)
    project = Projector(architecture(64, 64, 3))
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    maps = EfficientNetLite0Features(depth=4)((images + 1) / 2)
    parts = project(images).split([24 * side**2 for side in (32, 16, 8, 4)], dim=1)
    for layer, features, part in zip(project.mixing, maps, parts, strict=True):
        expected = torch.einsum("oc,nchw->nohw", layer.weight[:, :, 0, 0], features) / 8
        assert torch.allclose(part, expected.flatten(1), atol=1e-3)


def test_grey_is_three_equal_channels() -> None:
    torch.manual_seed(0)
    grey, rgb = (Projector(architecture(20, 20, channels)) for channels in (1, 3))
    rgb.load_state_dict(grey.state_dict())
    images = torch.rand(2, 1, 20, 20) * 2 - 1
    assert torch.allclose(grey(images), rgb(images.expand(-1, 3, -1, -1)), atol=1e-5)


def test_only_heads_are_trained_and_gradients_reach_the_image() -> None:
    discriminator = ProjectedDiscriminator(architecture(16, 16)).train()
    trained = {
        name.split(".")[0] for name, weight in discriminator.named_parameters() if weight.requires_grad
    }
    assert trained == {"heads"}
    assert not discriminator.project.training
    images = torch.zeros(1, 1, 16, 16, requires_grad=True)
    discriminator(discriminator.project(images), torch.tensor([1])).sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in discriminator.project.parameters())


def test_each_resolution_and_the_label_have_a_say() -> None:
    torch.manual_seed(0)
    discriminator = ProjectedDiscriminator(architecture(16, 16))
    projected = discriminator.project(torch.rand(1, 1, 16, 16))
    before, start = discriminator(projected, torch.tensor([0])), 0
    assert (discriminator(projected, torch.tensor([1])) - before).abs().min() > 1e-6
    for number, (width, side, _) in enumerate(discriminator.project.shapes):
        changed = projected.clone()
        changed[:, start : start + width * side**2] += 1
        differs = (discriminator(changed, torch.tensor([0])) - before)[0].abs() > 1e-6
        assert differs.tolist() == [k == number for k in range(4)]
        start += width * side**2


def test_both_penalties_are_on_the_slope_by_projected_images() -> None:
    torch.manual_seed(0)
    game = ProjectedGame(architecture(16, 16))
    game.progress = 1.0  # when labels count in full
    batch = Labelled(torch.randint(0, 256, (4, 1, 16, 16), dtype=torch.uint8), torch.arange(4) % 2)
    torch.manual_seed(1)
    losses = game.discriminator_losses(batch)
    assert list(losses) == ["adversarial", "R1", "R2"]
    torch.manual_seed(1)
    seen = game._seen(signed(batch.images)).detach().requires_grad_(True)
    logits = game.discriminator(seen, batch.labels)
    (slope,) = torch.autograd.grad(logits.sum(), seen)
    assert losses["R1"].item() == pytest.approx(slope.square().sum(1).mean().item() / 2, rel=1e-3)
    assert list(game.generator_losses(batch)) == ["adversarial"]


def test_a_discriminator_has_a_name() -> None:
    sizes = architecture(8, 8)
    assert type(game_with("plain", sizes)) is LabelledGame
    assert type(game_with("projected", sizes)) is ProjectedGame
    with pytest.raises(UsageError) as error:
        game_with("best", sizes)
    assert str(error.value) == "there is no discriminator 'best'; discriminators: plain, projected"


def test_a_generator_learns_from_a_projected_discriminator(picture: Any) -> None:
    real = torch.stack(
        [torch.from_numpy(picture(label, seed, 8)) for seed in range(16) for label in (0, 1)]
    ).permute(0, 3, 1, 2)
    labels = torch.arange(32) % 2

    def batches(index: int) -> Labelled:
        rows = (torch.arange(8) + 8 * index) % 32
        return Labelled(real[rows], labels[rows])

    torch.manual_seed(0)
    options = TrainingOptions(
        budget=Budget(images=8 * 30), batch_size=8, learning_rate=3e-3, ema_half_life_images=100, guard=False
    )
    trainer = Trainer(ProjectedGame(architecture(8, 8)), batches, options)

    def off() -> float:
        """Distance of each class's mean image from the real one, over that from the other class's."""
        asked = torch.arange(2).repeat_interleave(32)
        latent = torch.randn(64, 64, generator=torch.Generator().manual_seed(3))
        with torch.no_grad():
            made = trainer.ema.network(latent, asked).view(2, 32, 8, 8).mean(1)
        means = torch.stack([signed(real[labels == k]).mean((0, 1)) for k in (0, 1)])
        own, other = ((made - target).abs().mean() for target in (means, means.flip(0)))
        return float(own / other)

    before = off()
    trainer.run()
    assert before > 0.9
    assert off() < 0.6
