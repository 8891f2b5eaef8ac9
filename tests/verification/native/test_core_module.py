"""Whether the core is used is shown, and can be decided by the environment."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from spanpact.errors import UsageError
from spanpact.verification.native import SWITCH, core_state, find_core
from tests.verification.native.core_runs import installed_core


@pytest.mark.core
def test_the_core_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = installed_core()
    monkeypatch.delenv(SWITCH, raising=False)
    assert find_core() is module
    assert core_state() == "with spanpact-core 0.1.0"


def test_the_core_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "off")
    assert find_core() is None
    assert core_state() == "without spanpact-core (SPANPACT_CORE=off)"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, "which is not installed"),
        ("9.9", "as 9.9 is installed and 0.1.0 is needed"),
        ("", "as another module is installed and 0.1.0 is needed"),
        ("0.1.0", "as 0.1.0 of another build is installed: build it again (`nox -s core`)"),
    ],
)
def test_a_core_that_is_missing_or_does_not_fit_is_not_used(
    monkeypatch: pytest.MonkeyPatch, version: str | None, said: str
) -> None:
    module = None if version is None else ModuleType("spanpact_core")
    if module is not None and version:
        module.__dict__["__version__"] = version
    monkeypatch.setitem(sys.modules, "spanpact_core", module)  # type: ignore[arg-type]  # None: no such module
    monkeypatch.delenv(SWITCH, raising=False)
    assert find_core() is None
    assert core_state() == f"without spanpact-core, {said}"
    monkeypatch.setenv(SWITCH, "required")
    with pytest.raises(UsageError, match="SPANPACT_CORE=required: without spanpact-core"):
        find_core()


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "on")
    with pytest.raises(UsageError, match="SPANPACT_CORE=on: unknown"):
        find_core()
