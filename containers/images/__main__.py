"""List, make or name the images: `python -m containers.images`."""

from __future__ import annotations

import sys

from containers.images.catalogue import main

if __name__ == "__main__":
    sys.exit(main())
