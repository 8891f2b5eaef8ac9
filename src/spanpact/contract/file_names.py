"""The names of contract files."""

from __future__ import annotations

from typing import Final

OWN_SUFFIXES: Final = (".spanpact.yaml", ".spanpact.yml")
"""Endings that no other tool uses."""
SUFFIXES: Final = (".contract.yaml", ".contract.yml", *OWN_SUFFIXES)
"""Every ending of a contract file. What we write ourselves has the first."""
ACCEPTED_NAMES: Final = "*.contract.yaml or *.spanpact.yaml"
"""What messages call accepted."""
