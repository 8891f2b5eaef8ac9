"""spanpact verifies traces against contracts: files that list the spans which a request must produce.

Each name below is imported when it is first used, so that `import spanpact` is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.contract import Contract, load_contract, load_contracts
    from spanpact.errors import ContractError, Place, SourceError, SpanpactError, UsageError
    from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Report
    from spanpact.trace import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace
    from spanpact.verification import VerificationOptions, verify

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
    "VerificationOptions",
    "__version__",
    "load_contract",
    "load_contracts",
    "verify",
]

_HOMES: Final = {
    "spanpact.contract": ("Contract", "load_contract", "load_contracts"),
    "spanpact.errors": ("ContractError", "Place", "SourceError", "SpanpactError", "UsageError"),
    "spanpact.findings": ("ContractResult", "Coverage", "Finding", "NotChecked", "Report"),
    "spanpact.trace": ("Event", "Link", "LogRecord", "Reading", "Resource", "Scope", "SourceInfo", "Span", "Trace"),
    "spanpact.verification": ("VerificationOptions", "verify"),
}
__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
