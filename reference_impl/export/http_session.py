"""The session of `requests` for exports: what is the same for each of them is prepared once (docs/adr/0010).

For every request a session looks up proxies and credentials in the environment and makes its headers anew, which takes
as long as sending them; and an exporter sends the same request again and again, but for its body.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.hooks import dispatch_hook


class ExportSession(requests.Session):
    """A session for one thread at a time, whose POSTs of bytes without redirects are prepared once for each endpoint.

    Proxies, certificates and credentials of the environment are those of the first request; any other request is as
    ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._prepared: dict[str, tuple[Any, requests.PreparedRequest, dict[str, Any]]] = {}

    def request(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """See requests.Session."""
        said = {name: value for name, value in options.items() if value is not None}
        data, headers, timeout = said.pop("data", None), said.pop("headers", None), said.pop("timeout", None)
        if method != "POST" or args or not isinstance(data, bytes) or said != {"allow_redirects": False}:
            return super().request(method, url, *args, **options)
        prepared, surroundings = self._of_endpoint(url, headers)
        prepared.body = data
        prepared.headers["Content-Length"] = str(len(data))
        response = self.get_adapter(url).send(prepared, timeout=timeout, **surroundings)
        # Hooks first, as a session has it; all of the body is read, so that the connection can be used again.
        response = dispatch_hook("response", prepared.hooks, response)
        _ = response.content
        return response

    def _of_endpoint(self, url: str, headers: Any) -> tuple[requests.PreparedRequest, dict[str, Any]]:
        known = self._prepared.get(url)
        if known is None or known[0] != headers:
            surroundings = dict(self.merge_environment_settings(url, {}, False, None, None))
            prepared = self.prepare_request(requests.Request("POST", url, headers=headers, data=b""))
            known = self._prepared[url] = (dict(headers or {}), prepared, surroundings)
        return known[1:]
