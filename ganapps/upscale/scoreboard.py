"""What a benchmark of upscalers found, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method on one folder, averaged over its pictures."""

    folder: str
    model: str
    """As it was asked for, or "bicubic"."""
    scale: int
    images: int
    psnr_y: float
    """dB on the luma, as many pixels as the scale left out on each side."""
    ssim_y: float
    """Structural similarity of the luma, of the same pixels."""
    psnr_rgb: float
    """dB on all channels, of the same pixels."""
    lpips_vgg: float | None
    """Shift-tolerant LPIPS of whole pictures, lower is better; None where not measured."""
    lpips_alex: float | None
    """The same with AlexNet."""
    seconds_per_megapixel: float
    """Of output."""
    parameters: int
    """Weights of the model; 0 for bicubic."""


@dataclass(frozen=True)
class Table:
    """What `benchmark_upscale` found."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What could not be measured, and what to do about it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings."""
        perceptual = ("LPIPS VGG", "LPIPS Alex") if self._perceptual else ()
        quality = ("Y-PSNR", "Y-SSIM", "PSNR", *perceptual)
        return ("folder", "model", "scale", "images", *quality, "s/MP", "weights")

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The rows as text, in the order of `columns`."""
        return [self._cells(row) for row in self.rows]

    def __str__(self) -> str:
        lines = [self.columns, *self.cells]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        # Names to the left, numbers to the right.
        text = ["  ".join(map(_padded, range(len(widths)), cells, widths)) for cells in lines]
        return "\n".join([*map(str.rstrip, text), *self.notes])

    @property
    def _perceptual(self) -> bool:
        return any(row.lpips_vgg is not None for row in self.rows)

    def _cells(self, row: Row) -> tuple[str, ...]:
        distances = (row.lpips_vgg, row.lpips_alex) if self._perceptual else ()
        return (
            row.folder,
            row.model,
            f"x{row.scale}",
            str(row.images),
            f"{row.psnr_y:.2f}",
            f"{row.ssim_y:.4f}",
            f"{row.psnr_rgb:.2f}",
            *("-" if distance is None else f"{distance:.3f}" for distance in distances),
            f"{row.seconds_per_megapixel:.2f}",
            f"{row.parameters:,}",
        )


def _padded(index: int, cell: str, width: int) -> str:
    return cell.ljust(width) if index < 2 else cell.rjust(width)
