"""What is known of a labelled set before anything is trained on it; see `examination`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from .shape import Shape


@dataclass(frozen=True, kw_only=True)
class ClassCheck:
    """What was found in one class."""

    name: str
    images: int
    """Files, unreadable ones among them."""
    smallest: tuple[int, int] | None
    """Height and width of the smallest image by area; None where none can be read."""
    median: tuple[int, int] | None
    """Median height and median width."""
    largest: tuple[int, int] | None
    colour: int
    """Images that are not grey."""
    exact_copies: int
    """Images that repeat an earlier one of the class."""
    near_copies: int
    """Images that nearly repeat an earlier one of the class."""
    unreadable: int


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Two images that show the same, by the names of their files."""

    first: str
    second: str
    classes: tuple[str, str]
    exact: bool


@dataclass(frozen=True, kw_only=True)
class TestCheck:
    """What was found of a test set."""

    path: str
    images: int
    exact: tuple[Copy, ...]
    """A training image and a test image that are the same."""
    near: tuple[str, ...]
    """Test images that are nearly a training image."""
    unreadable: tuple[str, ...]
    """What is wrong with each of its files that cannot be read."""
    missing: tuple[str, ...]
    """Classes of the training set that it has no image of."""
    white: int | None
    """As for the training set."""


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What was found of a set."""

    path: str
    classes: tuple[ClassCheck, ...]
    shape: Shape
    """Size that the images are brought to, and that of what is made, but for margins."""
    num_sizes: int
    """Different sizes among the images."""
    fitted: int
    """Images that get margins, because their sides are in another proportion."""
    white: int | None
    """The level of 16-bit files that is taken for white; None where all files have 8 bits."""
    copies: tuple[Copy, ...]
    """Images that repeat another of their class."""
    suspicious: tuple[Copy, ...]
    """Images that are, as they are or nearly, in two classes: a label is wrong, or may be."""
    near_compared: bool
    """Whether near-copies were looked for; in very large sets they are not."""
    unreadable: tuple[str, ...]
    """What is wrong with each file that cannot be read."""
    test: TestCheck | None

    @property
    def images(self) -> int:
        """Images that can be read."""
        return sum(entry.images - entry.unreadable for entry in self.classes)

    @property
    def counts(self) -> tuple[int, ...]:
        """Images of each class that can be read."""
        return tuple(entry.images - entry.unreadable for entry in self.classes)

    def as_json(self) -> dict[str, object]:
        """All of it as plain values."""
        return asdict(self)
