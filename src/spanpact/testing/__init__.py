"""For tests: deterministic ids and time, and contracts judged on the spans of an in-memory exporter.

provider = TracerProvider(id_generator=CountedIds())
exporter = InMemorySpanExporter()
...
assert_kept(verify_spans("contracts/session-validate.contract.yaml", exporter))

May import everything but `cli`. The pytest plugin is in `pytest_plugin`; it imports the rest when a test asks for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanpact.testing.deterministic import CountedIds, ManualClock
    from spanpact.testing.verifying import Contracts, OneContract, assert_kept, plans_of, verify_spans

__all__ = ["Contracts", "CountedIds", "ManualClock", "OneContract", "assert_kept", "plans_of", "verify_spans"]


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` when it is first used: pytest loads this package in every run."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "deterministic" if name in ("CountedIds", "ManualClock") else "verifying"
    return getattr(import_module(f"{__name__}.{home}"), name)
