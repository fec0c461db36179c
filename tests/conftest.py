"""One profile for all property tests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from ganapps.export.card import ModelCard

# The same examples in every run, and no time limit: `make test` says whether a change broke something, on any
# machine. To hunt for what nobody thought of: `python tests/runtime/fuzz_images.py --minutes 10`.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def card() -> Any:
    """What the files of models made here say about them."""
    return ModelCard(
        name="tiny", version="3", licence="Apache-2.0", trained_on="näive noise", recipe="tiny-x3"
    )
