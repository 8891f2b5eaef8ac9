"""What the fragments demand of each kind of span, beyond what `registry.json` says of its attributes.

A rule is here only if no instrumentation that conforms can break it. What the conventions leave to circumstances that a
span does not show (whether a route was available, what was received) is not checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Condition:
    """A further rule about the spans that `attributes` and `status` select.

    `id` follows that of the convention, `demands` are lines of the rule. `improvement` is the finding that the
    conventions only advise against (SHOULD).
    """

    id: str
    demands: Sequence[str]
    attributes: str = ""
    status: str = ""
    improvement: str = ""


@dataclass(frozen=True, slots=True)
class Convention:
    """One kind of span: `span` names it in the registry.

    The attribute `shown_by` shows it, and `old` did before it was renamed. `other` are attributes of other conventions
    that use `shown_by` too. `patterns` are what the values of attributes match. `prefixes` are those of the deprecated
    attributes that are findings.
    """

    id: str
    span: str
    kind: str
    shown_by: str
    old: str
    prefixes: tuple[str, ...]
    conditions: Sequence[Condition]
    other: Sequence[str] = ()
    patterns: Sequence[tuple[str, str]] = ()


SYSTEMS: Final = {
    "adabas": "softwareag.adabas",
    "cache": "intersystems.cache",
    "cosmosdb": "azure.cosmosdb",
    "db2": "ibm.db2",
    "dynamodb": "aws.dynamodb",
    "firebird": "firebirdsql",
    "h2": "h2database",
    "hanadb": "sap.hana",
    "informix": "ibm.informix",
    "ingres": "actian.ingres",
    "intersystems_cache": "intersystems.cache",
    "maxdb": "sap.maxdb",
    "mssql": "microsoft.sql_server",
    "netezza": "ibm.netezza",
    "oracle": "oracle.db",
    "redshift": "aws.redshift",
    "spanner": "gcp.spanner",
}
"""Values of `db.system` that have another one in `db.system.name`, which must be used there."""

FAILED: Final = Condition("failed", ["attributes: {error.type: {type: string}}"], status="error")
ERROR: Final = Condition("error", ["status: {one_of: [error, ok]}"], "error.type: present", improvement="status")
HTTP: Final = (
    FAILED,
    ERROR,
    Condition("5xx", ["status: {one_of: [error, ok]}"], "http.response.status_code: {at_least: 500}", "", "status"),
    Condition(
        "other_method",
        ["attributes: {http.request.method_original: {type: string}}"],
        "http.request.method: _OTHER",
    ),
)
PASSWORD: Final = r"(?is)[^/?#]*//([^/?#@:]*(:([^/?#@]*redacted[^/?#@]*|[*x.]*))?@)?[^/?#@]*([/?#].*)?"
"""An absolute URL without a password, or with one that is redacted."""

HOST: Final = r"(?s)[^:]*|/.*|[^:]*:[^:]*:.*|[^:]*:[0-9]*[^0-9:].*"
"""A name, an IP address or the path of a socket, without a port."""

SERVER: Final = Convention(
    "http_server",
    "http.server",
    "server",
    shown_by="http.request.method",
    old="http.method",
    prefixes=("http.", "net."),
    conditions=HTTP,
    patterns=[("server.address", HOST), ("url.path", r"(?s)[^?#]*")],
)
CLIENT: Final = Convention(
    "http_client",
    "http.client",
    "client",
    shown_by="http.request.method",
    old="http.method",
    prefixes=("http.", "net."),
    conditions=HTTP,
    other=["db.system.name", "db.system"],  # clients of Elasticsearch
    patterns=[("server.address", HOST), ("url.full", PASSWORD)],
)
DATABASE: Final = Convention(
    "database",
    "db.client",
    "{one_of: [client, internal]}",  # internal: a database in memory
    shown_by="db.system.name",
    old="db.system",
    prefixes=("db.", "net."),
    patterns=[("server.address", HOST)],
    conditions=[
        FAILED,
        ERROR,
        Condition("system", ["count: 0"], f"db.system.name: {{one_of: [{', '.join(SYSTEMS)}]}}", "", "span-surplus"),
    ],
)
FRAGMENTS: Final = {
    "http": (SERVER, CLIENT),
    "http-server": (SERVER,),
    "http-client": (CLIENT,),
    "database": (DATABASE,),
}
"""The fragments by name, with the kinds of spans that each is about."""
