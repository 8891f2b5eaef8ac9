"""The services and every flow over HTTP, on a real Redis, as a person would try them by hand.

`flows` sends the requests, `breakages` are ways to break the tracing, `services` runs studio-api and audit-api as
processes. The demo imports `containers` and `reference_impl`. It causes traces and judges none: `nox -s demo` runs it
below `spanpact run contracts/v1`, which reports whether the service kept its contracts.
"""

from __future__ import annotations

__all__ = ["breakages", "flows", "services"]
