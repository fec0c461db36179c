"""What a preflight found, in sentences: what is wrong, what to expect, and what will be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import DataError, GanappsError, ImageError
from ..synthetic.draw import MAX_DRAWS
from .preflight import Copy, Preflight

_UNEVEN = 3
"""Times as many images in the largest class as in the smallest are worth a word."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run does."""

    shape: str
    """Size and colour of the synthetic images."""
    model: str | None
    """The generator that is given; None where one is trained."""
    minutes: float | None
    """Budget of training; None where there is none in minutes."""
    training_images: int | None
    """Budget of training in images that are shown."""
    per_class: int
    """Images wanted in each class, real and synthetic."""
    wanted: int
    """Synthetic images, or copies, that would fill all classes."""
    classic: str | None = None
    """The classic policy that copies are made with; None where a generator is used."""
    chosen: bool = False
    """Whether cross-validation chooses how many are added."""

    def sentence(self) -> str:
        """The plan as it is printed."""
        if self.classic is not None:
            return (
                f"change copies of the real images by {self.classic}, and add {self.wanted:,} of them"
                f" ({self.per_class} a class with the real ones)"
            )
        if self.model is not None:
            first = f"take the generator {self.model}"
        else:
            budgets = [] if self.minutes is None else [f"{self.minutes:g} min"]
            budgets += [] if self.training_images is None else [f"{self.training_images:,} images"]
            first = f"train a generator of {self.shape} images for {' or '.join(budgets)} on this machine"
        if not self.wanted:
            return f"{first}, and add nothing: every class has {self.per_class} images already"
        if self.chosen:
            return (
                f"{first}, the choice among its images included, and add up to {self.wanted:,} of them, as"
                f" far as they help in cross-validation ({self.per_class} a class with the real ones)"
            )
        return (
            f"{first}, draw at most {MAX_DRAWS * self.wanted:,} images, and add up to {self.wanted:,} that"
            f" pass the selection ({self.per_class} a class with the real ones)"
        )


def make_plan(
    found: Preflight,
    *,
    model: str | None,
    minutes: float | None,
    training_images: int | None,
    per_class: int | None,
    classic: str | None = None,
) -> Plan:
    """What `ganapps.augment.augment` would do with a set, with the same options.

    Args:
        found: the set.
        model: the generator that is given, if any.
        minutes: budget of training; the default's are to be filled in.
        training_images: budget of training in images.
        per_class: images wanted in each class; None means twice the largest class.
        classic: the classic policy, where no generator is used.
    """
    total = per_class or 2 * max(found.counts)
    return Plan(
        shape=shape_name(found),
        model=model,
        minutes=minutes,
        training_images=training_images,
        per_class=total,
        wanted=sum(max(0, total - count) for count in found.counts),
        classic=classic,
        chosen=model is None and classic is None and per_class is None,
    )


def shape_name(found: Preflight) -> str:
    """Size and colour of the images that are made, such as `43 x 64 px grey`: height first."""
    colour = "grey" if found.shape.channels == 1 else "colour"
    return f"{found.shape.height} x {found.shape.width} px {colour}"


def refusal(found: Preflight) -> GanappsError | None:
    """Why nothing may be trained on the set as it is; None where something may."""
    if found.unreadable:
        return ImageError(
            f"{_count(len(found.unreadable), 'image')} of {found.path} cannot be read, the first:"
            f" {found.unreadable[0]}; mend or take out what is damaged and run again"
        )
    if found.test is not None and found.test.exact:
        return DataError(
            f"{len(found.test.exact)} of {found.test.images} images of {found.test.path} are in {found.path}"
            f" as well, one is {found.test.exact[0].second}: a test on images that were trained on proves"
            " nothing, take them out of one of the two"
        )
    return None


def findings(found: Preflight) -> tuple[str, ...]:
    """What a user should look at, the worst first; a sentence each."""
    return (*_of_images(found), *_of_sizes(found), *_of_test(found))


def _of_images(found: Preflight) -> Iterator[str]:
    same = [copy for copy in found.suspicious if copy.exact]
    like = [copy for copy in found.suspicious if not copy.exact]
    if same:
        yield f"{_count(len(same), 'image')} in two classes, one label is wrong: {_example(same[0])}"
    if like:
        yield (
            f"{_count(len(like), 'image')} nearly the same as one of another class, a label may be wrong:"
            f" {_example(like[0])}"
        )
    exact = [copy for copy in found.copies if copy.exact]
    near = [copy for copy in found.copies if not copy.exact]
    if exact:
        yield f"{_count(len(exact), 'image')} twice in the same class: {_example(exact[0])}"
    if near:
        yield f"{_count(len(near), 'image')} nearly the same as another of the class: {_example(near[0])}"
    if not found.near_compared:
        yield f"near-copies were not looked for: {found.images:,} images are too many to compare them all"
    large, small = max(found.counts), min(found.counts)
    if large >= _UNEVEN * small:
        names = [entry.name for entry in found.classes]
        most, least = (names[found.counts.index(count)] for count in (large, small))
        yield f"the classes are uneven: {large} images of {most} and {small} of {least}"


def _of_sizes(found: Preflight) -> Iterator[str]:
    sides = [side for entry in found.classes if entry.largest for side in entry.largest]
    if sides and max(sides) > max(found.shape.height, found.shape.width):
        yield (
            f"synthetic images will be {found.shape.height} x {found.shape.width} px, and the real ones are"
            f" up to {max(sides):,} px: finer detail is not learned"
        )
    if found.fitted:
        yield (
            f"{_count(found.fitted, 'image')} of other proportions: nothing is cut off, the margins are"
            " mirrored for training and taken off what is made"
        )
    colours = sum(entry.colour for entry in found.classes)
    if 0 < colours < found.images:
        yield f"{colours} of {found.images} images have colour, the others are grey: all are taken as colour"
    if found.white is not None:
        yield (
            f"16-bit images: level {found.white} is taken for white, and synthetic images have 8 bits a"
            " channel"
        )


def _of_test(found: Preflight) -> Iterator[str]:
    test = found.test
    if test is None:
        return
    if test.exact:
        yield f"{_count(len(test.exact), 'test image')} also in the training set: {_example(test.exact[0])}"
    if test.near:
        yield f"{_count(len(test.near), 'test image')} nearly the same as a training image: {test.near[0]}"
    if test.unreadable:
        yield f"{_count(len(test.unreadable), 'test image')} not readable: {test.unreadable[0]}"
    if test.missing:
        yield f"the test set {test.path} has no image of {', '.join(test.missing)}"
    if test.white is not None and found.white is not None and test.white != found.white:
        yield f"16-bit test images go up to level {test.white}, those trained on to {found.white}"


def expectation(found: Preflight) -> str:
    """What to expect of a set of this size, as far as it has been measured."""
    least = min(found.counts)
    start = f"the smallest class has {_count(least, 'image')}: "
    if least < 20:
        return (
            f"{start}with fewer than 20 to 50 a class, images of a generator often hurt a classifier; that"
            " nothing is added is a likely result, and more real images help most, also without labels"
            " (--unlabeled)"
        )
    if least < 50:
        return (
            f"{start}with fewer than 20 to 50 a class, images of a generator often hurt a classifier unless"
            " they are selected, as here; measure it with ganapps prove"
        )
    return (
        f"{start}selected images of a generator may help a classifier or change nothing; measure it with"
        " ganapps prove"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _example(copy: Copy) -> str:
    return f"{copy.first} and {copy.second}"
