"""Addresses without secrets, for messages."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def without_credentials(url: str) -> str:
    """Return the URL without user, password and query: Redis accepts passwords there."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "an address that cannot be parsed"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
