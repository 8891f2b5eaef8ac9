"""`python -m spanpact`: the same as the command `spanpact`."""

from __future__ import annotations

import sys

from spanpact.cli import main

if __name__ == "__main__":
    sys.exit(main())
