from __future__ import annotations

import pytest
import torch

from ganapps.augment.generator.classifier import Classifier
from ganapps.augment.generator.game import CONDITIONAL_AT, Labelled, LabelledGame
from ganapps.augment.generator.networks import Architecture, Discriminator, Generator


def architecture(height: int, width: int, channels: int = 1) -> Architecture:
    return Architecture(num_classes=3, height=height, width=width, channels=channels)


@pytest.mark.parametrize(
    ("height", "width", "channels"),
    [(8, 8, 1), (28, 28, 1), (64, 64, 3), (43, 64, 3), (9, 33, 1), (64, 16, 3), (128, 128, 3), (17, 31, 1)],
)
def test_every_size_has_its_networks(height: int, width: int, channels: int) -> None:
    sizes = architecture(height, width, channels)
    label = torch.tensor([0, 2])
    made = Generator(sizes)(torch.randn(2, sizes.latent), label)
    assert made.shape == (2, channels, height, width)
    assert made.abs().max() <= 1
    assert Discriminator(sizes)(made, label).shape == (2,)
    assert Classifier(sizes).eval()(made).shape == (2, 3)
    assert max(sizes.base) <= 8


def test_an_image_depends_on_its_own_latent_and_label_alone() -> None:
    torch.manual_seed(0)
    generator = Generator(architecture(12, 12)).eval()
    latent, label = torch.randn(5, 64), torch.tensor([0, 1, 2, 0, 1])
    together = generator(latent, label)
    for i in range(5):
        assert torch.allclose(generator(latent[i : i + 1], label[i : i + 1])[0], together[i], atol=1e-6)
    other = generator(latent, (label + 1) % 3)
    assert ((other - together).abs().flatten(1).max(1).values > 1e-4).all()


def test_the_discriminator_judges_the_label_by_projection() -> None:
    torch.manual_seed(0)
    critic = Discriminator(architecture(12, 12))
    images, labels = torch.randn(4, 1, 12, 12), torch.tensor([0, 1, 2, 0])
    features = critic.features(images)
    expected = critic.verdict.real(features)[:, 0]
    expected = expected + torch.stack(
        [critic.verdict.label.weight[y] @ f for y, f in zip(labels, features, strict=True)]
    )
    assert torch.allclose(critic(images, labels), expected, atol=1e-6)


@pytest.mark.parametrize("progress, counts", [(0.0, False), (CONDITIONAL_AT / 2, True), (1.0, True)])
def test_labels_count_in_both_players_after_the_start(progress: float, counts: bool) -> None:
    game = LabelledGame(architecture(12, 12))
    game.progress = progress
    images = torch.randint(0, 256, (6, 1, 12, 12), dtype=torch.uint8)

    def losses(labels: torch.Tensor) -> list[float]:
        torch.manual_seed(1)
        batch = Labelled(images, labels)
        generator = game.generator_losses(batch)["adversarial"]
        return [generator.item(), game.discriminator_losses(batch)["adversarial"].item()]

    labels = torch.arange(6) % 3
    for one, other in zip(losses(labels), losses((labels + 1) % 3), strict=True):
        assert (one != other) == counts


def test_losses_of_both_players_are_named_and_finite() -> None:
    torch.manual_seed(0)
    game = LabelledGame(architecture(12, 12))
    batch = Labelled(torch.randint(0, 256, (6, 1, 12, 12), dtype=torch.uint8), torch.arange(6) % 3)
    assert list(game.generator_losses(batch)) == ["adversarial"]
    losses = game.discriminator_losses(batch)
    assert list(losses) == ["adversarial", "R1", "R2"]
    assert all(torch.isfinite(loss) for loss in losses.values())
