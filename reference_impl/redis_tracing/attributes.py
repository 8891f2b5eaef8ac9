"""The attributes of a Redis span, under the names of the chosen vocabulary (docs/specification.md S2.2).

The attributes that all spans of an operation share are built once, and copied for each span.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from opentelemetry.util.types import AttributeValue

from reference_impl import vocabulary as words
from reference_impl.instrumentation.errors import error_type, redis_code
from reference_impl.instrumentation.unchecked_attributes import can_skip_checks


def server_attributes(connection: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Return the server's attributes from the options of a client's connections: never a user, a password or a URL.

    The peer's address is included if the host is an IP address; a host name is resolved by each connection.
    """
    attributes: dict[str, AttributeValue] = {words.DB_NAMESPACE: str(connection.get("db") or 0)}
    path, host = connection.get("path"), connection.get("host")
    if path:
        return attributes | {words.SERVER_ADDRESS: str(path), words.NETWORK_TRANSPORT: "unix"}
    if not host:  # each connection looks up the address, as with Sentinel
        return attributes
    port = int(connection.get("port") or 6379)
    attributes |= {words.SERVER_ADDRESS: str(host), words.SERVER_PORT: port, words.NETWORK_TRANSPORT: "tcp"}
    if _is_address(str(host)):
        attributes |= {words.NETWORK_PEER_ADDRESS: str(host), words.NETWORK_PEER_PORT: port}
    return attributes


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class FixedAttributes(dict[str, dict[str, AttributeValue]]):
    """The attributes that all spans of an operation share, by operation; made at the operation's first use.

    `can_skip_checks`: `set_unchecked_attributes` may be used. False if a pool's name, a path or a host is too long.
    """

    __slots__ = ("_common", "_mode", "can_skip_checks")

    def __init__(self, pool_name: str, mode: words.Mode, server: Mapping[str, AttributeValue]) -> None:
        self._mode = mode
        self._common: dict[str, AttributeValue] = {
            words.DB_TYPE: words.REDIS,
            words.CONNECTION_POOL: pool_name,
            words.DB_SYSTEM_NAME: words.REDIS,
            **server,
        }
        self.can_skip_checks = can_skip_checks(self._common)

    def __missing__(self, operation: str) -> dict[str, AttributeValue]:
        names = {words.OPERATION: operation, words.DB_OPERATION_NAME: operation}
        known = self[operation] = words.select_attributes(self._mode, {**names, **self._common})
        return known

    def failure(self, error: BaseException) -> dict[str, AttributeValue]:
        """Return the attributes of a failed command."""
        code, name = redis_code(error), error_type(error)
        attributes: dict[str, AttributeValue] = {words.ERROR: name, words.ERROR_TYPE: name}
        attributes |= {words.DB_RESPONSE_STATUS_CODE: code} if code is not None else {}
        return words.select_attributes(self._mode, attributes)
