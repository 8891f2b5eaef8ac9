"""The JSON Schemas of what spanpact reads and writes: contracts, and the reports and errors of `--format json`.

A schema's `$id` ends with the version of the shape, as the first key of each document does. Within a version fields are
only added, so the schemas allow further fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

SCHEMAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contract": "a contract file or a fragment",
        "report": "the report of verify, run, receive and compare",
        "lint": "the report of lint",
        "diff": "the report of diff",
        "explanation": "what explain writes",
        "summary": "what show --summary writes",
        "error": "what a command writes in place of a report that it cannot give",
    }
)
"""What each schema is of, by its name."""


def schema_text(name: str) -> str:
    """Return a schema as JSON text; it ends with a line break."""
    package = "spanpact.contract" if name == "contract" else __name__
    return files(package).joinpath(f"{name}.schema.json").read_text(encoding="utf-8").rstrip() + "\n"
