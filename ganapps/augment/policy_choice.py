"""Which classic policy a set's copies are made with: one that is named, or the one that suits it best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .classic import POLICIES, ClassicPolicy
from .sets.shape import Pixels, Shape


@dataclass(frozen=True, kw_only=True)
class PolicyChoice:
    """A policy and why it was taken."""

    policy: ClassicPolicy
    reason: str
    """How it was chosen, a phrase."""
    network: str | None = None
    """The classifier that it was tuned for; None where it was named."""
    tried: tuple[tuple[str, float], ...] = ()
    """Policies and their balanced accuracy on held-out training images."""

    def as_json(self) -> dict[str, Any]:
        """Name, numbers, and how it was chosen, as plain values."""
        return {
            "name": self.policy.name,
            "numbers": policy_numbers(self.policy),
            "chosen": self.reason,
            "network": self.network,
            "tried": [{"name": name, "score": score} for name, score in self.tried],
        }


def policy_numbers(policy: ClassicPolicy) -> dict[str, Any]:
    """All that makes a policy but its name.

    Example:
        >>> policy_numbers(POLICIES[1])["turn_deg"]
        5
    """
    values = asdict(policy)
    del values["name"]
    return values


def named_policy(name: str) -> PolicyChoice:
    """A policy by its name.

    Raises:
        UsageError: there is none of that name, or it changes nothing.
    """
    found = {policy.name: policy for policy in POLICIES if not policy.changes_nothing}
    if name not in found:
        known = "; ".join(repr(known) for known in found)
        raise UsageError(f"--policy must be one of {known}, got {name!r}")
    return PolicyChoice(policy=found[name], reason="named with --policy, not tuned")


def tune_policy(
    pixels: Pixels,
    labels: NDArray[np.int64],
    num_classes: int,
    *,
    seed: int,
    threads: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> PolicyChoice:
    """The policy that does best in cross-validation on the set itself (needs PyTorch).

    Both classifiers of a proof are tuned, see `proof.tuning.tune`; the one with the better held-out score,
    the one that one would use, decides.

    Args:
        pixels: uint8 `[N, H, W, C]`.
        labels: `[N]`, two images of each class at least.
        num_classes: how many classes there are.
        seed: what folds, weights and batches are drawn from.
        threads: CPU threads; None leaves PyTorch's choice.
        on_progress: told the share that is done, 0 to 1.

    Raises:
        DependencyError: the pretrained features are not installed.
    """
    import torch

    from .proof.learners import make_learners
    from .proof.pool import Labelled, Pictures
    from .proof.proof import updates_for
    from .proof.tuning import tune

    if threads is not None:
        torch.set_num_threads(threads)
    num, tell = len(labels), on_progress or (lambda share: None)
    learners = make_learners(
        Shape(*pixels.shape[1:]), num_classes, images=num, updates=updates_for(num), seed=seed
    )
    real = Labelled(Pictures(pixels), labels)
    found = []
    for number, learner in enumerate(learners):
        start, length = number / len(learners), 1 / len(learners)
        tuned = tune(
            learner,
            real,
            num_classes,
            seed=seed,
            on_progress=lambda share, start=start, length=length: tell(start + length * share),  # type: ignore[misc]
        )
        found.append((tuned, learner.name))
    tuned, network = max(found, key=lambda entry: entry[0].score)
    unchanged = tuned.tried[0]
    return PolicyChoice(
        policy=tuned.policy,
        reason=(
            f"best of {len(tuned.tried)} in cross-validation on the real images: {tuned.score:.1%} balanced"
            f" accuracy, {unchanged.score:.1%} with the images as they are ({network})"
        ),
        network=network,
        tried=tuple((tried.policy.name, tried.score) for tried in tuned.tried),
    )
