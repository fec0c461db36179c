"""Trainings of a proof that are not made again after an interruption."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError
from ...runtime.files import make_folder, write_atomically
from ..classic import ClassicPolicy
from .learners import Learner
from .pool import Pictures, Pool, Rows


class Remembering:
    """A learner whose answers are kept in a folder, and given again to the same question.

    A question is all that an answer hangs on: the images and labels that are trained on, the policy with its
    numbers, the images that are asked about, the seed, and what the learner itself is. A file that is damaged
    is one that is not there.

    Args:
        learner: who is asked.
        folder: for the answers, a file each; it is made with the first of them.
        facts: what the learner is beside its name: updates, views, versions.
    """

    def __init__(self, learner: Learner, folder: Path, *, facts: str) -> None:
        self._learner, self._folder, self._facts = learner, folder, facts
        self._digests: dict[Pictures, bytes] = {}

    @property
    def name(self) -> str:
        """That of the learner."""
        return self._learner.name

    def keep_only(self, policy: ClassicPolicy) -> None:
        """Let go of what was computed for other policies."""
        self._learner.keep_only(policy)

    def predict(
        self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, *, seed: int
    ) -> NDArray[np.int64]:
        """As the learner's."""
        path = self._folder / f"{self._question(pool, policy, asked, rows, seed)}.npy"
        known = _read(path, len(rows))
        if known is not None:
            return known
        answer = self._learner.predict(pool, policy, asked, rows, seed=seed)
        data = io.BytesIO()
        np.save(data, answer, allow_pickle=False)
        make_folder(self._folder)
        write_atomically(path, data.getvalue())
        return answer

    def _question(self, pool: Pool, policy: ClassicPolicy, asked: Pictures, rows: Rows, seed: int) -> str:
        digest = hashlib.sha256(repr((self.name, self._facts, policy, seed)).encode())
        for part in pool.parts:
            digest.update(self._digest(part.pictures))
            digest.update(repr((len(part.rows), len(part.labels))).encode())
            digest.update(part.rows.astype(np.int64).tobytes() + part.labels.astype(np.int64).tobytes())
        digest.update(b"asked" + self._digest(asked) + rows.astype(np.int64).tobytes())
        return digest.hexdigest()[:40]

    def _digest(self, pictures: Pictures) -> bytes:
        if pictures not in self._digests:
            shape = repr(pictures.pixels.shape).encode()
            pixels = np.ascontiguousarray(pictures.pixels)
            self._digests[pictures] = hashlib.sha256(shape + pixels.tobytes()).digest()
        return self._digests[pictures]


def _read(path: Path, num: int) -> NDArray[np.int64] | None:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(found, np.ndarray) or found.shape != (num,) or found.dtype != np.int64:
        return None
    return found


def forget(folder: Path) -> None:
    """Remove answers, and the folder where nothing else lies in it.

    Raises:
        OutputError: they cannot be removed.
    """
    try:
        for path in folder.glob("*.npy"):
            path.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise OutputError(f"cannot remove {folder}: {error.strerror or error}") from error
