"""Reads and checks requests: bodies of limited size, fields, tokens. A bad one raises HTTPException."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_BODY = 16_384
"""The maximum size of a body, in bytes."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,32}")
_USER_ID = re.compile(r"[0-9]{1,18}")


async def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body, {} for an empty one. Raise HTTPException: 413 if too large, else 400."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"the body is too large; accepted: at most {MAX_BODY} bytes")
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON; accepted: a JSON object in UTF-8") from None
    if not isinstance(value, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return value


def session_request(body: dict[str, Any]) -> tuple[str, str]:
    """Return the e-mail address and the device (default `web`) of a body. Raise HTTPException 422 for a bad one."""
    email, device = body.get("email"), body.get("device", "web")
    if not (isinstance(email, str) and _EMAIL.fullmatch(email) and email.isprintable()):
        # A lone surrogate is not printable either, so the address can be encoded.
        raise HTTPException(422, "email: accepted: an e-mail address of at most 254 characters")
    if not (isinstance(device, str) and _DEVICE.fullmatch(device)):
        raise HTTPException(422, "device: accepted: 1 to 32 letters, digits, _ and -")
    return email, device


def optional_limit(body: dict[str, Any], *, default: int = 1000, most: int = 10_000) -> int:
    """Return the field `limit`, a whole number from 1 to `most`. Raise HTTPException 422 for a bad one."""
    limit = body.get("limit", default)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= most:
        raise HTTPException(422, f"limit: accepted: a whole number from 1 to {most}")
    return limit


def user_id_of(text: str) -> int:
    """Return a user's id from a path. Raise HTTPException 422 for a bad one."""
    if not _USER_ID.fullmatch(text):
        raise HTTPException(422, "user id: accepted: a whole number of at most 18 digits")
    return int(text)


def bearer_token(authorization: str | None) -> str:
    """Return the token of an Authorization header. Raise HTTPException 401 if there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HTTPException(401, "no token; accepted: Authorization: Bearer TOKEN", {"www-authenticate": "Bearer"})
    return token.strip()
