"""Session tokens: the session's id and its HMAC-SHA256, so that an id cannot be guessed or altered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from functools import lru_cache

_TOKEN = re.compile(r"([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{43})")


def issue_token(session_id: str, secret: str) -> str:
    """Return the token of a session: `id.signature`, both safe in a header and a URL."""
    return f"{session_id}.{_signature(session_id, secret)}"


def read_token(token: str, secret: str) -> str | None:
    """Return the session's id; None for a token that is malformed or signed with another secret."""
    match = _TOKEN.fullmatch(token)
    if match is None or not hmac.compare_digest(match[2], _signature(match[1], secret)):
        return None
    return match[1]


def _signature(session_id: str, secret: str) -> str:
    keyed = _keyed(secret).copy()
    keyed.update(session_id.encode())
    return base64.urlsafe_b64encode(keyed.digest()).rstrip(b"=").decode()


@lru_cache(8)
def _keyed(secret: str) -> hmac.HMAC:
    """Return the beginning of every signature with a secret: to take up its key costs more than to sign an id."""
    # The prefix makes the signature useless elsewhere if the secret is used twice.
    return hmac.new(secret.encode(), b"session:", hashlib.sha256)
