"""A listener that writes what a training reports for TensorBoard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor

from ..errors import DependencyError, OutputError
from .monitor import Report


class TensorBoard:
    """Writes every scalar and note of every report to event files, at the step of images seen.

    Args:
        folder: where the event files go; made at the first report. View it with `tensorboard --logdir`.

    Raises:
        DependencyError: the package tensorboard is not installed.

    Example:
        with TensorBoard(Path("runs/mine/tensorboard")) as board:
            Trainer(game, batches, options, on_report=board).run()
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise DependencyError(
                "writing for TensorBoard needs the package tensorboard: pip install tensorboard"
            ) from error
        self.folder = folder
        self._make: Any = SummaryWriter
        self._writer: Any = None

    def __call__(self, report: Report) -> None:
        """Write a report, through to the disk.

        Raises:
            OutputError: the folder cannot be written.
        """
        with self._writing() as writer:
            for name, value in report.scalars.items():
                writer.add_scalar(name, value, report.images)
            for note in report.notes:
                writer.add_text("notes", note, report.images)

    def show(self, name: str, images: Tensor, step: int) -> None:
        """Write pictures as one sheet.

        Args:
            name: what they are called.
            images: `[N, C, H, W]` in [-1, 1] with 1 or 3 channels; what lies beyond is cut off.
            step: images seen.

        Raises:
            OutputError: the folder cannot be written.
        """
        with self._writing() as writer:
            pixels = (images.detach().float().cpu().clamp(-1, 1) + 1) / 2
            writer.add_images(name, pixels, step)

    def close(self) -> None:
        """Finish the event file; a later report begins another."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        try:
            # Not before there is something to write: a training that is refused leaves nothing behind.
            if self._writer is None:
                self._writer = self._make(str(self.folder))
            yield self._writer
            self._writer.flush()
        except OSError as error:
            raise OutputError(f"cannot write to {self.folder} for TensorBoard: {error}") from error
