"""The `requests` session of exports: a request is prepared once, and sent again with a new body (docs/adr/0010).

For every request, a session looks up proxies and credentials in the environment and builds its headers, which takes as
long as sending them. An exporter's requests differ only in the body.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.hooks import dispatch_hook


class ExportSession(requests.Session):
    """A session for one thread at a time that prepares POSTs of bytes without redirects once for each endpoint.

    Proxies, certificates and credentials of the environment are those of the first request. Other requests are not
    changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._prepared: dict[str, tuple[Any, requests.PreparedRequest, dict[str, Any]]] = {}

    def request(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """See requests.Session."""
        given = {name: value for name, value in options.items() if value is not None}
        data, headers, timeout = given.pop("data", None), given.pop("headers", None), given.pop("timeout", None)
        if method != "POST" or args or not isinstance(data, bytes) or given != {"allow_redirects": False}:
            return super().request(method, url, *args, **options)
        prepared, environment = self._prepared_for(url, headers)
        prepared.body = data
        prepared.headers["Content-Length"] = str(len(data))
        response = self.get_adapter(url).send(prepared, timeout=timeout, **environment)
        # Hooks first, as in a session. The whole body is read, so that the connection can be used again.
        response = dispatch_hook("response", prepared.hooks, response)
        _ = response.content
        return response

    def _prepared_for(self, url: str, headers: Any) -> tuple[requests.PreparedRequest, dict[str, Any]]:
        known = self._prepared.get(url)
        if known is None or known[0] != headers:
            environment = dict(self.merge_environment_settings(url, {}, False, None, None))
            prepared = self.prepare_request(requests.Request("POST", url, headers=headers, data=b""))
            known = self._prepared[url] = (dict(headers or {}), prepared, environment)
        return known[1:]
