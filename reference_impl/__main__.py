"""Run studio-api: `python -m reference_impl`."""

from __future__ import annotations

import sys

from reference_impl.services.serving import main

if __name__ == "__main__":
    sys.exit(main())
