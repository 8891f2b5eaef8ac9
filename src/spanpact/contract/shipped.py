"""Find the contracts that spanpact ships: in the installed package, or in the checkout that it runs from."""

from __future__ import annotations

from pathlib import Path

from spanpact.errors import UsageError

IN_PACKAGE = Path(__file__).parents[1] / "contracts_v1"
IN_CHECKOUT = Path(__file__).parents[3] / "contracts" / "v1"


def shipped_contracts() -> Path:
    """Return the folder of the shipped contract files. Raise UsageError where the installation has none."""
    for folder in (IN_PACKAGE, IN_CHECKOUT):
        if folder.is_dir():
            return folder
    raise UsageError("this installation has no shipped contracts", hint=f"reinstall spanpact: {IN_PACKAGE} is missing")
