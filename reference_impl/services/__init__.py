"""The services: studio-api and audit-api, as ASGI applications, and what only they need."""

from __future__ import annotations

__all__ = []
