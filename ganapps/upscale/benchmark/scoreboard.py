"""What a benchmark of upscalers found, as values and as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from .exhibit import Exhibit
from .method import BICUBIC, Method
from .score import Quality, Score

MOST_SHIFT = 1.0
"""Grey levels of a colour shift or a grid from which on it is worth a note."""


@dataclass(frozen=True, kw_only=True)
class Row(Quality):
    """One method on one folder: means over its pictures, and the largest shift and grid of them."""

    folder: str
    model: str
    scale: int
    images: int
    seconds_per_megapixel: float
    """Of output."""
    gmac_per_megapixel: float | None
    """Giga-multiply-accumulates of convolutions per megapixel of output; None for bicubic, and where they
    cannot be counted."""
    parameters: int
    """Weights of the model; 0 for bicubic."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """What `benchmark_upscale` found."""

    rows: tuple[Row, ...]
    scores: tuple[Score, ...] = ()
    """The rows picture by picture."""
    degradation: str = "clean"
    """Name of the profile that made the low-resolution pictures."""
    seed: int = 0
    notes: tuple[str, ...] = ()
    """What could not be measured, and what to do about it; models that shift colours or leave a grid."""
    exhibits: tuple[Exhibit, ...] = ()
    """Pictures to look at, where they were asked for."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings."""
        perceptual = ("LPIPS VGG", "LPIPS Alex") if self.perceptual else ()
        quality = ("Y-PSNR", "Y-SSIM", "PSNR", "SSIM", *perceptual, "NIQE")
        return ("folder", "model", "scale", "images", *quality, "s/MP", "GMAC/MP", "weights")

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The rows as text, in the order of `columns`."""
        return [self._cells(row) for row in self.rows]

    @property
    def perceptual(self) -> bool:
        """Whether there are perceptual distances."""
        return any(row.lpips_vgg is not None for row in self.rows)

    def __str__(self) -> str:
        lines = [self.columns, *self.cells]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        # Names to the left, numbers to the right.
        text = ["  ".join(map(_padded, range(len(widths)), cells, widths)) for cells in lines]
        return "\n".join([*map(str.rstrip, text), *self.notes])

    def _cells(self, row: Row) -> tuple[str, ...]:
        distances = (row.lpips_vgg, row.lpips_alex) if self.perceptual else ()
        return (
            row.folder,
            row.model,
            f"x{row.scale}",
            str(row.images),
            f"{row.psnr_y:.2f}",
            f"{row.ssim_y:.4f}",
            f"{row.psnr_rgb:.2f}",
            f"{row.ssim_rgb:.4f}",
            *(_number(distance, 3) for distance in distances),
            _number(row.niqe, 2),
            f"{row.seconds_per_megapixel:.2f}",
            _number(row.gmac_per_megapixel, 1),
            f"{row.parameters:,}",
        )


def sum_up(method: Method, scores: Sequence[Score]) -> Row:
    """The row of one method from its scores, one or more, of the pictures of one folder."""
    grids = [score.grid for score in scores if score.grid is not None]
    return Row(
        folder=scores[0].folder,
        model=method.name,
        scale=method.scale,
        images=len(scores),
        psnr_y=fmean(score.psnr_y for score in scores),
        ssim_y=fmean(score.ssim_y for score in scores),
        psnr_rgb=fmean(score.psnr_rgb for score in scores),
        ssim_rgb=fmean(score.ssim_rgb for score in scores),
        lpips_vgg=mean_of(score.lpips_vgg for score in scores),
        lpips_alex=mean_of(score.lpips_alex for score in scores),
        niqe=mean_of(score.niqe for score in scores),
        colour_shift=max(score.colour_shift for score in scores),
        grid=max(grids, default=None),
        seconds_per_megapixel=sum(s.seconds for s in scores) / sum(s.megapixels for s in scores),
        gmac_per_megapixel=method.gmac_per_megapixel,
        parameters=method.parameters,
    )


def mean_of(values: Iterable[float | None]) -> float | None:
    """Mean of those that are there; None where none is."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def find_faults(scores: Sequence[Score]) -> list[str]:
    """A sentence for each model that shifts colours or leaves a grid, with the worst picture."""
    notes = []
    for model, scale in dict.fromkeys((s.model, s.scale) for s in scores if s.model != BICUBIC):
        own = [score for score in scores if (score.model, score.scale) == (model, scale)]
        shifted = max(own, key=lambda score: score.colour_shift)
        if shifted.colour_shift > MOST_SHIFT:
            notes.append(
                f"{model} shifts the colours of {shifted.folder}/{shifted.picture} by"
                f" {shifted.colour_shift:.1f} of 255 grey levels"
            )
        grid = max(own, key=lambda score: score.grid or 0)
        if (grid.grid or 0) > MOST_SHIFT:
            notes.append(
                f"{model} leaves a grid of {grid.grid:.1f} of 255 grey levels in flat areas of"
                f" {grid.folder}/{grid.picture}"
            )
    return notes


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _padded(index: int, cell: str, width: int) -> str:
    return cell.ljust(width) if index < 2 else cell.rjust(width)
