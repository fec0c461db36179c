"""What the examples share: reading a labelled set, drawing batches, and a sheet of pictures."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganapps import Image, write_image
from ganapps.adversarial import Budget, Report
from ganapps.augment.generator.game import signed
from ganapps.augment.sets.dataset import decode_images, find_images
from ganapps.errors import DataError

__all__ = [
    "Labelled",
    "budget",
    "draw",
    "draws_of",
    "options",
    "print_report",
    "read_labelled",
    "save_sheet",
    "signed",
]


@dataclass(frozen=True)
class Labelled:
    """Images of known classes."""

    images: Tensor
    """uint8 `[N, C, H, W]`"""
    labels: Tensor
    """int64 `[N]`"""
    classes: tuple[str, ...]

    def of(self, *names: str) -> Labelled:
        """The images of these classes only, numbered in this order."""
        wanted = [self.classes.index(name) for name in names]
        kept = torch.cat([torch.nonzero(self.labels == label)[:, 0] for label in wanted])
        numbers = torch.zeros(len(self.classes), dtype=torch.int64)
        numbers[wanted] = torch.arange(len(wanted))
        return Labelled(self.images[kept], numbers[self.labels[kept]], names)


def read_labelled(path: Path, split: str = "train") -> Labelled:
    """Read a folder with one subfolder of images a class, or an .npz file.

    Args:
        path: a folder; an .npz with `images`, `labels` and perhaps `split` and `classes`; or one with
            `x_train`, `y_train`, `x_test` and `y_test`, as Keras keeps MNIST and Fashion-MNIST.
        split: "train" or "test"; a folder has one split only.

    Raises:
        DataError: it is none of these.
    """
    if path.is_dir():
        found = find_images(path)
        return _labelled(decode_images(found), found.labels, found.classes)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if f"x_{split}" in arrays:
        images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    elif {"images", "labels"} <= arrays.keys():
        chosen = arrays["split"] == split if "split" in arrays else slice(None)
        images, labels = arrays["images"][chosen], arrays["labels"][chosen]
    else:
        raise DataError(
            f"{path} holds {', '.join(arrays)}, not images and labels, nor x_{split} and y_{split}"
        )
    classes = arrays.get("classes", np.unique(labels))
    return _labelled(images, labels, tuple(str(name) for name in classes))


def _labelled(images: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Labelled:
    pixels = torch.from_numpy(images if images.ndim == 4 else images[..., None])
    return Labelled(
        pixels.permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels.astype(np.int64)), classes
    )


def draws_of(index: int, seed: int) -> torch.Generator:
    """Where the random numbers of batch `index` come from: a function of seed and index alone."""
    return torch.Generator().manual_seed(seed * 1_000_003 + index)


def draw(index: int, seed: int, total: int, size: int) -> Tensor:
    """The positions of batch number `index`: `size` of `total`."""
    return torch.randint(total, (size,), generator=draws_of(index, seed))


def save_sheet(path: Path, images: Tensor, columns: int, *, zoom: int = 1, gap_px: int = 2) -> None:
    """Write pictures `[N, C, H, W]` in [-1, 1] side by side as a PNG, `columns` in a row."""
    pixels = ((images.detach().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()
    if pixels.shape[1] == 1:
        pixels = pixels.expand(-1, 3, -1, -1)
    pixels = pixels.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    pixels = torch.nn.functional.pad(pixels, (0, gap_px, 0, gap_px), value=255)
    rows = [torch.cat(list(row), 2) for row in pixels.split(columns) if len(row) == columns]
    sheet = torch.cat(rows, 1)[:, :-gap_px, :-gap_px].permute(1, 2, 0).contiguous().numpy()
    write_image(path, Image(sheet))


def print_report(report: Report) -> None:
    """One line a report: progress and the numbers that tell how a game stands."""
    shown = {name: value for name, value in report.scalars.items() if "norm" not in name}
    numbers = ", ".join(f"{name} {value:.3g}" for name, value in shown.items())
    print(f"{100 * report.progress:3.0f} %  {report.images:,} images  {numbers}", flush=True)
    for note in report.notes:
        print(f"      {note}", flush=True)


def options(description: str | None, *, minutes: float, data: bool = True) -> argparse.ArgumentParser:
    """The options that every example has."""
    parser = argparse.ArgumentParser(description=description)
    if data:
        parser.add_argument("--data", type=Path, required=True, help="folder of classes, or .npz file")
    parser.add_argument("-o", "--out", type=Path, required=True, help="PNG to write")
    parser.add_argument("--minutes", type=float, default=minutes, help="training time (default: %(default)s)")
    parser.add_argument("--images", type=int, default=None, help="stop after so many images instead")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def budget(args: argparse.Namespace) -> Budget:
    """What `--images` or else `--minutes` allow."""
    return Budget(images=args.images) if args.images else Budget(minutes=args.minutes)
