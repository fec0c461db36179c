"""One profile for all property tests."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, and no time limit: `make test` says whether a change broke something, on any
# machine. To hunt for what nobody thought of: `python tests/runtime/fuzz_images.py --minutes 10`.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")
