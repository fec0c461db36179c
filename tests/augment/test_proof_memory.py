"""Trainings of a proof that are not made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from ganapps.augment.classic import NONE, POLICIES, ClassicPolicy
from ganapps.augment.proof import proof
from ganapps.augment.proof.memory import Remembering, forget
from ganapps.augment.proof.pool import Labelled, Part, Pictures, Pool, Rows


class Counting:
    """Answers with a number that is drawn from the question; counts how often it is asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked = 0

    def keep_only(self, policy: ClassicPolicy) -> None:
        pass

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> np.ndarray:
        self.asked += 1
        return np.random.default_rng((seed, len(pool), len(policy.name))).integers(2, size=len(rows))


def pictures(seed: int, num: int = 6) -> Pictures:
    return Pictures(np.random.default_rng(seed).integers(256, size=(num, 4, 4, 1), dtype=np.uint8))


def test_the_same_question_is_asked_once_and_another_one_again(tmp_path: Path) -> None:
    counting = Counting()
    learner = Remembering(counting, tmp_path / "memory", facts="400 updates")
    images, tests, labels = pictures(0), pictures(1), np.array([0, 1, 0, 1, 0, 1])
    real = Labelled(images, labels)

    def ask(asker: Remembering = learner, **changes: Any) -> list[int]:
        given: dict[str, Any] = {
            "pool": Pool((real.part(),)), "policy": POLICIES[1], "asked": tests, "rows": tests.all, "seed": 3,
        } | changes  # fmt: skip
        return asker.predict(**given).tolist()

    first = ask()
    assert ask() == first and counting.asked == 1
    # Another process has other objects of the same images.
    again = Remembering(counting, tmp_path / "memory", facts="400 updates")
    copied = Labelled(Pictures(images.pixels.copy()), labels)
    assert ask(again, pool=Pool((copied.part(),))) == first and counting.asked == 1
    others: list[dict[str, Any]] = [
        {"seed": 4},
        {"policy": NONE},
        {"policy": replace(POLICIES[1], turn_deg=6)},
        {"rows": tests.all[:3]},
        {"asked": pictures(2)},
        {"pool": Pool((real.part(np.array([0, 1])),))},
        {"pool": Pool((Part(images, images.all, 1 - labels),))},
        {"pool": Pool((Labelled(pictures(5), labels).part(),))},
        {"pool": Pool((real.part(np.arange(3)), real.part(np.arange(3, 6))))},
        {"asker": Remembering(counting, tmp_path / "memory", facts="500 updates")},
    ]
    for number, changes in enumerate(others):
        ask(**changes)
        assert counting.asked == 2 + number, changes
    forget(tmp_path / "memory")
    assert not (tmp_path / "memory").exists()


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"not an array"])
def test_a_damaged_answer_is_made_again(tmp_path: Path, damage: bytes) -> None:
    counting, tests = Counting(), pictures(1)
    learner = Remembering(counting, tmp_path, facts="")
    pool = Pool((Labelled(pictures(0), np.zeros(6, np.int64)).part(),))
    first = learner.predict(pool, NONE, tests, tests.all, seed=0)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for bad in (damage, whole[:-3]):
        path.write_bytes(bad)
        assert learner.predict(pool, NONE, tests, tests.all, seed=0).tolist() == first.tolist()
        assert path.read_bytes() == whole
    assert counting.asked == 3


@pytest.fixture
def write(tmp_path: Path, picture: Any) -> Callable[[str, range], Path]:
    def write(name: str, seeds: range) -> Path:
        for label, of_class in enumerate(("across", "up and down")):
            (tmp_path / name / of_class).mkdir(parents=True)
            for seed in seeds:
                cv2.imwrite(str(tmp_path / name / of_class / f"{seed}.png"), picture(label, seed))
        return tmp_path / name

    return write


def test_a_proof_goes_on_after_an_interruption(
    write: Callable[[str, range], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    monkeypatch.setattr(proof, "make_learners", lambda *args, **more: (counting,))
    sets = write("data", range(8)), [write("larger", range(12))], write("test", range(100, 130))
    whole = proof.prove(*sets)
    trainings, counting.asked = counting.asked, 0

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    memory = tmp_path / "memory"
    with pytest.raises(KeyboardInterrupt):
        proof.prove(*sets, memory=memory, on_progress=stop)
    assert 0 < counting.asked < trainings
    assert len(list(memory.iterdir())) == counting.asked
    found = proof.prove(*sets, memory=memory)
    assert counting.asked == trainings
    assert not memory.exists()
    assert replace(found, seconds=0.0) == replace(whole, seconds=0.0)
