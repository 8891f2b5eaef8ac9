"""The services studio-api and audit-api, as ASGI applications. Imports every other package.

`studio_api` and `audit_api` are the applications, `serving` runs them, `http_spans` is the middleware.
"""

from __future__ import annotations

from reference_impl.services.studio_api import create_app

__all__ = ["create_app"]
