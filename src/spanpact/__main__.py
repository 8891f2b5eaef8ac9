"""Run the command line with `python -m spanpact`."""

from __future__ import annotations

import sys

from spanpact.cli import main

if __name__ == "__main__":
    sys.exit(main())
