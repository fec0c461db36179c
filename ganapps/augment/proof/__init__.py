"""The proof: does an expanded set make a better classifier than the real images with classic augmentation?

Needs PyTorch, but for `Arm`, `Effect` and the report, which are loaded with it.
"""

from __future__ import annotations
