"""Damage OTLP files in every way that readers may take differently: `KINDS_OF_DAMAGE` by name.

A file is a list of requests. A JSON object is a list of pairs (`Pairs`), so that a name may be there twice.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, TypeAlias

Damage: TypeAlias = Callable[["Pairs", Random], None]

NUMBERS: Final = [
    0, 1, -1, 2, "2", "01", "-1", " 1", "1e3", 1e3, 1.0, 1.5, "0x1", "", None, True, 2**31, 2**63 - 1, 2**63, 2**64,
    str(2**63), "9" * 19, "9" * 30, "NaN", "Infinity", "-Infinity", "nan", -0.0, 5e-324, 1e308, 999_999_999_999.5,
    1_000_000_000_001.0, 4111111111111111, [], {}, ["1"], "SPAN_KIND_CLIENT", "STATUS_CODE_ERROR", "SPAN_KIND_OTHER",
    "SEVERITY_NUMBER_INFO", "INFO",
]  # fmt: skip
TEXTS: Final = [
    "", "x", "GET", "session:1", "redis.get", "ada@example.com", "4111 1111 1111 1111", "bearer abcdefghijklm", "é",
    "日本", "\x00", "\n", '"', "\\", "\u2028", "a" * 5000, "0123456789abcdef" * 2, "NaN", "1", None, 1, False, ["x"],
]  # fmt: skip
NAMES: Final = [
    "correlation.id", "operation", "key", "latency_ms", "cache_hit", "cache_miss", "db.system.name", "error.type",
    "password", "", "é", "http.response.status_code", "db.query.text",
]  # fmt: skip


class Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, in their order."""

    def find(self, name: str) -> Any:
        """Return the value of the first member of this name, None if there is none."""
        return next((value for key, value in self if key == name), None)

    def put(self, name: str, value: Any) -> None:
        """Replace the first member of this name, or add one."""
        for place, (key, _) in enumerate(self):
            if key == name:
                self[place] = name, value
                return
        self.append((name, value))


def read(document: bytes) -> Pairs:
    """Read a JSON object with all members of each object."""
    read: Pairs = json.loads(document, object_pairs_hook=Pairs)
    return read


def pairs(**members: Any) -> Pairs:
    """Return an object with these members."""
    return Pairs(members.items())


def write(value: Any, escape: float = 0.0, blank: float = 0.0, chance: Random | None = None) -> str:
    """Write a JSON value; so many signs of texts are escaped, and so many tokens have blanks around them."""
    chance = chance or Random(0)

    def text(of: str, escape: float = escape) -> str:
        quoted = json.dumps(of, ensure_ascii=chance.random() < 0.5)[1:-1]
        if escape and "\\" not in quoted:
            quoted = "".join(f"\\u{ord(c):04X}" if c.isascii() and chance.random() < escape else c for c in quoted)
        return f'"{quoted}"'

    def tokens(value: Any) -> Iterator[str]:
        if isinstance(value, Pairs):
            yield "{"
            for place, (name, member) in enumerate(value):
                yield from [","] * bool(place)
                yield from (text(name, escape / 50), ":")  # a name with escapes ends the fast way
                yield from tokens(member)
            yield "}"
        elif isinstance(value, list):
            yield "["
            for place, item in enumerate(value):
                yield from [","] * bool(place)
                yield from tokens(item)
            yield "]"
        else:
            yield text(value) if isinstance(value, str) else json.dumps(value)

    if not blank:
        return "".join(tokens(value))
    return "".join(each + (chance.choice(" \n\t\r") if chance.random() < blank else "") for each in tokens(value))


def objects(value: Any) -> Iterator[Pairs]:
    """Yield all objects in a value."""
    if isinstance(value, Pairs):
        yield value
        for _, member in value:
            yield from objects(member)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


def having(request: Pairs, name: str) -> Sequence[Pairs]:
    """Return all objects with a member of this name."""
    return [each for each in objects(request) if each.find(name) is not None]


def damage_order(request: Pairs, chance: Random) -> None:
    """Give the members of some objects another order."""
    for each in chance.sample(many := list(objects(request)), min(3, len(many))):
        chance.shuffle(each)


def damage_fields(request: Pairs, chance: Random) -> None:
    """Leave out a member, repeat it, rename it, or add one that is unknown."""
    where = chance.choice([each for each in objects(request) if each] or [pairs(other=1)])
    name, value = chance.choice(where)
    match chance.randrange(6):
        case 0:
            where.remove((name, value))
        case 1:
            where.insert(chance.randrange(len(where) + 1), (name, value))
        case 2:
            where.insert(chance.randrange(len(where) + 1), (name, chance.choice([*NUMBERS, *TEXTS])))
        case 3:
            where.put(name, chance.choice([None, [], Pairs(), [None], [Pairs()], ""]))
        case 4:
            where.insert(chance.randrange(len(where) + 1), (chance.choice(["other", "", "trace_id", "é"]), value))
        case _:
            where[where.index((name, value))] = "".join("_" + c.lower() if c.isupper() else c for c in name), value


def damage_numbers(request: Pairs, chance: Random) -> None:
    """Write a number, an enum or a time in another way, or as another one."""
    fields = [
        "kind", "flags", "startTimeUnixNano", "endTimeUnixNano", "droppedAttributesCount", "droppedEventsCount",
        "droppedLinksCount", "intValue", "doubleValue", "boolValue", "code", "severityNumber", "timeUnixNano",
        "observedTimeUnixNano",
    ]  # fmt: skip
    field = chance.choice(fields)
    if there := having(request, field) or having(request, "traceId"):
        chance.choice(there).put(field, chance.choice(NUMBERS))


def damage_texts(request: Pairs, chance: Random) -> None:
    """Write another text."""
    field = chance.choice(
        ["name", "traceState", "stringValue", "key", "schemaUrl", "message", "version", "severityText"]
    )
    if there := having(request, field) or having(request, "spans"):
        chance.choice(there).put(field, chance.choice(TEXTS))


def damage_values(request: Pairs, chance: Random) -> None:
    """Give attributes other values, of all types and nested, or repeat their names."""
    there = having(request, "attributes")
    if not there:
        return
    where = chance.choice(there)
    attributes = where.find("attributes")
    if not isinstance(attributes, list):
        return
    number, text = chance.choice(NUMBERS), chance.choice(TEXTS)
    simple = [
        pairs(stringValue=text), pairs(intValue=number), pairs(doubleValue=number), pairs(boolValue=number),
        pairs(bytesValue=chance.choice(["AA==", "AAE", "!", ""])), Pairs(), None, pairs(other=1),
        pairs(stringValue="x", intValue=1), pairs(stringValue=None, intValue="1"),
    ]  # fmt: skip
    value: Any = chance.choice(simple)
    for _ in range(chance.choice([0, 0, 0, 1, 2, 40])):
        items = [value] if chance.random() < 0.8 else []
        value = pairs(arrayValue=pairs(values=items))
        if chance.random() < 0.5:
            value = pairs(kvlistValue=pairs(values=[pairs(key=chance.choice(NAMES), value=each) for each in items]))
    names = [each.find("key") for each in attributes if isinstance(each, Pairs)]
    made = pairs(key=chance.choice([*NAMES, *names]), value=value)
    if attributes and chance.random() < 0.7:
        attributes[chance.randrange(len(attributes))] = made
    else:
        attributes.append(made)


def damage_ids(request: Pairs, chance: Random) -> None:
    """Write ids in capital letters or base64, too short or long, as zeros, or those of another span."""
    field = chance.choice(["traceId", "spanId", "parentSpanId"])
    there = having(request, field)
    if not there:
        return
    where = chance.choice(there)
    old = where.find(field)
    if not isinstance(old, str):
        return
    hexadecimal = old if len(old) in (16, 32) and set(old) <= set(string.hexdigits) else "0" * 16
    new = [
        old.upper(), base64.b64encode(bytes.fromhex(hexadecimal)).decode(), old[:-1], old + "0", "", "0" * len(old),
        None, 1, "g" * len(old), chance.choice(there).find(field), "é" * 8, old.replace("a", "A", 1),
    ]  # fmt: skip
    for each in there if chance.random() < 0.5 else [where]:
        if each.find(field) == old:
            each.put(field, chance.choice(new[:2]) if chance.random() < 0.5 else chance.choice(new))


def damage_times(request: Pairs, chance: Random) -> None:
    """Make times coarse, equal, zero, or contrary to each other."""
    change = chance.randrange(6)
    for span in having(request, "startTimeUnixNano"):
        start, end = (span.find(f"{name}TimeUnixNano") for name in ("start", "end"))
        if not (str(start).isdecimal() and str(end).isdecimal()):
            continue
        unit = chance.choice([10**3, 10**6]) if change == 1 else 10**6
        match change:
            case 0 | 1:
                start, end = int(start) // unit * unit, int(end) // unit * unit
            case 2:
                end = start
            case 3 if chance.random() < 0.3:
                start, end = end, start
            case 4 if chance.random() < 0.3:
                start, end = chance.choice([(0, end), (start, 0), (0, 0), (2**63 - 1, 2**63 - 1), (2**63, 2**63 + 1)])
            case _:
                end = int(end) + chance.choice([0, 1, 10**6, 10**9, 10**12])
        span.put("startTimeUnixNano", str(start))
        span.put("endTimeUnixNano", str(end))


def damage_parts(request: Pairs, chance: Random) -> None:
    """Give a span events, links, counts of what was dropped, a status, a state or flags."""
    spans = having(request, "startTimeUnixNano")
    if not spans:
        return
    span, target = chance.choice(spans), chance.choice(spans)
    attributes = [
        pairs(key=chance.choice(NAMES), value=pairs(stringValue=chance.choice(["x", "ada@example.com", "é"])))
    ]
    event = pairs(timeUnixNano=span.find("startTimeUnixNano"), name=chance.choice(["exception", "", "é"]))
    if chance.random() < 0.7:
        event.append(("attributes", attributes))
    link = pairs(traceId=target.find("traceId"), spanId=target.find("spanId"), attributes=attributes)
    new: list[tuple[str, Any]] = [
        ("events", [event] * chance.choice([0, 1, 2])), ("links", [link] * chance.choice([0, 1, 2])),
        ("links", [pairs(traceId="0" * 32, spanId="f" * 16)]), ("events", [None]), ("links", [Pairs()]),
        ("droppedAttributesCount", 1), ("droppedEventsCount", "2"), ("droppedLinksCount", 0),
        ("status", pairs(code=chance.choice([0, 1, 2, 3, "STATUS_CODE_ERROR"]), message="failed")), ("status", Pairs()),
        ("traceState", chance.choice(["", "a=1", "v=ada@example.com"])),
        ("flags", chance.choice([0, 1, 256, 768, 1025])),
    ]  # fmt: skip
    span.put(*chance.choice(new))


def damage_records(request: Pairs, chance: Random) -> None:
    """Give a log record another body, ids, severity or name, or put the records of a request into one with spans."""
    records = having(request, "severityNumber")
    if not records:
        request.append(
            ("resourceLogs", chance.choice([None, [], [Pairs()], [pairs(scopeLogs=[pairs(logRecords=[])])]]))
        )
        return
    record = chance.choice(records)
    text = pairs(stringValue=chance.choice(["handled", "ada@example.com", "", "é"]))
    new: list[tuple[str, Any]] = [
        ("body", text), ("body", pairs(kvlistValue=pairs(values=[pairs(key="to", value=text)]))), ("body", None),
        ("body", pairs(intValue=chance.choice(NUMBERS))), ("traceId", chance.choice(["", None, "0" * 32, "0A" * 16])),
        ("spanId", chance.choice(["", None, "0" * 16, "f" * 16])), ("eventName", chance.choice(TEXTS)),
        ("severityNumber", chance.choice(NUMBERS)), ("severityText", chance.choice(["", "ERROR", "info"])),
        ("flags", chance.choice([0, 1, 256, "1"])), ("droppedAttributesCount", chance.choice([0, 1])),
        ("timeUnixNano", chance.choice(["0", "", None, "1", 2**64])), ("observedTimeUnixNano", "5"),
    ]  # fmt: skip
    record.put(*chance.choice(new))
    if chance.random() < 0.2:
        request.insert(0, ("resourceSpans", []))


def damage_resources(request: Pairs, chance: Random) -> None:
    """Give resources and scopes other attributes or none, or put spans of many resources into one request."""
    groups = having(request, "scopeSpans")
    resources = request.find("resourceSpans")
    if not groups or not isinstance(resources, list):
        return
    group = chance.choice(groups)
    instance = pairs(key="service.instance.id", value=pairs(stringValue=f"pod-{chance.randrange(99)}"))
    service = pairs(key="service.name", value=pairs(stringValue=chance.choice(["studio-api", "audit-api", "x"])))
    match chance.randrange(5):
        case 0:
            group.put("resource", chance.choice([None, Pairs(), pairs(attributes=[]), pairs(attributes=[service])]))
        case 1:
            group.put(
                "resource", pairs(attributes=[service, instance], droppedAttributesCount=chance.choice([0, 0, 1]))
            )
        case 2:
            group.put("schemaUrl", chance.choice(["", "https://example.com/1", None, 1]))
        case 3:
            for scope in having(group, "spans"):
                scope.put("scope", pairs(name=chance.choice(["", "x"]), version="1", attributes=[instance]))
        case _:
            resources += [Pairs([("resource", pairs(attributes=[service, instance])), *group[1:]])]


KINDS_OF_DAMAGE: Final[Mapping[str, Damage]] = {
    name.removeprefix("damage_"): function for name, function in globals().items() if name.startswith("damage_")
}
