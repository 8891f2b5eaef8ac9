"""Run a command with a Docker engine: `python -m containers.engine -- COMMAND`."""

from __future__ import annotations

import sys

from containers.engine.running import main

if __name__ == "__main__":
    sys.exit(main())
