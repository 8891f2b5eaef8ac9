"""The errors of a store: what a response that is no success means."""

from __future__ import annotations

from typing import Final

from spanpact.errors import SourceError, SourceUnavailable
from spanpact.privacy import mask
from spanpact.sources.http_client import HttpClient, HttpResponse

LONGEST_MESSAGE: Final = 200  # characters of a server's message


def failure_of(
    response: HttpResponse, client: HttpClient, *, store: str, credentials: str, address: str
) -> SourceError:
    """Return the error for a response that is no success.

    It is SourceUnavailable where a later request may succeed. `credentials` and `address` are the hints for a server
    that rejects the credentials, and for one that does not know what was asked. The server's message is masked, as it
    may repeat parts of the request.
    """
    server, status = f"{store} at {client.url}", response.status
    if status in (401, 403, 407):
        what = f"{server}: rejects the credentials, or there are none ({status})"
        return SourceError(what, hint=credentials, status=status)
    what = f"{server}: responded {status}{_message(response, client)}"
    if status >= 500 or status in (408, 425, 429):
        return SourceUnavailable(what, status=status)
    return SourceError(what, hint=address, status=status)


def not_understood(error: Exception, client: HttpClient, *, store: str, address: str) -> SourceError:
    """Return the error for a body that is no answer of this store."""
    reason = client.redacted(mask(" ".join(str(error).split())))[:LONGEST_MESSAGE]
    return SourceError(f"{store} at {client.url}: not an answer of {store}: {reason}", hint=address)


def _message(response: HttpResponse, client: HttpClient) -> str:
    """Return the server's message in one line; "" for a page."""
    text = " ".join(response.body.decode("utf-8", "replace").split())
    return f": {client.redacted(mask(text))[:LONGEST_MESSAGE]}" if text and not text.startswith("<") else ""
