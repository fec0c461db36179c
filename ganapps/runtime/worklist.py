"""Which files are enlarged, and where each result goes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, UsageError
from .files import display_name, is_pipe_or_device
from .images import IMAGE_SUFFIXES, OUTPUT_FORMATS, format_of

_SUFFIX = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "avif": ".avif", "tiff": ".tif", "bmp": ".bmp"}


@dataclass(frozen=True)
class Job:
    """One picture to read and the file to write."""

    source: Path
    target: Path

    def is_skipped(self, *, overwrite: bool) -> bool:
        """Whether the result exists already and is left alone."""
        return self.target.exists() and not overwrite

    def why_skipped(self) -> str:
        """The sentence for it; a result that may not be of this very picture is named."""
        name = display_name(self.target)
        try:
            newer = self.source.stat().st_mtime > self.target.stat().st_mtime
        except OSError:
            newer = False
        if newer:
            source = display_name(self.source)
            return f"{name} exists already, older than {source}: --overwrite makes it again"
        return f"{name} exists already"


@dataclass(frozen=True)
class _Found:
    """A file, and its place under the output folder as it is called now."""

    source: Path
    relative: Path


def plan_jobs(
    inputs: Sequence[str | Path], output: str | Path, format: str | None, *, may_be_none: bool = False
) -> tuple[Job, ...]:
    """All jobs, in a fixed order; nothing is written or made.

    Folders are searched through and through; names beginning with a dot are passed over, links to folders
    are followed. One input folder is mirrored straight into the output folder; of several inputs each folder
    keeps its name there.

    Args:
        inputs: files and folders.
        output: a file name with an image suffix for a single input file; else a folder.
        format: of all results; None keeps each file's own (PNG for GIF).
        may_be_none: whether folders without images are welcome.

    Raises:
        UsageError: a missing input, an output that is or would overwrite an input, or two inputs with one
        result. DataError: no images at all, or a folder that cannot be listed.
    """
    sources, place = [Path(item) for item in inputs], Path(output)
    kept = None if format is None else format_of(format)
    _check_inputs(sources)
    if _is_file_name(sources, place):
        jobs: tuple[Job, ...] = (_single(sources[0], place, kept),)
    else:
        _check_folder(sources, place)
        found = [item for source in sources for item in _find(source, alone=len(sources) == 1)]
        if not found and not may_be_none:
            names = ", ".join(display_name(source) for source in sources)
            raise DataError(
                f"there are no images in {names}: accepted are {', '.join(sorted(IMAGE_SUFFIXES))}"
            )
        jobs = tuple(_with_targets(_without_repeats(found), place, kept))
    _check_targets(jobs)
    return jobs


def _check_inputs(sources: Sequence[Path]) -> None:
    if not sources:
        raise UsageError("there is nothing to enlarge: give at least one image or folder")
    for source in sources:
        if not source.exists():
            raise UsageError(f"{display_name(source)} does not exist: give images or folders")


def _is_file_name(sources: Sequence[Path], output: Path) -> bool:
    """Whether the output names a file; raises where it does and must not."""
    if output.is_dir() or (output.suffix.lower() not in IMAGE_SUFFIXES and not output.exists()):
        return False
    if len(sources) > 1 or sources[0].is_dir():
        what = "several inputs" if len(sources) > 1 else f"the folder {display_name(sources[0])}"
        raise UsageError(f"{display_name(output)} is the name of a file: {what} needs a folder to write to")
    return True


def _single(source: Path, target: Path, format: str | None) -> Job:
    written = format_of(target.suffix)
    if format is not None and format != written:
        raise UsageError(
            f"{display_name(target)} would be written as {written}, but the format asked for is {format}"
        )
    return Job(source, target)


def _check_folder(sources: Sequence[Path], output: Path) -> None:
    """Results inside an input folder would be enlarged again by the next run."""
    place = Path(os.path.realpath(output))
    for source in sources:
        folder = Path(os.path.realpath(source))
        if folder.is_dir() and (place == folder or folder in place.parents):
            raise UsageError(
                f"the output folder {display_name(output)} lies inside the input folder"
                f" {display_name(source)}: give a folder outside it"
            )


def _find(source: Path, *, alone: bool) -> Iterator[_Found]:
    if not source.is_dir():
        yield _Found(source, Path(source.name))
        return
    # realpath: "." and ".." have names too.
    top = Path() if alone else Path(os.path.basename(os.path.realpath(source)))
    yield from _walk(source, top, ())


def _walk(folder: Path, relative: Path, above: tuple[tuple[int, int], ...]) -> Iterator[_Found]:
    """Images under a folder, sorted; `above`, the device and inode of its parents, ends loops of links."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"the folder {display_name(folder)} cannot be listed: {reason}") from error
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(folder / entry.name, relative / entry.name, (*above, here))
        # A dangling link stays in, so that it is reported.
        elif _has_image_name(entry) and not is_pipe_or_device(folder / entry.name):
            yield _Found(folder / entry.name, relative / entry.name)


def _has_image_name(entry: os.DirEntry[str]) -> bool:
    return os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES


def _without_repeats(found: Sequence[_Found]) -> list[_Found]:
    """A file given twice, or given and found in a folder under the same name, is done once."""
    return list({(os.path.abspath(item.source), item.relative): item for item in found}.values())


def _with_targets(found: Sequence[_Found], output: Path, format: str | None) -> Iterator[Job]:
    """Jobs; where a.png and a.jpg would both become a.png, the second becomes a.jpg.png."""
    names = [_renamed(item.relative, format) for item in found]
    claims: dict[Path, int] = {}
    for name in names:
        claims[name] = claims.get(name, 0) + 1
    for item, name in zip(found, names, strict=True):
        if claims[name] > 1 and item.relative != name:
            name = item.relative.with_name(item.relative.name + name.suffix)
        yield Job(item.source, output / name)


def _renamed(relative: Path, format: str | None) -> Path:
    """The name with the suffix of its format; a suffix that fits already stays as it is written."""
    own = OUTPUT_FORMATS.get(relative.suffix.lower())
    if own is not None and format in (None, own):
        return relative
    suffix = _SUFFIX[format or "png"]
    if relative.suffix.lower() in IMAGE_SUFFIXES:
        return relative.with_suffix(suffix)
    return relative.with_name(relative.name + suffix)


def _check_targets(jobs: Sequence[Job]) -> None:
    # normcase: on Windows a.png and A.png are one file.
    sources = {os.path.normcase(os.path.realpath(job.source)) for job in jobs}
    claimed: dict[str, Job] = {}
    for job in jobs:
        target = os.path.normcase(os.path.realpath(job.target))
        if target in sources:
            raise UsageError(
                f"{display_name(job.target)} would overwrite an input: give another name or folder for it"
            )
        if target in claimed:
            first, second = display_name(claimed[target].source), display_name(job.source)
            raise UsageError(
                f"{first} and {second} would both be written to {display_name(job.target)}:"
                " enlarge them into separate folders"
            )
        claimed[target] = job
