"""Fragments of the OpenTelemetry semantic conventions, which contracts extend by `spanpact:semconv/NAME`.

The files are written by `semconv/generate.py`, in the checkout, from the registry of the conventions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

SCHEME: Final = "spanpact:"
"""How the names of shipped fragments begin, where others are paths."""
PREFIX: Final = f"{SCHEME}semconv/"
VERSION: Final = "1.44.0"
"""The release of the conventions."""
FOLDER: Final = Path(__file__).parent
FRAGMENTS: Final = (f"{PREFIX}http", f"{PREFIX}http-server", f"{PREFIX}http-client", f"{PREFIX}database")
"""The names of all fragments."""
UNSTABLE: Final[Mapping[str, str]] = MappingProxyType(
    {f"{PREFIX}rpc": "release candidate", f"{PREFIX}messaging": "development", f"{PREFIX}genai": "deprecated"}
)
"""Names that people may expect, with the stability of these conventions."""


def is_shipped(file: str) -> bool:
    """Return whether the file of a place is a shipped fragment, which is not in the reader's folders."""
    return file.startswith(SCHEME)


def fragment_file(name: str) -> Path | None:
    """Return the file of a shipped fragment, None where there is none of this name."""
    return FOLDER / f"{name.removeprefix(PREFIX)}.contract.yaml" if name in FRAGMENTS else None
