"""What a proof found, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ...metrics.paired import PairedDifference
from ..unlabelled.placing import CLASSIFIER
from .arms import Arm
from .verdict import TELLING, Effect, images_to_tell


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """How good a classifier trained on one arm is on the test set; all shares from 0 to 1."""

    arm: Arm
    images: int
    """That it was trained on, under the first seed."""
    accuracy: tuple[float, ...]
    """Under each seed."""
    balanced_accuracy: tuple[float, ...]
    """Under each seed: the mean of the recalls of the classes."""
    recall: tuple[float, ...]
    """Of each class, the mean over seeds."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two arms on the same test images under the same seeds."""

    first: Arm
    second: Arm
    measure: str
    """"balanced accuracy" or "accuracy"."""
    difference: PairedDifference
    """Of the measure, `second - first`, with its interval of 95 %."""
    p_value: float
    """Exact sign-flip p-value over the seeds."""
    effect: Effect


@dataclass(frozen=True, kw_only=True)
class PolicyScore:
    """A classic policy and its balanced accuracy in cross-validation on the training images."""

    name: str
    score: float
    folds: int


@dataclass(frozen=True, kw_only=True)
class NetworkResult:
    """All arms with one of the two classifiers."""

    network: str
    policy: str
    """The classic policy that was chosen for it."""
    validation: float
    """Its balanced accuracy with that policy on held-out training images."""
    policies: tuple[PolicyScore, ...]
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]

    def comparison(self, first: Arm, second: Arm, measure: str = "balanced accuracy") -> Comparison | None:
        """One of the comparisons, where it was made."""
        wanted = (first, second, measure)
        return next((c for c in self.comparisons if (c.first, c.second, c.measure) == wanted), None)


@dataclass(frozen=True, kw_only=True)
class ProofReport:
    """The whole proof."""

    classes: tuple[str, ...]
    real: tuple[int, ...]
    """Real training images of each class."""
    added: tuple[tuple[int, ...], ...]
    """Synthetic images of each class, expansion by expansion."""
    test: tuple[int, ...]
    """Test images of each class."""
    near_copies: int
    """Test images left out because a training image is nearly the same."""
    seeds: int
    seed: int
    updates: int
    """Of every training, in batches of 32."""
    missing: dict[str, str]
    """Arms that were not run, and why."""
    networks: tuple[NetworkResult, ...]
    labeller: float | None
    """Balanced accuracy of the classifier that labelled the sets' unlabelled images, the mean over those that
    have one; None where none has."""
    seconds: float
    """That the proof took."""

    @property
    def decisive(self) -> NetworkResult:
        """The network that one would use: the better one on held-out training images under its own policy.
        The test set has no say in this."""
        return max(self.networks, key=lambda network: network.validation)

    @property
    def effect(self) -> Effect:
        """The verdict: the images that were selected, synthetic or pseudo-labelled, against the tuned classic
        policy alone, in balanced accuracy, with the decisive network."""
        found = self.decisive.comparison(Arm.CLASSIC, Arm.SELECTED)
        return found.effect if found else Effect.NO_EFFECT

    def as_json(self) -> dict[str, object]:
        """The report as plain values."""
        values = asdict(self)
        return values | {
            "verdict": self.effect.value,
            "decisive_network": self.decisive.network,
            "sentence": self.sentence(),
        }

    def sentence(self) -> str:
        """The verdict for a reader in a hurry."""
        found = self.decisive.comparison(Arm.CLASSIC, Arm.SELECTED)
        if found is None:
            return f"{Effect.NO_EFFECT}: nothing was added to the {sum(self.real)} real images"
        change = found.difference
        measured = (
            f"{points(change.mean)} points of balanced accuracy, 95 % interval {points(change.low)} to"
            f" {points(change.high)}, sign-flip p {found.p_value:.3f}, beside tuned classic augmentation"
            f" ({self.decisive.network})"
        )
        return f"{found.effect}: {measured}{self._advice(found)}"

    def labeller_sentence(self) -> str | None:
        """What the classifier does by itself that labelled the unlabelled images, where there is one."""
        if self.labeller is None:
            return None
        return (
            f"{CLASSIFIER} itself, which labelled the unlabelled images, has {self.labeller:.1%} balanced"
            " accuracy"
        )

    def _advice(self, found: Comparison) -> str:
        if found.effect is Effect.SMALL_TEST:
            wanted = images_to_tell(found.difference, sum(self.test))
            return (
                f"; {sum(self.test)} test images leave more than {100 * TELLING:.0f} points open, about"
                f" {wanted} would do"
            )
        few = found.effect is Effect.FEW_SEEDS
        return "; the seeds disagree: give more of them with --seeds" if few else ""


def points(share: float) -> str:
    """A difference of shares in points of 100, with its sign.

    Example:
        >>> points(0.0123), points(-0.2), points(0.0)
        ('+1.2', '-20.0', '+0.0')
    """
    return f"{100 * share:+.1f}"
