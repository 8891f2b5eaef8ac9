"""Tools for tests: deterministic ids and time, and verification of in-memory spans against contracts.

provider = TracerProvider(id_generator=CountedIds())
exporter = InMemorySpanExporter()
...
assert_kept(verify_spans("contracts/session-validate.contract.yaml", exporter))

`deterministic` has the id generator and the clock. `verifying` verifies spans, with `arguments` for what a caller gives
and `failure` for what a failing test says. `pytest_plugin` is the pytest plugin, which imports the others only when a
test uses its fixtures or its marker: `pytest_judging` verifies, `capture` captures, `run_coverage` adds up coverage.

May import everything except `cli` and `conformance`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanpact.testing.deterministic import CountedIds, ManualClock
    from spanpact.testing.verifying import Contracts, OneContract, assert_kept, plans_of, verify_spans

__all__ = ["Contracts", "CountedIds", "ManualClock", "OneContract", "assert_kept", "plans_of", "verify_spans"]


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` when it is first used: pytest imports this package in every run."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "deterministic" if name in ("CountedIds", "ManualClock") else "verifying"
    return getattr(import_module(f"{__name__}.{home}"), name)
