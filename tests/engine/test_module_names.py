"""The docstrings of the engine and of verification name modules that exist, in the order of a run."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec

import pytest

PACKAGES = (
    "spanpact.engine", "spanpact.engine.assignment", "spanpact.engine.checks", "spanpact.verification",
    "spanpact.verification.shapes",
)  # fmt: skip
NOT_MODULES = frozenset({"every", "contract", "findings", "privacy", "trace", "errors", "sources", "engine", "otlp"})
"""Keywords, and the packages that a package may import."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_that_a_package_names_exists(package: str) -> None:
    named = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)`", import_module(package).__doc__ or "")) - NOT_MODULES
    named = {name.removeprefix("engine.") if package != "spanpact.engine" else name for name in named}
    assert len(named) > 3
    assert [name for name in sorted(named) if not _exists(package, name)] == []


def _exists(package: str, name: str) -> bool:
    return find_spec(f"{package}.{name}") is not None or find_spec(f"spanpact.engine.{name}") is not None


def test_the_engine_names_the_steps_of_a_run_in_order() -> None:
    text = import_module("spanpact.engine").__doc__ or ""
    assert re.findall(r"^\d\. (\w+)", text, re.MULTILINE) == ["select", "build", "assign", "check", "relate", "decide"]
