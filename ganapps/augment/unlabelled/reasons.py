"""What becomes of an unlabelled image."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why an unlabelled image does not join the set."""

    DAMAGED = "damaged"
    IN_SET = "in the labelled set already"
    NEAR_SET = "near-copy of a labelled image"
    IN_TEST = "in the test set, or a near-copy of an image of it"
    REPEAT = "repeats an unlabelled image"
    UNSURE = "not sure enough"
    SURPLUS = "its class has more than its share"
