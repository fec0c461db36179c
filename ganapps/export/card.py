"""What a model file says about itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

UNKNOWN_LICENCE = "unknown: that of your data"
"""Of a model whose maker has said nothing."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Where a model comes from; written into its file as `ganapps.name` and so on."""

    name: str
    version: str
    """The model's own version, such as "1"."""
    licence: str
    """SPDX identifier where there is one."""
    trained_on: str
    """The data, in a sentence."""
    recipe: str
    """The recipe's name."""

    def metadata(self) -> dict[str, str]:
        """The entries for the file.

        Example:
            >>> card = ModelCard(name="n", version="1", licence="Apache-2.0", trained_on="t", recipe="r")
            >>> card.metadata()["ganapps.licence"]
            'Apache-2.0'
        """
        return {f"ganapps.{key}": value for key, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the maker of a model says of it; None leaves what its run knows."""

    name: str | None = None
    version: str | None = None
    licence: str | None = None
    trained_on: str | None = None

    def over(self, known: ModelCard) -> ModelCard:
        """The card of what is said, and else of what is known.

        Example:
            >>> card = ModelCard(name="n", version="1", licence="Apache-2.0", trained_on="t", recipe="r")
            >>> Said(licence="MIT").over(card).licence, Said().over(card) == card
            ('MIT', True)
        """
        return replace(known, **{key: value for key, value in asdict(self).items() if value is not None})


NOTHING_SAID = Said()
