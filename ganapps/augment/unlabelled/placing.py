"""Accepted images in the new set: files, and lines of the manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

from ...errors import UsageError
from ...runtime.images import Image, Metadata, encode_image
from ..output.folder import place_original, synthetic_names
from ..sets.labelled import LabelledImages
from .pseudo import PseudoLabelled

KIND = "pseudo-labelled"
"""What the manifest calls them."""
CLASSIFIER = "classifier.onnx"


def place_accepted(
    folder: Path, manifest: TextIO, images: LabelledImages, pseudo: PseudoLabelled, label: int
) -> int:
    """Put the accepted images of one class into the new set as `unlabeled-000001.png` and so on.

    A file is taken as it is, bit for bit, and keeps its suffix; a row of an .npz file becomes a PNG file of
    the same pixels.

    Args:
        folder: the new set's folder; images go to `images/CLASS` in it.
        manifest: gets a line for each image.
        images: the labelled set.
        pseudo: the accepted images.
        label: the class.

    Returns:
        How many were placed.
    """
    own = pseudo.of_class(label)
    for name, image in zip(synthetic_names(images, label, "unlabeled"), own, strict=False):
        path = Path(name)
        if image.file is not None:
            path = path.with_suffix(image.file.suffix.lower())
            place_original(image.file, folder / "images" / path)
        else:
            (folder / "images" / path).parent.mkdir(parents=True, exist_ok=True)
            png = encode_image(Image(image.native, None, Metadata(), "png"), "png")
            (folder / "images" / path).write_bytes(png)
        line = {
            "file": f"images/{path.as_posix()}",
            "class": images.classes[label],
            "kind": KIND,
            "source": image.source,
            "confidence": round(image.confidence, 4),
        }
        manifest.write(json.dumps(line) + "\n")
    return len(own)


def place_classifier(folder: Path, pseudo: PseudoLabelled) -> None:
    """Put the classifier into the new set's folder, where there is one."""
    if pseudo.classifier is not None:
        (folder / CLASSIFIER).write_bytes(pseudo.classifier)


def require_apart(unlabelled: Path, data: Path, out: Path) -> None:
    """Check that three places are three.

    Raises:
        UsageError: `out` lies inside `unlabelled`, or one of `unlabelled` and `data` inside the other.
    """
    guests, home = unlabelled.resolve(), data.resolve()
    if out.resolve().is_relative_to(guests):
        raise UsageError(
            f"the output {out} lies inside the unlabelled images {unlabelled}; give a folder outside of it"
        )
    if guests.is_relative_to(out.resolve()):
        raise UsageError(f"the unlabelled images {unlabelled} lie inside the output {out}; give another one")
    if guests == home:
        raise UsageError(f"the unlabelled images {unlabelled} are the labelled set itself; give other images")
    if guests.is_relative_to(home):
        raise UsageError(
            f"the unlabelled images {unlabelled} lie inside the labelled set {data}, where their folder is a"
            " class; put them outside of it"
        )
