"""Print every setting, its value and where the value came from: `python -m reference_impl.settings`."""

from __future__ import annotations

import sys

from reference_impl.settings.loading import main

if __name__ == "__main__":
    sys.exit(main())
