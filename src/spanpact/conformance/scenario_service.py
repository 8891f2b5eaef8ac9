"""A service that offers its scenarios over HTTP, in any language (docs/implementers.md).

GET  /scenarios         200  {"name": "my-service", "scenarios": ["redis-get-hit", "redis-set"]}
POST /scenarios/NAME    200  {"traces": ["4bf92f3577b34da6a3ce929d0e0e4736"]}
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.privacy import mask

SECONDS: Final = 60.0
"""How long a scenario may take: some wait for a time-out."""
_MOST_BYTES: Final = 1 << 20
_SHOWN: Final = 200
_CLAIMS: Final = '{"name": "my-service", "scenarios": ["redis-get-hit"]}'
_TRACES: Final = '{"traces": ["4bf92f3577b34da6a3ce929d0e0e4736"]}'
_BY_NAME: Final[Mapping[str, Scenario]] = {scenario.name: scenario for scenario in SCENARIOS}


class Claims(NamedTuple):
    """What a service says of itself: its name, and the scenarios that it can perform."""

    name: str
    scenarios: tuple[Scenario, ...]


def named_scenario(name: str, *, what: str = "unknown scenario") -> Scenario:
    """Return the scenario of a name. Raise UsageError with the one that may have been meant."""
    if name not in _BY_NAME:
        from spanpact.contract.loader.vocabulary import suggest

        raise UsageError(f"{what} {name[:_SHOWN]!r}", hint=suggest(name, _BY_NAME))
    return _BY_NAME[name]


class ScenarioService:
    """A service below a base URL. Raise UsageError for a URL that is not http."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UsageError(f"cannot ask {url[:_SHOWN]!r}", hint="accepted: http://HOST:PORT, such as a local service")
        self.url = url.rstrip("/")
        self._host, self._port, self._path = parts.hostname, parts.port or 80, parts.path.rstrip("/")

    def claims(self, *, seconds: float = SECONDS) -> Claims:
        """Return what the service claims.

        Raise SourceUnavailable if nothing answers within `seconds`, SourceError for any other answer than claims.
        """
        document = self._ask("GET", "/scenarios", seconds)
        name, scenarios = document.get("name"), document.get("scenarios")
        if (
            not isinstance(name, str)
            or not isinstance(scenarios, list)
            or not all(isinstance(s, str) for s in scenarios)
        ):
            raise SourceError(f"GET {self.url}/scenarios was not answered with claims", hint=f"expected: {_CLAIMS}")
        try:
            known = [named_scenario(each, what=f"{name} claims the scenario") for each in dict.fromkeys(scenarios)]
        except UsageError as error:
            raise SourceError(error.message, hint=error.hint) from None
        if not known:
            raise SourceError(f"{name} claims no scenario", hint=f"expected: {_CLAIMS}")
        return Claims(name, tuple(known))

    def perform(self, scenario: Scenario, *, seconds: float = SECONDS) -> tuple[str, ...]:
        """Let the service perform a scenario and return the ids of the traces that it caused.

        Raise SourceError if it does not answer with ids within `seconds`.
        """
        path = f"/scenarios/{quote(scenario.name)}"
        traces = self._ask("POST", path, seconds).get("traces")
        ids = [each.lower() for each in traces if isinstance(each, str)] if isinstance(traces, list) else []
        if not ids or any(not re.fullmatch("[0-9a-f]{32}", each) for each in ids) or len(ids) != len(traces or ()):
            raise SourceError(f"POST {path} was not answered with traces", hint=f"expected: {_TRACES}")
        return tuple(dict.fromkeys(ids))

    def _ask(self, method: str, path: str, seconds: float) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        try:
            connection.request(method, self._path + path, headers={"Content-Length": "0"} if method == "POST" else {})
            response = connection.getresponse()
            body = response.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise SourceUnavailable(f"{method} {path} was not answered: {error or type(error).__name__}") from None
        finally:
            connection.close()
        if response.status != http.client.OK:
            text = mask(body.decode("utf-8", "replace").strip())[:_SHOWN]  # half an address is not masked
            raise SourceError(f"{method} {path} was answered with status {response.status}: {text}")
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        return document if isinstance(document, dict) else {}
