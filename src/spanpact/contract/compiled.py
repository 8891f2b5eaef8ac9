"""The compiled form of a contract: `ContractPlan` and its parts, frozen and typed.

The loader produces it from contract files; the engine, lint and diff read it. It mirrors the contract language
(docs/contract-format.md) one to one. `engine.compiled_contract.CompiledContract` adds the compiled checks. Durations
are integer nanoseconds. Each part knows its `place` in the contract file; it is None in a contract written in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.bounds import ANY as ANY
from spanpact.contract.bounds import AT_LEAST_ONE as AT_LEAST_ONE
from spanpact.contract.bounds import ONE as ONE
from spanpact.contract.bounds import AttributeLimits as AttributeLimits
from spanpact.contract.bounds import Count as Count
from spanpact.contract.bounds import DurationBound as DurationBound
from spanpact.errors import Place
from spanpact.findings import Level, Pending
from spanpact.privacy import PrivacyClass
from spanpact.trace.model import Value
from spanpact.trace.name_patterns import NamePattern

Via: TypeAlias = Literal["span", "log", "either"]
Closable: TypeAlias = Literal["children", "attributes", "events", "links"]
ParentKind: TypeAlias = Literal["none", "local", "remote"]
TypeName: TypeAlias = Literal["string", "boolean", "int", "double", "number", "bytes", "array", "map"]


class _Unset:
    """The type of `UNSET`: a matcher keyword that is not given (None is a literal)."""

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        """Have pickle name it: what is read in another process is the only one there, too."""
        return "UNSET"


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Reference:
    """The target of `same_as`: an attribute of the spans of an entry (`top` included).

    `names` are the attribute and its aliases, the attribute first. Of a `count`, "" means the number of spans.
    """

    entry: str
    attribute: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matcher:
    """A value matcher (section 4): every field that is not UNSET or None must hold.

    `presence` is set for the words `present` and `absent`. A literal scalar or list becomes `equals`.
    """

    equals: Value | _Unset = UNSET
    one_of: tuple[Value, ...] | None = None
    type: TypeName | None = None
    at_least: float | int | None = None
    at_most: float | int | None = None
    matches: str | None = None
    regex: Any = field(default=None, compare=False, repr=False)  # the compiled RE2 pattern of `matches`
    contains: Value | _Unset = UNSET
    same_as: Reference | None = None
    optional: bool = False
    presence: Literal["present", "absent"] | None = None


@dataclass(frozen=True, slots=True)
class AttributeExpectation:
    """One attribute of `attributes` or `resource`. `names` are the name and its aliases, the name first."""

    name: str
    names: tuple[str, ...]
    matcher: Matcher
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class EventExpectation:
    """One id of `events`: the span's events (or log records, see `via`) whose name matches `event`.

    `where_attributes` and `severities` select further: by attributes, and log records by their severity (empty: any).
    """

    id: str
    event: NamePattern
    via: Via = "span"
    count: Count = ONE
    attributes: tuple[AttributeExpectation, ...] = ()
    place: Place | None = None
    where_attributes: tuple[AttributeExpectation, ...] = ()
    severities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LinkExpectation:
    """One id of `links`: the span's links to spans whose name matches `span`."""

    id: str
    span: NamePattern
    count: Count = ONE
    attributes: tuple[AttributeExpectation, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The content keywords of section 3, `name` to `forbid`. A keyword that is not given is None or empty.

    `places` maps a keyword (`status`, `attributes.key`) to its place.
    """

    name: Matcher | None = None
    kind: Matcher | None = None
    status: Matcher | None = None
    status_message: Matcher | None = None
    attributes: tuple[AttributeExpectation, ...] = ()
    resource: tuple[AttributeExpectation, ...] = ()
    scope: Matcher | None = None
    exactly_one_true: tuple[tuple[str, ...], ...] = ()
    """One tuple of accepted names (the name and its aliases) for each name listed."""
    parent: ParentKind | None = None
    events: tuple[EventExpectation, ...] = ()
    links: tuple[LinkExpectation, ...] = ()
    duration: DurationBound | None = None
    limits: AttributeLimits | None = None
    forbid: tuple[PrivacyClass, ...] = ()
    exempt: frozenset[str] = frozenset()
    """The attribute names of `except`."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def keywords(self) -> tuple[str, ...]:
        """Return the expectations of this content as keyword paths: `status`, `attributes.key`, `forbid`, ...

        Events and links are left out, as they have ids of their own.
        """
        single = ("name", "kind", "status", "status_message")
        paths = [keyword for keyword in single if getattr(self, keyword) is not None]
        paths += [f"attributes.{each.name}" for each in self.attributes]
        paths += [f"resource.{each.name}" for each in self.resource]
        paths += ["scope"] if self.scope is not None else []
        paths += ["exactly_one_true"] if self.exactly_one_true else []
        paths += [keyword for keyword in ("parent", "duration", "limits") if getattr(self, keyword) is not None]
        return (*paths, *(["forbid"] if self.forbid else []))


NO_CONTENT = Content()


@dataclass(frozen=True, slots=True)
class Side:
    """One id of a condition's `when` or `then`. `content` is empty unless `mode` is "content"."""

    entry: str
    mode: Literal["present", "absent", "content"]
    content: Content = NO_CONTENT
    count: Count | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: where every side of `when` holds, those of `then` must hold, for each span of its entry."""

    id: str
    when: tuple[Side, ...]
    then: tuple[Side, ...]
    order: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A part of a contract with its place in the file, and the places of its keywords (`span`, `count`)."""

    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Entry(Placed):
    """One named place in the contract's tree. The contract's body is the entry `top`.

    `span` is None only for `top`, in a contract without `span`, whose flow is the whole trace. `same_count` is the
    `same_as` of its `count`, which is then `ANY`.
    """

    id: str
    span: NamePattern | None
    where: Content = NO_CONTENT
    count: Count = ONE
    content: Content = NO_CONTENT
    children: tuple[Entry, ...] = ()
    descendants: tuple[Entry, ...] = ()
    closed: frozenset[Closable] = frozenset()
    order: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    concurrency: Count | None = None
    same_count: Reference | None = None

    def walk(self) -> Iterator[Entry]:
        """Yield this entry and all entries below it, depth first, in the order of the file."""
        yield self
        for entry in (*self.children, *self.descendants):
            yield from entry.walk()


@dataclass(frozen=True, slots=True)
class Rule(Placed):
    """One id of `every`: a rule about each span (`span` is set) or each event (`event` is set) of the flow.

    In an event rule, `where` and `content` have only `attributes` and `forbid`/`except`, `content` also `limits`.
    """

    id: str
    span: NamePattern | None = None
    event: NamePattern | None = None
    via: Via = "span"
    where: Content = NO_CONTENT
    content: Content = NO_CONTENT
    count: Count | None = None
    """None if not given: any number."""
    except_spans: NamePattern | None = None
    """Names that a rule about spans does not select, though `span` fits."""
    parents: NamePattern | None = None
    """The names of which the parent must have one; the text `none` stands for no parent in the trace."""
    severities: frozenset[str] = frozenset()
    """The severities of log records that a rule about events selects; empty for any."""
    aggregates: tuple[Aggregate, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement(Placed):
    """One id of `across`: a statement about all flows. Exactly one of the fields that `keyword` names is set."""

    id: str
    of: str = "top"
    """An entry, or a rule about spans; "" for all spans of the flows."""
    samples: int = 100
    sampling: float | None = None
    confidence: float = 0.99
    percentiles: tuple[tuple[float, int], ...] = ()
    """(percentile in percent, bound in nanoseconds), `p95: 5ms` as (95, 5_000_000)."""
    error_rate: float | None = None
    distinct_names: int | None = None

    @property
    def keyword(self) -> Literal["sampling", "duration", "error_rate", "distinct_names"]:
        """Return the keyword of what the statement bounds."""
        if self.percentiles:
            return "duration"
        if self.distinct_names is not None:
            return "distinct_names"
        return "sampling" if self.sampling is not None else "error_rate"


@dataclass(frozen=True, slots=True)
class ContractPlan:
    """A compiled contract. `file` is its path as the caller gave it ("" for a contract written in Python)."""

    name: str
    version: str
    top: Entry
    file: str = ""
    about: str = ""
    scenario: str = ""
    rules: tuple[Rule, ...] = ()
    across: tuple[Statement, ...] = ()
    classes: tuple[PrivacyClass, ...] = ()
    """The privacy classes defined by the contract and its fragments (built-in ones: `privacy.KNOWN_CLASSES`)."""
    tolerance_ns: int = 0
    skew_ns: int = 100_000_000
    resolution_ns: int | None = None
    """The resolution of all times in place of what is inferred; None if not given."""
    levels: Mapping[str, Level] = field(default_factory=dict)
    """By finding id (`child-late`) or entry/finding (`store/duration`)."""
    pending: Mapping[str, Pending] = field(default_factory=dict)
    place: Place | None = None
    examples: Any = field(default=None, compare=False, repr=False)
    """The `examples` node of the document, which `contract.examples` reads; None without examples."""

    def entries(self) -> dict[str, Entry]:
        """Return all entries by id, `top` first, in the order of the file."""
        return {entry.id: entry for entry in self.top.walk()}
