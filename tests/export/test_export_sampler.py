from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from torch import Tensor, nn  # noqa: E402

from ganapps.errors import ModelError  # noqa: E402
from ganapps.export.card import ModelCard  # noqa: E402
from ganapps.export.parity import open_session  # noqa: E402
from ganapps.export.sampler import export_sampler  # noqa: E402

CLASSES = ("vögel", "fish", "fur")
LATENT, HEIGHT, WIDTH = 5, 6, 4


class TinyGenerator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.names = nn.Embedding(len(CLASSES), LATENT)
        self.draw = nn.Linear(2 * LATENT, HEIGHT * WIDTH)

    def forward(self, latent: Tensor, label: Tensor) -> Tensor:
        # Twice the range, so that clipping shows.
        return 2 * torch.tanh(self.draw(torch.cat([latent, self.names(label)], 1))).view(-1, 1, HEIGHT, WIDTH)


class TinyClassifier(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1)  # in training mode it would see the batch
        self.judge = nn.Linear(HEIGHT * WIDTH, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.judge(self.norm(images).flatten(1))


@pytest.fixture(scope="module")
def exported(card: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """Generator, classifier and a session of both."""
    torch.manual_seed(1)
    generator, classifier = TinyGenerator(), TinyClassifier(len(CLASSES))
    path = tmp_path_factory.mktemp("sampler") / "tiny.onnx"
    export_sampler(generator, path, card, classes=CLASSES, latent=LATENT, classifier=classifier)
    return generator, classifier, open_session(path.read_bytes())


@pytest.mark.parametrize("num", [1, 2, 7])
def test_equals_torch(exported: tuple[Any, Any, Any], num: int) -> None:
    generator, classifier, session = exported
    latent = torch.randn(num, LATENT, generator=torch.Generator().manual_seed(num))
    label = torch.arange(num) % len(CLASSES)
    image, confidence = session.run(None, {"latent": latent.numpy(), "label": label.numpy()})
    with torch.no_grad():
        wanted = ((generator(latent, label) + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).numpy()
        # What is judged is the file, not the generator's unrounded output.
        written = torch.from_numpy(image).permute(0, 3, 1, 2).float() / 127.5 - 1
        judged = classifier.eval()(written).softmax(1).numpy()
    assert image.dtype == np.uint8 and image.shape == (num, HEIGHT, WIDTH, 1)
    assert np.abs(image / 255 - wanted).max() <= 1 / 255
    assert num < 7 or (image.min() == 0 and image.max() == 255)
    np.testing.assert_allclose(confidence, judged, atol=1e-5)


def test_contract_is_in_the_file(exported: tuple[Any, Any, Any]) -> None:
    metadata = exported[2].get_modelmeta().custom_metadata_map
    assert metadata["ganapps.task"] == "sample"
    assert metadata["ganapps.classes"] == '["vögel", "fish", "fur"]'
    assert [metadata[f"ganapps.{key}"] for key in ("latent", "height", "width", "channels")] == [
        "5",
        "6",
        "4",
        "1",
    ]
    assert metadata["ganapps.name"] == "tiny"


def test_classifier_must_fit_the_classes(card: ModelCard, tmp_path: Path) -> None:
    path = tmp_path / "no.onnx"
    with pytest.raises(ModelError) as error:
        export_sampler(
            TinyGenerator(), path, card, classes=CLASSES, latent=LATENT, classifier=TinyClassifier(4)
        )
    assert str(error.value) == "the classifier knows 4 classes, but 3 have names"
    assert not path.exists()
