"""Named strengths of damage."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from ...errors import UsageError
from .blur import Blur
from .jpeg import Jpeg
from .noise import Noise
from .resize import Resize
from .stage import Finish, Stage


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a picture suffers while it is shrunk; a field left out does no damage."""

    name: str
    clean_share: float = 0.0
    """Share of pictures that are only shrunk by antialiased bicubic, 0 to 1."""
    stages: tuple[Stage, ...] = ()
    """Rounds of blur, resize, noise and JPEG, in this order."""
    finish: Finish = field(default_factory=Finish)
    """How the picture comes to its final size and file."""

    def always(self) -> Profile:
        """The same damage, done to every picture; CLEAN does none and stays what it is."""
        return replace(self, clean_share=0.0) if self.clean_share < 1 else self


CLEAN = Profile(name="clean", clean_share=1.0)
"""The published benchmarks' degradation: antialiased bicubic alone."""

MILD = Profile(
    name="mild",
    clean_share=0.5,
    stages=(
        Stage(
            blur=Blur(
                share=0.95,
                sigma=(0.05, 0.5),
                anisotropic_share=0.5,
                generalised_share=0.1,
                plateau_share=0.1,
            ),
            resize=Resize(direct_share=0.75, exponent=(0.0, 1.0)),
            noise=Noise(gaussian_share=0.6, poisson_share=0.4, sigma=(0.0, 4.0), gain=(0.001, 0.12)),
        ),
    ),
    finish=Finish(
        ringing_share=0.1,
        ringing_cutoff=(math.pi / 2, math.pi),
        jpeg=Jpeg(share=0.7, quality=(70, 98)),
    ),
)
"""Ordinary phone and web photographs; half of the pictures stay clean, so that damage is never assumed."""

_LENSES = Blur(
    share=1.0,
    sigma=(0.05, 0.7),
    anisotropic_share=0.4,
    generalised_share=0.15,
    plateau_share=0.15,
    sinc_share=0.1,
)

STRONG = Profile(
    name="strong",
    stages=(
        Stage(
            blur=_LENSES,
            resize=Resize(direct_share=0.1, exponent=(-0.2, 1.0)),
            noise=Noise(gaussian_share=0.5, poisson_share=0.4, sigma=(1.0, 22.0), gain=(0.05, 2.5)),
            jpeg=Jpeg(share=0.8, quality=(30, 95)),
        ),
        Stage(
            share=0.7,
            blur=replace(_LENSES, share=0.8, sigma=(0.05, 0.45), sinc_cutoff=(math.pi / 2, math.pi)),
            resize=Resize(direct_share=0.2, exponent=(-0.2, 0.4)),
            noise=Noise(gaussian_share=0.4, poisson_share=0.3, sigma=(1.0, 12.0), gain=(0.05, 1.2)),
        ),
    ),
    finish=Finish(
        ringing_share=0.5,
        ringing_cutoff=(0.4 * math.pi, math.pi),
        jpeg=Jpeg(share=1.0, quality=(25, 85)),
        jpeg_first_share=0.4,
    ),
)
"""Old, noisy, over-compressed pictures: the second-order degradation of Real-ESRGAN (arXiv 2107.10833,
sections 3.2 and 3.3), with less blur and fewer detours than its authors' settings, whose worst draws leave
nothing to restore."""

PROFILES = (CLEAN, MILD, STRONG)


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: there is none.

    Example:
        >>> profile_named("mild").clean_share
        0.5
    """
    for profile in PROFILES:
        if profile.name == name:
            return profile
    raise UsageError(f"there is no degradation {name!r}; degradations: {', '.join(p.name for p in PROFILES)}")
