"""studio-api with its garbage collections noted: `python -m tests.reference_impl.services.noted_collections FILE`.

The file gets one byte for each collection: its generation, 0 to 2.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from reference_impl.services.serving import main


def note_collections(path: str) -> None:
    """Write the generation of every collection of this process from now on to the end of a file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "stop":
            os.write(file, b"%d" % info["generation"])

    gc.callbacks.append(note)


if __name__ == "__main__":
    note_collections(sys.argv[1])
    sys.exit(main())
