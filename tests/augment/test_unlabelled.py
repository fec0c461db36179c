"""Unlabelled images: found, sieved, calibrated, believed or not. No training here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganapps.augment.unlabelled import Reason, find_unlabelled
from ganapps.augment.unlabelled.calibration import (
    expected_calibration_error,
    fit_temperature,
    log_softmax,
    softmax,
)
from ganapps.augment.unlabelled.placing import require_apart
from ganapps.augment.unlabelled.prior import estimate_prior
from ganapps.augment.unlabelled.sieve import sieve
from ganapps.augment.unlabelled.threshold import (
    BALANCE,
    choose_thresholds,
    likelier_than_not,
    within_shares,
)
from ganapps.errors import DataError, UsageError
from ganapps.runtime.images import IMAGE_SUFFIXES


def test_any_tree_is_searched_and_its_folder_names_say_nothing(tmp_path: Path, picture: Any) -> None:
    for name in ("b.png", "deep/er/a.png", "across/c.png", ".hidden/d.png", "__MACOSX/e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), picture(0, 1))
    (tmp_path / "notes.txt").write_text("no image")
    found = find_unlabelled(tmp_path)
    assert [path.as_posix() for path in found.paths] == ["b.png", "across/c.png", "deep/er/a.png"]
    assert set(found.labels.tolist()) == {0}


def test_an_archive_gives_its_training_images_and_no_label(tmp_path: Path) -> None:
    images = np.arange(4 * 8 * 8, dtype=np.uint8).reshape(4, 8, 8)
    np.savez(
        tmp_path / "set.npz", images=images, labels=np.arange(4), split=["train", "test", "train", "train"]
    )
    found = find_unlabelled(tmp_path / "set.npz")
    assert np.array_equal(found.read(1).pixels[..., 0], images[2])
    assert found.labels.tolist() == [0, 0, 0]


def _empty(root: Path) -> Path:
    (root / "empty").mkdir()
    return root / "empty"


def _text(root: Path) -> Path:
    (root / "a.txt").write_text("x")
    return root / "a.txt"


def _expanded(root: Path) -> Path:
    (root / "images").mkdir()
    (root / "manifest.jsonl").write_text("")
    return root


def _archive(root: Path, **arrays: Any) -> Path:
    np.savez(root / "set.npz", **arrays)
    return root / "set.npz"


IMAGES = np.zeros((2, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            _empty,
            f"PATH has no images; accepted are {', '.join(sorted(IMAGE_SUFFIXES))}",
        ),
        (_text, "PATH is a file; give a folder of unlabelled images, or an .npz file of them"),
        (
            lambda root: root / "gone",
            "PATH does not exist; give a folder of unlabelled images, or an .npz file of them",
        ),
        (
            lambda root: root / "gone.npz",
            "PATH does not exist; give a folder of unlabelled images, or an .npz file of them",
        ),
        (
            _expanded,
            "PATH is a set that ganapps augment wrote, and its images are not all real; give real ones",
        ),
        (lambda root: _archive(root, x=IMAGES), "PATH must hold the array images"),
        (
            lambda root: _archive(root, images=IMAGES / 2),
            "PATH: images must be uint8 of shape [N, H, W], [N, H, W, 1] or [N, H, W, 3], got float64 of"
            " shape [2, 8, 8]",
        ),
        (
            lambda root: _archive(root, images=IMAGES, split=["test", "test"]),
            "PATH has no images of the split 'train'",
        ),
        (
            lambda root: _archive(root, images=IMAGES, split=["train"]),
            "PATH: split must name a part for each of 2 images",
        ),
    ],
)
def test_what_is_no_source_is_refused(tmp_path: Path, make: Any, sentence: str) -> None:
    path = make(tmp_path)
    with pytest.raises(DataError) as caught:
        find_unlabelled(path)
    assert str(caught.value) == sentence.replace("PATH", str(path))


def test_places_that_will_not_do(tmp_path: Path) -> None:
    data, guests = tmp_path / "data", tmp_path / "guests"
    require_apart(guests, data, tmp_path / "out")
    with pytest.raises(UsageError) as caught:
        require_apart(guests, data, guests / "out")
    assert str(caught.value) == (
        f"the output {guests / 'out'} lies inside the unlabelled images {guests}; give a folder outside of it"
    )
    with pytest.raises(UsageError) as caught:
        require_apart(tmp_path / "out" / "x", data, tmp_path / "out")
    assert str(caught.value) == (
        f"the unlabelled images {tmp_path / 'out' / 'x'} lie inside the output {tmp_path / 'out'};"
        " give another one"
    )
    with pytest.raises(UsageError) as caught:
        require_apart(data / "more", data, tmp_path / "out")
    assert str(caught.value) == (
        f"the unlabelled images {data / 'more'} lie inside the labelled set {data}, where their folder is a"
        " class; put them outside of it"
    )
    with pytest.raises(UsageError) as caught:
        require_apart(data, data, tmp_path / "out")
    assert str(caught.value) == (
        f"the unlabelled images {data} are the labelled set itself; give other images"
    )


def test_images_that_are_known_are_left_out(picture: Any) -> None:
    labelled = np.stack([picture(label, seed) for label in (0, 1) for seed in range(12)])
    labels = np.repeat(np.arange(2), 12)
    new = [picture(label, seed) for label in (0, 1) for seed in range(50, 56)]
    noise = np.random.default_rng(0).normal(0, 3, new[0].shape)
    near = np.clip(labelled[3] + noise, 0, 255).astype(np.uint8)
    test = picture(1, 99)
    pixels = np.stack([*new, labelled[5], near, new[2], test])
    found = sieve(pixels, labelled, labels, 2, test=test[None])
    assert found.rows.tolist() == list(range(12))
    assert found.left_out == {
        Reason.IN_SET: 1,
        Reason.NEAR_SET: 1,
        Reason.REPEAT: 1,
        Reason.IN_TEST: 1,
    }
    assert 15 in sieve(pixels, labelled, labels, 2).rows, "without the test set its image is like any other"


def test_the_temperature_of_a_coin_has_a_closed_form() -> None:
    # n right of N at logit margin m: the best 1 / T is log(p / (1 - p)) / m, p softened by half of
    # 1 / (N + 2) to either side.
    num, right, margin = 200, 150, 8.0
    labels = np.repeat([0, 1], num // 2)
    logits = np.zeros((num, 2))
    logits[np.arange(num), labels] = margin
    wrong = np.concatenate([np.arange(25), 100 + np.arange(25)])
    logits[wrong] = logits[wrong][:, ::-1]
    soft = 1 / (num + 2)
    share = (1 - soft) * right / num + soft / 2
    assert fit_temperature(logits, labels) == pytest.approx(margin / np.log(share / (1 - share)), rel=1e-4)


def test_a_few_right_answers_are_not_certainty() -> None:
    labels = np.array([0, 0, 1, 1])
    logits = 5.0 * np.eye(2)[labels]
    confidence = softmax(logits / fit_temperature(logits, labels)).max(axis=1)
    assert np.allclose(confidence, 1 - 1 / 12, atol=1e-4)


def test_log_softmax_bears_large_logits() -> None:
    assert np.allclose(log_softmax(np.array([[1e4, 0.0]])), [[0.0, -1e4]])


def test_the_calibration_error_agrees_with_a_plain_loop() -> None:
    random = np.random.default_rng(3)
    probabilities, labels = random.dirichlet(np.ones(3), size=400), random.integers(3, size=400)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    total = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (confidence >= low) & (confidence < low + 0.1)
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    assert expected_calibration_error(probabilities, labels) == pytest.approx(total, abs=1e-9)


def observe(shares: list[float], num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Exact posteriors, under equal shares, of draws from two normal distributions two apart."""
    random = np.random.default_rng(seed)
    labels = np.sort(random.choice(2, size=num, p=shares))
    values = random.normal(2.0 * labels - 1, 1.0)
    odds = 1 / (1 + np.exp(2 * values))
    return np.stack([odds, 1 - odds], axis=1), labels


def test_uneven_shares_are_found_and_even_ones_stay() -> None:
    held_out, labels = observe([0.5, 0.5], 60, 1)
    labels[:30], labels[30:] = labels[:30], labels[30:]
    uneven = estimate_prior(observe([0.25, 0.75], 4000, 2)[0], held_out, labels)
    assert uneven.shares == pytest.approx([0.25, 0.75], abs=0.06)
    assert 0.7 < uneven.shrinkage <= 1
    labelled = uneven.labelled
    even = estimate_prior(observe(labelled.tolist(), 4000, 3)[0], held_out, labels)
    assert even.shares == pytest.approx(labelled, abs=0.05)
    assert uneven.shares.sum() == pytest.approx(1)


def test_shares_are_not_believed_from_a_classifier_that_knows_nothing() -> None:
    random = np.random.default_rng(0)
    held_out = random.dirichlet([1, 1], size=20)
    prior = estimate_prior(random.dirichlet([1, 1], size=500), held_out, np.repeat([0, 1], 10))
    assert prior.shares == pytest.approx([0.5, 0.5], abs=0.15)


def test_adjusting_is_bayes_rule() -> None:
    held_out, labels = observe([0.5, 0.5], 60, 1)
    prior = estimate_prior(observe([0.2, 0.8], 2000, 2)[0], held_out, labels)
    (adjusted,) = prior.adjust(np.array([[0.6, 0.4]]))
    one, other = 0.6 * prior.shares[0], 0.4 * prior.shares[1]
    assert adjusted == pytest.approx([one / (one + other), other / (one + other)])


def beliefs(*confidence: float, label: int = 0) -> np.ndarray:
    rows = np.array([[value, 1 - value] for value in confidence])
    return rows if label == 0 else rows[:, ::-1]


def test_the_threshold_is_where_the_mean_confidence_is_what_was_asked_for() -> None:
    unlabelled = beliefs(1.0, 0.96, 0.89, 0.84, 0.7)
    held_out, labels = beliefs(*[0.99] * 40), np.zeros(40, dtype=np.int64)
    labels[-1] = 1
    held_out[-1] = [0.01, 0.99]
    found = choose_thresholds(unlabelled, held_out, labels, np.array([0.975, 0.025]), precision=0.95)
    # (1 + .96 + .89) / 3 = .95, and with .84 it is .9225.
    assert found.of_class.tolist() == [0.89, np.inf]
    assert found.accept(unlabelled).tolist() == [True, True, True, False, False]


def test_held_out_errors_raise_the_threshold_and_then_close_the_door() -> None:
    unlabelled = beliefs(0.999, 0.99, 0.93, 0.9)
    labels = np.array([0] * 60 + [1] * 4)
    shares = np.array([60 / 64, 4 / 64])
    held_out = beliefs(*[0.995] * 60, *[0.92] * 4)
    strict = choose_thresholds(unlabelled, held_out, labels, shares, precision=0.95)
    # Down to .9 four of 64 are wrong; with half the errors asked for, .93 is too low as well: .973 < .975.
    assert strict.of_class[0] == 0.99
    hopeless = beliefs(*[0.999] * 64)
    labels = np.array([0, 1] * 32)
    closed = choose_thresholds(unlabelled, hopeless, labels, np.array([0.5, 0.5]), precision=0.95)
    assert np.isinf(closed.of_class).all()
    assert not closed.accept(unlabelled).any()


def test_no_image_is_taken_that_is_more_likely_something_else() -> None:
    unlabelled = np.array([[1.0, 0, 0]] * 50 + [[0.4, 0.3, 0.3]])
    held_out, labels = np.eye(3)[[0] * 40 + [1, 2]], np.array([0] * 40 + [1, 2])
    shares = np.array([40, 1, 1]) / 42
    found = choose_thresholds(unlabelled, held_out, labels, shares, precision=0.9)
    assert found.accept(unlabelled).tolist() == [True] * 50 + [False]


def test_an_easy_class_is_held_to_its_share() -> None:
    guesses = np.array([0] * 100 + [1] * 10)
    confidence = np.linspace(0.9, 1.0, 110)
    stays = within_shares(guesses, confidence, np.array([5, 5]), np.array([0.5, 0.5]))
    assert stays[100:].all()
    # 3 times the 15 of the other class, less its own 5 labelled ones; the surest.
    assert stays[:100].sum() == BALANCE * 15 - 5
    assert stays[60:100].all()
    natural = within_shares(guesses, confidence, np.array([5, 5]), np.array([0.8, 0.2]))
    assert natural.all(), "a class that is more frequent may have more"


def test_likelier_than_not_is_more_than_all_others_together() -> None:
    probabilities = np.array([[0.5, 0.5, 0.0], [0.49, 0.3, 0.21], [0.2, 0.51, 0.29], [0.0, 0.0, 1.0]])
    assert likelier_than_not(3).accept(probabilities).tolist() == [False, False, True, True]


def test_files_are_placed_as_they_are(small_set: Path, tmp_path: Path, sampler: Any, picture: Any) -> None:
    from ganapps.augment.expand import expand
    from ganapps.augment.proof.sets import read_added, read_set
    from ganapps.augment.unlabelled import Accepted, PseudoLabelled

    guest = tmp_path / "guests" / "some.BMP"
    guest.parent.mkdir()
    cv2.imwrite(str(guest.with_suffix(".bmp")), picture(0, 70))
    shutil.move(guest.with_suffix(".bmp"), guest)
    row = picture(1, 71)
    common = {"native": row, "confidence": 0.98765}
    accepted = (
        Accepted(file=guest, source="some.BMP", pixels=picture(0, 70), label=0, **common),
        Accepted(file=None, source="more.npz[3]", pixels=row, label=1, **common),
    )
    pseudo = PseudoLabelled(
        root=guest.parent,
        classes=("across", "up and down"),
        found=5,
        accepted=accepted,
        left_out=dict.fromkeys(Reason, 0),
        damaged=(),
        precision=0.95,
        expected_precision=0.98765,
        thresholds=(0.9, None),
        training=None,
        classifier=b"model",
    )
    report = expand(small_set, tmp_path / "out", sampler, per_class=13, unlabelled=pseudo)
    images = tmp_path / "out" / "images"
    assert (images / "across" / "unlabeled-000001.bmp").read_bytes() == guest.read_bytes()
    placed = cv2.imread(str(images / "up and down" / "unlabeled-000001.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(placed, row[..., 0])
    assert (tmp_path / "out" / "classifier.onnx").read_bytes() == b"model"
    # One image would fill the first class, and there is one; the second wants for 5.
    assert [(c.pseudo_labelled, c.wanted, c.added) for c in report.classes] == [(1, 0, 0), (1, 4, 4)]
    assert report.verdict() == (
        "4 synthetic and 2 unlabelled images added to 20 real ones; of the labels guessed about 99% are right"
    )
    manifest = (tmp_path / "out" / "manifest.jsonl").read_text()
    assert (
        '{"file": "images/across/unlabeled-000001.bmp", "class": "across", "kind": "pseudo-labelled",'
        ' "source": "some.BMP", "confidence": 0.9877}\n'
    ) in manifest
    assert manifest.count('"kind": "synthetic"') == 4
    added = read_added(tmp_path / "out", read_set(small_set))
    assert added.counts(2).tolist() == [1, 5], "a proof counts them as added"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--label-precision", "0.9"],
            "--label-precision is about unlabelled images: give --unlabeled DIR, or leave it out",
        ),
        (
            ["--unlabeled", "guests", "--classic-only"],
            "--classic-only adds copies of the labelled images alone: leave out --unlabeled",
        ),
        (
            ["--unlabeled", "guests", "--label-precision", "2"],
            "--label-precision must be from 0.5 to 0.999, got 2",
        ),
    ],
)
def test_options_that_make_no_sense(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from ganapps.cli.main import main

    assert main(["augment", "data", "-o", "out", *options]) == 2
    written = capsys.readouterr()
    assert sentence in written.out + written.err


def test_a_file_of_other_classes_is_not_written(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from ganapps.errors import ModelError
    from ganapps.export.card import ModelCard
    from ganapps.export.classifier import export_classifier

    class Three(torch.nn.Module):
        def forward(self, image: Any) -> Any:
            return image.float().mean((1, 2, 3))[:, None].expand(-1, 3).softmax(1)

    card = ModelCard(name="n", version="1", licence="l", trained_on="t", recipe="r")
    with pytest.raises(ModelError) as caught:
        export_classifier(Three(), tmp_path / "c.onnx", card, classes=("a", "b"), shape=(8, 8, 1))
    assert str(caught.value) == "the classifier knows 3 classes, but 2 have names"
    assert not (tmp_path / "c.onnx").exists()
