"""`python -m ganapps` is `ganapps`."""

from __future__ import annotations

import sys

from ganapps.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
