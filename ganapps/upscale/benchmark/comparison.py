"""Upscalers compared with bicubic enlargement on folders of pictures, as published tables do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, product
from pathlib import Path

from ...metrics.niqe import niqe
from ..degradations import profile_named
from ..naturalness import shipped_naturalness
from .exhibit import Exhibit, make_exhibit
from .judges import Judges, call_judges
from .measurement import measure
from .method import Method, open_methods
from .picture import Pair, Picture, Pixels, find_pictures
from .score import Score
from .scoreboard import Row, Table, find_faults, mean_of, sum_up

_MOST_EXACT = 16
"""Exhibits that are kept to the last bit; more of them would make a page too large to send."""


def benchmark_upscale(
    folders: Sequence[Path],
    *,
    models: Sequence[str | Path],
    degradation: str = "clean",
    seed: int = 0,
    perceptual: bool | None = None,
    threads: int | None = None,
    most_exhibits: int = 0,
    on_progress: Callable[[float], None] | None = None,
) -> Table:
    """Shrink the pictures of each folder, enlarge them, and compare with the originals.

    Pictures are cropped to a multiple of the scale. 16-bit pictures are taken as 8-bit, grey ones as RGB,
    alpha is left out. Rows are in the order of folders and scales, and bicubic enlargement comes before the
    models of each scale.

    Args:
        folders: searched with their subfolders.
        models: names of shipped weights or paths of .onnx files, of any scales.
        degradation: name of the profile by which the low-resolution pictures are made: "clean" is
            antialiased bicubic, as in published tables.
        seed: of the degradations; with the same one, a picture of the same name suffers the same.
        perceptual: whether to measure shift-tolerant LPIPS, which needs PyTorch; None means where it can be.
        threads: None means all cores that this process may use.
        most_exhibits: pictures kept to look at, evenly over all, each once for each scale.
        on_progress: called with the finished share, in (0, 1].

    Raises:
        DataError: a folder is missing, has no pictures, or one that is too small.
        DependencyError: `perceptual` is True and its packages are not installed.
        ImageError: a picture cannot be read.
        ModelError: a model cannot be used.
        UsageError: there is no such degradation.
    """
    profile = profile_named(degradation).always()  # clean pictures among damaged ones would flatter a model
    found = [(folder, find_pictures(folder)) for folder in folders]
    judges, notes = call_judges(perceptual, threads)
    methods = open_methods(models, threads)
    groups = [list(group) for _, group in groupby(methods, key=lambda method: method.scale)]
    num_pictures = sum(len(paths) for _, paths in found)
    shown = _evenly(num_pictures * len(groups), most_exhibits)
    tell = on_progress or (lambda share: None)
    rows: list[Row] = []
    scores: list[Score] = []
    exhibits: list[Exhibit] = []
    originals: list[tuple[str, float | None]] = []
    trial = 0
    for folder, paths in found:
        start = len(scores)
        natural: list[float | None] = []
        for path, group in product(paths, groups):
            picture = Picture(folder, path)
            natural.append(niqe(picture.original, shipped_naturalness()))
            pair = picture.at(group[0].scale, profile, seed)
            results = []
            for result in _results(group, pair, judges, folder.resolve().name, picture.name):
                results.append(result)
                scores.append(result[1])
                tell(len(scores) / (num_pictures * len(methods)))
            if trial in shown:
                exhibits.append(make_exhibit(pair, results, exact=len(shown) <= _MOST_EXACT))
            trial += 1
        rows += _rows(methods, scores[start:])
        originals.append((folder.resolve().name, mean_of(natural)))
    return Table(
        rows=tuple(rows),
        scores=tuple(scores),
        degradation=degradation,
        seed=seed,
        notes=(*notes, *_originals(originals), *find_faults(scores)),
        exhibits=tuple(exhibits),
    )


def _results(
    group: Sequence[Method], pair: Pair, judges: Judges, folder: str, picture: str
) -> Iterator[tuple[Pixels, Score]]:
    """What each method of one scale makes of a picture."""
    sight = judges.against(pair.high)
    return (measure(method, pair, sight, folder, picture) for method in group)


def _rows(methods: Sequence[Method], scores: Sequence[Score]) -> Iterator[Row]:
    """One folder's rows; its scores come picture by picture, each time in the order of the methods."""
    return (sum_up(method, scores[index :: len(methods)]) for index, method in enumerate(methods))


def _originals(natural: Sequence[tuple[str, float | None]]) -> Iterator[str]:
    """What NIQE says of the originals, folder by folder: nothing enlarged need be better."""
    said = [f"{mean:.2f} in {folder}" for folder, mean in natural if mean is not None]
    if said:
        yield f"NIQE of the originals: {', '.join(said)}"


def _evenly(count: int, most: int) -> frozenset[int]:
    """Up to `most` of the numbers below `count`, the first and the last among them."""
    if count <= most:
        return frozenset(range(count))
    return frozenset(round(i * (count - 1) / max(1, most - 1)) for i in range(most))
