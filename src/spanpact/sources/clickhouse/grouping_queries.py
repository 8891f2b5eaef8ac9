"""The statements that find facts about all traces of a search, and the keys of their shapes (ADR 0071).

They only select, as a user may be allowed no more: what Python knows of values is sent in parameters. A key is a hash
of 128 bits with a salt: of the content of each span with the classes of its attributes, the places of the parents,
equal values, and how times are ordered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.sources.clickhouse.queries import FROM, SPAN_ORDER, array, quoted

MOST_LISTED: Final = 100
"""The number of values of an attribute that are looked at one by one."""
MOST_SPANS: Final = 100
"""A trace with more spans has no key: finding parents takes the square of their number."""
NO_KEY: Final = "0"

_MOST_NAMES: Final = 2000
_HEX: Final = "match({0}, '^[0-9a-f]{{{1}}}$') AND match({0}, '[^0]')"
_START: Final = "toUnixTimestamp64Nano(Timestamp)"
_END: Final = f"({_START} + toInt64(Duration))"
_FOUND: Final = (
    "ServiceName = {service:String} AND ({operation:String} = '' OR SpanName = {operation:String})"
    " AND Timestamp >= fromUnixTimestamp64Nano({start:Int64}) AND Timestamp <= fromUnixTimestamp64Nano({end:Int64})"
)
_OF_SEARCH: Final = f"TraceId GLOBAL IN (SELECT TraceId {FROM} WHERE {_FOUND})"
_COMPLETE: Final = f"max(greatest({_START}, {_END})) <= {{complete_before:Int64}}"
_CHOSEN: Final = f"TraceId GLOBAL IN (SELECT TraceId {FROM} WHERE {_OF_SEARCH} GROUP BY TraceId HAVING {_COMPLETE})"
_RESOURCE: Final = "cityHash64(mapKeys(ResourceAttributes), mapValues(ResourceAttributes))"
_ROWS: Final = "FORMAT JSONCompactEachRow"

TOTALS: Final = (
    "SELECT toString(countIf(complete)), toString(sumIf(spans, complete)), toString(countIf(NOT complete)) FROM"
    f" (SELECT {_COMPLETE} AS complete, count() AS spans {FROM} WHERE {_OF_SEARCH} GROUP BY TraceId) {_ROWS}"
)
"""Asks for the number of complete traces, that of their spans, and that of traces that still grow."""

NAMES: Final = (
    f"SELECT groupUniqArray({_MOST_NAMES})(SpanName), groupUniqArrayIf({_MOST_NAMES})(SpanName, ParentSpanId = '')"
    f" {FROM} WHERE {_CHOSEN} {_ROWS}"
)
"""Asks for the names of spans, and for those of roots."""

VALUES: Final = (
    f"SELECT pair.1 AS name, groupUniqArray({MOST_LISTED + 1})(pair.2) FROM"
    " (SELECT arrayJoin(arrayZip(mapKeys(SpanAttributes), mapValues(SpanAttributes))) AS pair"
    f" {FROM} WHERE {_CHOSEN}) GROUP BY name LIMIT {_MOST_NAMES} {_ROWS}"
)
"""Asks for the names of attributes, each with its values, or one more than are looked at."""


def resources(units_ns: Sequence[int]) -> str:
    """Ask for resources: names and values, a hash, how many starts there are, and how many are multiples of units."""
    whole = ", ".join(f"toString(countIf({_START} != 0 AND {_START} % {unit} = 0))" for unit in units_ns)
    return (
        "SELECT mapKeys(ResourceAttributes), mapValues(ResourceAttributes),"
        f" toString({_RESOURCE}), [toString(countIf({_START} != 0)), {whole}]"
        f" {FROM} WHERE {_CHOSEN} GROUP BY ResourceAttributes LIMIT {_MOST_NAMES} {_ROWS}"
    )


ROOTS: Final = (
    f"SELECT SpanName, toString({_START}), TraceId {FROM} WHERE {_CHOSEN} AND ParentSpanId = ''"
    " AND SpanName IN ({names:Array(String)}) ORDER BY"
    f" max(if({_FOUND}, {_START}, 0)) OVER (PARTITION BY TraceId) DESC, TraceId, {SPAN_ORDER} {_ROWS}"
)
"""Asks for the roots with some names, in the order of reading."""


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What Python knows of spans, for the keys of their traces. A span of which something is not listed has no key.

    - `listed`: the class of a name and a value, 0 for none.
    - `alike`: names whose clean texts and small numbers are alike; `alike_texts`: those whose clean texts are.
    - `bounds`: names whose clean texts are alike, and whose numbers are alike between these.
    - `leaks`: a pattern that fits what may be private; `longest`: how many bytes a clean text has at most.
    - `compared`: names whose values are compared with others of the trace; not those of events.
    - `ordered`, `concurrent`: names of spans whose times are compared by `allowances_ns`; `names`: those of all spans.
    - `cuts_ns`: between which of these a duration is.
    - `coarse`: hashes of resources whose times are not exact.
    - `no_events`: a span with events has no key.
    """

    listed: Mapping[tuple[str, str], int]
    alike: Sequence[str]
    alike_texts: Sequence[str]
    bounds: Mapping[str, Sequence[str]]
    leaks: str
    longest: int
    compared: Sequence[str]
    names: Sequence[str]
    ordered: Sequence[str]
    concurrent: Sequence[str]
    allowances_ns: Sequence[int]
    cuts_ns: Sequence[int]
    coarse: Sequence[str]
    no_events: bool
    salt: tuple[int, int] = field(default=(0, 0))

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the statements."""
        return {
            "listed": array([f"{len(name.encode())}:{name}{value}" for name, value in self.listed]),
            "classes": f"[{', '.join(map(str, self.listed.values()))}]",
            "alike": array(self.alike),
            "alike_texts": array(self.alike_texts),
            "bounded": array(list(self.bounds)),
            "leaks": self.leaks,
            "compared": array(self.compared),
            "names": array(self.names),
            "ordered": array(self.ordered),
            "concurrent": array(self.concurrent),
            "coarse": f"[{', '.join(self.coarse)}]",
            "salt0": str(self.salt[0]),
            "salt1": str(self.salt[1]),
        }


def groups(parts: KeyParts, most: int) -> str:
    """Ask for the keys: how many traces and spans have each, and the first trace; one without a key is by itself."""
    return (
        "SELECT toString(key), toString(count()), toString(sum(spans)), toString(-min(at).1), min(at).2"
        f" FROM (SELECT *, (-newest, TraceId) AS at FROM ({_keyed(parts)}))"
        f" GROUP BY key, if(key = 0, TraceId, '') LIMIT {most} {_ROWS}"
    )


def traces_of_keys(parts: KeyParts) -> str:
    """Ask for the traces of some keys: the key, the time that orders them, the id, the ids of its spans in order."""
    return (
        "SELECT toString(key), toString(newest), TraceId, ids"
        f" FROM ({_keyed(parts)}) WHERE has({{keys:Array(UInt128)}}, key) ORDER BY newest DESC, TraceId {_ROWS}"
    )


def _keyed(parts: KeyParts) -> str:
    """Return the statement that gives each trace its key, 0 for none."""
    salt = "({salt0:UInt64}, {salt1:UInt64})"
    hashed = ["spans", "arrayMap(x -> x.5, s)", "parents"]
    if parts.compared:
        hashed.append("arrayMap(v -> indexOf(texts, v), texts)")
    for which, flag, moments in (
        ("ordered", 6, [(f"x.4 - {each}", f"longest <= {each}") for each in parts.allowances_ns]),
        (
            "concurrent",
            7,
            [
                (f"greatest(x.4 + {each}, x.1 + 1)", "0")
                for each in sorted({*parts.allowances_ns, *(-each for each in parts.allowances_ns)})
            ],
        ),
    ):
        if getattr(parts, which):
            some = f"arrayFilter(x -> x.{flag}, s)"
            hashed += [
                f"if({unless}, [], arrayMap(x -> arrayCount(y -> y.{flag} AND y.1 < {moment}, s), {some}))"
                for moment, unless in moments
            ]
    return f"""
SELECT TraceId, newest, spans, ids, if(
        whole AND moves AND length(arrayDistinct(ids)) = spans AND arrayAll(
            (p, i) -> p < 1 OR (p < i AND starts[p] <= starts[i] AND ends[p] >= ends[i]), parents, arrayEnumerate(ids)
        ), sipHash128Keyed({salt}, {", ".join(hashed)}), toFixedString('', 16)
    ) AS hash, reinterpretAsUInt128(hash) AS key
FROM (
    SELECT *, arrayMap(x -> x.2, s) AS ids, arrayMap(x -> x.1, s) AS starts, arrayMap(x -> x.4, s) AS ends,
        arrayMap(x -> if(x = '', 0, if(indexOf(ids, x) = 0, -1, toInt32(indexOf(ids, x)))), arrayMap(x -> x.3, s))
            AS parents, arrayFlatten(arrayMap(x -> x.8, s)) AS texts
    FROM (
        SELECT TraceId, max(if(found, start, 0)) AS newest, count() AS spans,
            min(ok) AND spans <= {MOST_SPANS} AND {_HEX.format("TraceId", 32)} AS whole,
            max(end) - min(start) AS longest,
            (min(resource) = max(resource) AND min(start) < max(start)) OR min(start < end) AS moves,
            arraySort(x -> (x.1, x.2), groupArray({MOST_SPANS})(
                (start, SpanId, ParentSpanId, end, form, ordered, concurrent, compared)
            )) AS s
        FROM ({_spans(parts, salt)}) GROUP BY TraceId
    )
)
"""


def _spans(parts: KeyParts, salt: str) -> str:
    """Return the statement that gives each span a hash of its form, and whether its trace may have a key."""
    cuts = "".join(f" + (end - start >= {each})" for each in parts.cuts_ns)
    compared = "arrayFilter((v, k) -> has({compared:Array(String)}, k), own_values, own_names)"
    ok = [
        "empty(Links.TraceId)",
        "NOT has(classes, 0)",
        "length(arrayDistinct(own_names)) = length(own_names)",
        _HEX.format("SpanId", 16),
        f"(ParentSpanId = '' OR ({_HEX.format('ParentSpanId', 16)}))",
        "start > 0 AND end >= start AND Duration <= 4000000000000000000",
        "NOT has({coarse:Array(UInt64)}, resource)",
    ]
    if parts.ordered or parts.concurrent:
        ok.append("has({names:Array(String)}, SpanName)")
    if parts.no_events:
        ok.append("empty(Events.Name)")
    if parts.compared:
        ok.append("NOT arrayExists(x -> hasAny(mapKeys(x), {compared:Array(String)}), Events.Attributes)")
    return f"""
SELECT TraceId, SpanId, ParentSpanId, {_START} AS start, {_END} AS end, {_FOUND} AS found, {_RESOURCE} AS resource,
    mapKeys(SpanAttributes) AS own_names, mapValues(SpanAttributes) AS own_values,
    {_classes(parts)} AS classes,
    {compared if parts.compared else "emptyArrayString()"} AS compared,
    has({{ordered:Array(String)}}, SpanName) AS ordered, has({{concurrent:Array(String)}}, SpanName) AS concurrent,
    {" AND ".join(ok)} AS ok,
    sipHash128Keyed({salt}, SpanName, SpanKind, StatusCode, StatusMessage, TraceState, ScopeName, ScopeVersion,
        mapKeys(ResourceAttributes), mapValues(ResourceAttributes), own_names, classes, Events.Name,
        arrayMap(x -> mapKeys(x), Events.Attributes), arrayMap(x -> mapValues(x), Events.Attributes), 0{cuts}) AS form
{FROM} WHERE {_CHOSEN} AND cityHash64(TraceId) % {{batches:UInt64}} = {{batch:UInt64}}
"""


def _classes(parts: KeyParts) -> str:
    """Return the classes of the attributes of a span: 0 for one that has none.

    The kind of a text is 1 if it can be nothing else, 2 and 3 if it may be a whole or another number, and 4 if that is
    an odd or a long one; 0 if it is not clean.
    """
    kind = (
        f"multiIf(length(v) > {parts.longest} OR NOT match(v, '^[ -\\\\[\\\\]-~]+$'), 0,"
        + (" match(v, {leaks:String}), 0," if parts.leaks else "")
        + " match(v, '^-?[0-9]{1,9}$'), 2, match(v, '^-?[0-9]{1,9}[.][0-9]{1,6}$'), 3,"
        " match(v, '^-?[0-9]{1,11}([.][0-9]{0,20})?(e-[0-9]{1,3})?$'), 4,"
        " match(v, '(?i)^([+-]?([0-9]+[.]?[0-9]*(e[+-]?[0-9]+)?|nan|inf|infinity)|true|false"
        "|[{\\\\[].*|.*,.*|json: unsupported.*)$'), 0, 1)"
    )
    number = "".join(f"k = {quoted(name)}, {' + '.join(_steps(bounds))}, " for name, bounds in parts.bounds.items())
    within = f"multiIf({number}0)" if number else "0"
    free = (
        "multiIf(kind > 0 AND has({alike:Array(String)}, k), 1,"
        " kind = 1 AND has({alike_texts:Array(String)}, k), 1,"
        " kind = 1 AND has({bounded:Array(String)}, k), 1,"
        f" kind IN (2, 3) AND has({{bounded:Array(String)}}, k), 2 * ({within}) + kind, 0)"
    )
    listed = (
        "transform(concat(toString(length(k)), ':', k, v), {listed:Array(String)}, {classes:Array(Int64)}, toInt64(0))"
    )
    kinds = f"arrayMap(v -> {kind}, own_values)"
    return (
        f"arrayMap((k, v, kind, listed) -> if(listed != 0, listed, -({free})), own_names, own_values, {kinds},"
        f" arrayMap((k, v) -> {listed}, own_names, own_values))"
        if parts.listed
        else f"arrayMap((k, v, kind) -> toInt64(-({free})), own_names, own_values, {kinds})"
    )


def _steps(bounds: Sequence[str]) -> list[str]:
    value = "toDecimal128OrZero(v, 6)"
    return ["0", *(f"({value} {sign} toDecimal128('{each}', 6))" for each in bounds for sign in (">=", ">"))]
