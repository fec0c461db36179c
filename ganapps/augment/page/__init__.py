"""An expanded set on one page: an HTML file that holds all it shows and needs no network and no script."""

from __future__ import annotations
