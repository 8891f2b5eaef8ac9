"""spanpact: says in a contract what traces a system must produce, and verifies real traces against it.

The names below are imported when they are first used: importing `spanpact` itself costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spanpact.contract import Contract, load_contract, load_contracts
    from spanpact.errors import ContractError, Place, SourceError, SpanpactError, UsageError
    from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Report
    from spanpact.trace import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace
    from spanpact.verification import verify

__version__ = "0.1.0"

__all__ = [
    "Contract",
    "ContractError",
    "ContractResult",
    "Coverage",
    "Event",
    "Finding",
    "Link",
    "LogRecord",
    "NotChecked",
    "Place",
    "Reading",
    "Report",
    "Resource",
    "Scope",
    "SourceError",
    "SourceInfo",
    "Span",
    "SpanpactError",
    "Trace",
    "UsageError",
    "__version__",
    "load_contract",
    "load_contracts",
    "verify",
]

_HOMES: Final = {
    "contract": ("Contract", "load_contract", "load_contracts"),
    "errors": ("ContractError", "Place", "SourceError", "SpanpactError", "UsageError"),
    "findings": ("ContractResult", "Coverage", "Finding", "NotChecked", "Report"),
    "trace": ("Event", "Link", "LogRecord", "Reading", "Resource", "Scope", "SourceInfo", "Span", "Trace"),
    "verification": ("verify",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'spanpact' has no attribute {name!r}")
    return getattr(import_module(f"spanpact.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
