"""Contracts written in Python (section 15 of docs/contract-format.md).

Frozen dataclasses with the keywords of the language as fields (`except_` for `except`). `document()` returns the
mapping that the same contract in YAML parses into, so that the loader reads both forms in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

__all__ = ["Condition", "Contract", "Entry", "Event", "Fragment", "Link", "Pending", "Rule", "Statement"]

Names: TypeAlias = str | Sequence[str]
Matchers: TypeAlias = Mapping[str, Any]
"""A matcher by attribute name: a literal, or a mapping of matcher words such as `{"same_as": "top.user.id"}`."""


@dataclass(frozen=True, slots=True)
class _Keywords:
    """A dataclass with keywords as fields; a keyword that is not given is None."""

    def document(self) -> dict[str, Any]:
        """Return the mapping that the same contract in YAML parses into."""
        keywords = ((each.name.rstrip("_"), getattr(self, each.name)) for each in fields(self))
        return {keyword: _to_document(value) for keyword, value in keywords if value is not None}


def _to_document(value: object) -> Any:
    if isinstance(value, _Keywords):
        return value.document()
    if isinstance(value, Mapping):
        return {key: _to_document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_document(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Event(_Keywords):
    """One id of `events`."""

    event: Names
    via: str | None = None
    count: int | str | None = None
    attributes: Matchers | None = None
    where: Mapping[str, Any] | None = None
    severity: Any = None


@dataclass(frozen=True, slots=True)
class Link(_Keywords):
    """One id of `links`."""

    span: Names | None = None
    count: int | str | None = None
    attributes: Matchers | None = None


@dataclass(frozen=True, slots=True)
class Condition(_Keywords):
    """One id of `conditions`; a side is `"present"`, `"absent"` or a mapping of content keywords and `count`."""

    when: Mapping[str, str | Mapping[str, Any]]
    then: Mapping[str, str | Mapping[str, Any]] | None = None
    order: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Pending(_Keywords):
    """One id of `pending`: the reason, the owner, and the last day (`2027-03-31`)."""

    reason: str
    owner: str
    until: str


@dataclass(frozen=True, slots=True)
class Statement(_Keywords):
    """One id of `across`: exactly one of `sampling`, `duration` (percentiles), `error_rate`, `distinct_names`."""

    sampling: float | None = None
    confidence: float | None = None
    duration: Mapping[str, str] | None = None
    error_rate: float | None = None
    of: str | None = None
    samples: int | None = None
    distinct_names: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content(_Keywords):
    """The content keywords."""

    name: Any = None
    kind: Any = None
    status: Any = None
    status_message: Any = None
    attributes: Matchers | None = None
    resource: Matchers | None = None
    scope: Any = None
    exactly_one_true: Sequence[str] | None = None
    parent: str | None = None
    events: Mapping[str, Event | Mapping[str, Any]] | None = None
    links: Mapping[str, Link | Mapping[str, Any]] | None = None
    duration: str | Mapping[str, str] | None = None
    limits: Mapping[str, int] | None = None
    forbid: Sequence[str] | None = None
    except_: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Rule(_Content):
    """One id of `every`: about spans (`span`) or about events (`event`)."""

    span: Names | None = None
    event: Names | None = None
    via: str | None = None
    where: Mapping[str, Any] | None = None
    count: int | str | None = None
    except_spans: Names | None = None
    parents: Names | None = None
    severity: Any = None
    sum: Matchers | None = None
    distinct: Mapping[str, int | str] | None = None
    repeats: Mapping[str, int | str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree(_Content):
    """The keywords that an entry and a contract's body share."""

    where: Mapping[str, Any] | None = None
    children: Mapping[str, Entry | Mapping[str, Any]] | None = None
    descendants: Mapping[str, Entry | Mapping[str, Any]] | None = None
    closed: Sequence[str] | None = None
    order: Sequence[str] | None = None
    conditions: Mapping[str, Condition | Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Entry(_Tree):
    """One named place in the tree: `Entry("redis.get", count="0..1")`."""

    span: Names
    count: int | str | Mapping[str, str] | None = None
    concurrency: str | None = None


@dataclass(frozen=True, slots=True)
class Fragment(_Keywords):
    """A fragment, which contracts can extend: `Fragment("common", every={...})`."""

    fragment: str
    spanpact: int = field(default=1, kw_only=True)
    aliases: Mapping[str, Sequence[str]] | None = field(default=None, kw_only=True)
    classes: Mapping[str, str] | None = field(default=None, kw_only=True)
    clock: Mapping[str, str] | None = field(default=None, kw_only=True)
    levels: Mapping[str, str] | None = field(default=None, kw_only=True)
    every: Mapping[str, Rule | Mapping[str, Any]] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Contract(_Tree):
    """A whole contract: `Contract("session-validate", "1.0.0", span="session.validate")`."""

    contract: str
    version: str
    spanpact: int = field(default=1, kw_only=True)
    about: str | None = field(default=None, kw_only=True)
    extends: Names | None = field(default=None, kw_only=True)
    scenario: str | None = field(default=None, kw_only=True)
    aliases: Mapping[str, Sequence[str]] | None = field(default=None, kw_only=True)
    classes: Mapping[str, str] | None = field(default=None, kw_only=True)
    clock: Mapping[str, str] | None = field(default=None, kw_only=True)
    levels: Mapping[str, str] | None = field(default=None, kw_only=True)
    pending: Mapping[str, Pending | Mapping[str, str]] | None = field(default=None, kw_only=True)
    every: Mapping[str, Rule | Mapping[str, Any]] | None = field(default=None, kw_only=True)
    across: Mapping[str, Statement | Mapping[str, Any]] | None = field(default=None, kw_only=True)
    examples: Mapping[str, Any] | None = field(default=None, kw_only=True)
    span: Names | None = field(default=None, kw_only=True)
