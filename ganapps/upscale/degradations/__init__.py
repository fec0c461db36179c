"""How a low-resolution picture comes about: from a clean shrink to an old, over-compressed photograph."""

from __future__ import annotations

from .pipeline import degrade
from .profile import CLEAN, MILD, PROFILES, STRONG, Profile, profile_named

__all__ = ["CLEAN", "MILD", "PROFILES", "STRONG", "Profile", "degrade", "profile_named"]
