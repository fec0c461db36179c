"""What an expansion writes for one class: its synthetic images, their lines, a few rejected ones, a sheet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ...runtime.images import Image, Metadata, encode_image
from ..sets.dataset import Decoded, LabelledImages, Pixels
from ..sets.shape import restore
from ..synthetic.draw import Filled, Judged
from ..synthetic.selection import Verdict
from .digital_source import DigitalSource, describe_source
from .folder import synthetic_names
from .report import RejectedImage
from .sheet import contact_sheet

REJECTED = "rejected"
"""Folder of images that were dropped."""
_SLUGS = {
    Verdict.WRONG_LABEL: "wrong-label",
    Verdict.NEAR_COPY: "near-copy",
    Verdict.REPEAT: "repeat",
    Verdict.FAR: "far",
    Verdict.SPARE: "spare",
    Verdict.HELD_BACK: "held-back",
}


class ClassFolder:
    """Writes one class into the new folder.

    Args:
        folder: the new folder.
        images: the real set.
        real: its pixels.
        label: the class in the set.
        model_label: the same class in the generator.
        model_hash: of the generator.
    """

    def __init__(
        self,
        folder: Path,
        images: LabelledImages,
        real: Decoded,
        *,
        label: int,
        model_label: int,
        model_hash: str | None,
    ) -> None:
        self._folder, self._images, self._real = folder, images, real
        self._label, self._model_label, self._model_hash = label, model_label, model_hash
        self._name = images.classes[label]

    def write(self, manifest: TextIO, filled: Filled) -> list[RejectedImage]:
        """Write what was added, with a line for each, and what was dropped."""
        for name, image in zip(synthetic_names(self._images, self._label), filled.added, strict=False):
            file = f"images/{name}"
            size = self._write(file, image)
            manifest.write(json.dumps(self._line(file, image, size)) + "\n")
        rejected = self._write_rejected(filled.rejected)
        self._write_sheet(filled)
        return rejected

    def _line(self, file: str, image: Judged, size: tuple[int, int]) -> dict[str, Any]:
        judgement = image.judgement
        return {
            "file": file,
            "kind": "synthetic",
            "class": self._name,
            "label": self._model_label,
            "size": list(size),
            "seed": image.seed,
            "model": self._model_hash,
            "confidence": _rounded(judgement.confidence),
            "nearest_real": self._nearest(image),
            "distance": round(judgement.distance, 4),
        }

    def _write_rejected(self, judged: Sequence[Judged]) -> list[RejectedImage]:
        found: list[RejectedImage] = []
        numbers = dict.fromkeys(_SLUGS, 0)
        for image in judged:
            verdict = image.judgement.verdict
            numbers[verdict] += 1
            file = f"{REJECTED}/{self._name}/{_SLUGS[verdict]}-{numbers[verdict]}.png"
            self._write(file, image)
            found.append(
                RejectedImage(
                    name=self._name,
                    reason=verdict.value,
                    file=file,
                    seed=image.seed,
                    confidence=_rounded(image.judgement.confidence),
                    nearest_real=self._nearest(image),
                    distance=round(image.judgement.distance, 4),
                )
            )
        return found

    def _write(self, file: str, image: Judged) -> tuple[int, int]:
        """Write one image; its height and width."""
        # Images of mixed shapes were given margins, and those that are made have learned them.
        pixels = restore(image.pixels, self._real.sizes[image.judgement.nearest])
        facts = {
            "class": self._name,
            "label": self._model_label,
            "seed": image.seed,
            "model": self._model_hash,
        }
        write_png(self._folder / file, pixels, describe_source(DigitalSource.GENERATED, facts))
        return pixels.shape[0], pixels.shape[1]

    def _nearest(self, image: Judged) -> str:
        return f"images/{self._images.paths[image.judgement.nearest].as_posix()}"

    def _write_sheet(self, filled: Filled) -> None:
        real = self._real.pixels
        added = np.stack([image.pixels for image in filled.added]) if filled.added else real[:0]
        nearest = real[[image.judgement.nearest for image in filled.added]]
        sheet = contact_sheet(real[self._images.of_class(self._label)], added, nearest)
        metadata = describe_source(DigitalSource.WITH_GENERATED) if filled.added else Metadata()
        write_png(self._folder / "sheets" / f"{self._name}.png", sheet, metadata)


def write_png(path: Path, pixels: Pixels, metadata: Metadata) -> None:
    """Write an image into the new folder, which is not to be seen before it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_image(Image(pixels, None, metadata, "png"), "png"))


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)
