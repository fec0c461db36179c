"""Every error ganapps raises on purpose, in one tree.

    GanappsError                 exit 1
    |- UsageError                exit 2: options that make no sense together, or out of range
    |- ImageError                a file that is not an image we can read
    |- DataError                 a folder or a data set that cannot be used
    |- ModelError                a model file that is not ours, damaged, or unknown
    |- OutputError               a result that cannot be written
    |- DependencyError           an optional package that is not installed
    `- TrainingError
       |- TrainingDiverged       a loss or a gradient is no longer finite
       `- CheckpointError        a checkpoint that is damaged or belongs to another run

A message is one sentence: what was wrong, the value seen, what is accepted and,
where there is one, the next thing to type. The command line prints it as it is.
"""

from __future__ import annotations


class GanappsError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(GanappsError):
    """An option or argument that cannot be honoured."""

    exit_code = 2


class ImageError(GanappsError):
    """A file that cannot be read as an image."""


class DataError(GanappsError):
    """A folder or data set that cannot be used for the job."""


class ModelError(GanappsError):
    """A model file that is unknown, damaged, or not written for ganapps."""


class OutputError(GanappsError):
    """A result that cannot be written where it should go."""


class DependencyError(GanappsError):
    """An optional package that the job needs is not installed."""

    @classmethod
    def for_extra(cls, job: str, package: str, extra: str) -> DependencyError:
        """The error for a missing extra.

        Example:
            >>> str(DependencyError.for_extra("ganapps augment", "PyTorch", "train"))
            "ganapps augment needs PyTorch: pip install 'ganapps[train]'"
        """
        return cls(f"{job} needs {package}: pip install 'ganapps[{extra}]'")


class TrainingError(GanappsError):
    """Training cannot start or cannot go on."""


class TrainingDiverged(TrainingError):
    """A loss or a gradient is no longer finite, or a generator has collapsed.

    Args:
        happened: what was seen, and when.
        advice: what to try.
    """

    def __init__(self, happened: str, advice: str) -> None:
        super().__init__(f"{happened}; training stopped, and its last checkpoint is from before; {advice}")
        self.happened, self.advice = happened, advice


class CheckpointError(TrainingError):
    """A checkpoint that is damaged, truncated, or belongs to another run."""
